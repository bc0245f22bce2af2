namespace Pipeline.Models.Simulation;

/// <summary>Kinds of sound that a microphone on a chest or neck hears.</summary>
public enum HeartSoundKind
{
    /// <summary>First and second sounds, a good recording.</summary>
    Normal,

    /// <summary>With a murmur in systole or diastole.</summary>
    Murmur,

    /// <summary>An irregularly irregular rhythm, as in atrial fibrillation.</summary>
    Irregular,

    /// <summary>In noise of 5 to 15 dB.</summary>
    Noisy,

    /// <summary>Under loud breathing.</summary>
    OverBreathing,

    /// <summary>Beside speech in some of the time.</summary>
    OverSpeech,

    /// <summary>No heart: the converter's last bit, or nothing.</summary>
    Silence,

    /// <summary>No heart: noise of any colour.</summary>
    Noise,

    /// <summary>No heart: somebody speaks.</summary>
    Speech,

    /// <summary>No heart: somebody breathes.</summary>
    Breathing,

    /// <summary>No heart: the microphone is rubbed and knocked.</summary>
    Rubbing,

    /// <summary>No heart: mains hum with its harmonics.</summary>
    Hum,

    /// <summary>No heart: noise or a voice whose loudness swings one to seven times a second, evenly or nearly so, as syllables and
    /// machines do.</summary>
    Swinging,
}

/// <summary>A sound of one kind, of which it is known where its heart sounds are.</summary>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Samples">Parts of full scale, −1 to 1.</param>
/// <param name="FirstSounds">Middles of the first sounds, in seconds, ascending; none without a heart.</param>
/// <param name="SecondSounds">Middles of the second sounds, likewise.</param>
public sealed record HeartSoundOfKind(double RateHz, float[] Samples, IReadOnlyList<double> FirstSounds, IReadOnlyList<double> SecondSounds);
