namespace Pipeline.Models.Simulation;

/// <summary>What a camera looks at.</summary>
public enum CameraSubject
{
    /// <summary>Skin in the light of a room.</summary>
    Face,

    /// <summary>A fingertip on the lens, lit by the lamp beside it: red, and little else.</summary>
    Fingertip,

    /// <summary>Something of a face's colour without a pulse: an empty chair, a wall, a picture.</summary>
    Lifeless,
}

/// <summary>
/// All that a simulated camera depends on beside its heart. Colours follow the dichromatic model of skin (Wang et al. 2017,
/// https://doi.org/10.1109/TBME.2016.2609282): light times what the skin returns of it, a reflection of the light's own colour, and the
/// pulse, in green more than in blue and red.
/// </summary>
public sealed record CameraScene
{
    /// <summary>What it sees.</summary>
    public CameraSubject Subject { get; init; }

    /// <summary>Skin's tone: 0 the lightest, 1 the darkest, whose pulse is a third as strong.</summary>
    public double Tone { get; init; } = 0.3;

    /// <summary>Change of green over a pulse of the lightest skin, as a part of its mean: 0.002 to 0.02.</summary>
    public double Pulse { get; init; } = 0.008;

    /// <summary>Noise of a mean colour from frame to frame, of 255: 0.02 of a large face in good light, 0.2 of a small or dark
    /// one.</summary>
    public double Noise { get; init; } = 0.05;

    /// <summary>How far movement changes the light on the skin, as a part of it (deviation); a tenth of it in the reflection.</summary>
    public double Movement { get; init; } = 0.004;

    /// <summary>How often the movement turns, per minute, where it is rhythmic (nodding, walking); 0: it is not.</summary>
    public double MovementPerMinute { get; init; }

    /// <summary>Changes of the light a minute, each in strength by up to a third and a little in colour.</summary>
    public double LightChangesPerMinute { get; init; }

    /// <summary>Coloured light that comes and goes (a screen, a flashing sign), as a part of the light; 0: none.</summary>
    public double Flicker { get; init; }

    /// <summary>How often it does, per minute.</summary>
    public double FlickersPerMinute { get; init; } = 80;

    /// <summary>Part of the frames that are missing, single ones and up to half a second in a row.</summary>
    public double Dropped { get; init; }

    /// <summary>The light's strength, as a part of what the camera takes; above 1.2 faces are overexposed.</summary>
    public double Light { get; init; } = 1;
}
