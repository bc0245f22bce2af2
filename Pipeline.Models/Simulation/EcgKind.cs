namespace Pipeline.Models.Simulation;

/// <summary>Kinds of ECG that beat detectors err on, or that they must go on to find as they are.</summary>
public enum EcgKind
{
    /// <summary>Sinus rhythm.</summary>
    Sinus,

    /// <summary>Second-degree AV block: one P wave of one to three is conducted, in episodes.</summary>
    SecondDegreeBlock,

    /// <summary>Complete AV block: P waves march through a slow escape rhythm.</summary>
    CompleteBlock,

    /// <summary>Beats, and stretches of 8 to 40 s in which only P waves are left.</summary>
    Standstill,

    /// <summary>Groups of beats with pauses of 1.5 to 7 s, muscle noise in them; may begin inside a pause.</summary>
    Pauses,

    /// <summary>One electrode comes off now and then: jumps, plateaus, no beats on that lead; the other lead is good.</summary>
    LeadOff,

    /// <summary>Movement: steep waves on one lead; the other is low.</summary>
    Movement,

    /// <summary>Every second or third beat is ventricular and low, on one lead hardly there.</summary>
    LowEctopics,

    /// <summary>Tall T waves.</summary>
    TallT,
}

/// <summary>An ECG of one kind, of which it is known where its beats are.</summary>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Leads">[2][samples], mV.</param>
/// <param name="Beats">R peaks, in seconds, ascending, and whether each is ventricular.</param>
public sealed record EcgOfKind(double RateHz, float[][] Leads, IReadOnlyList<(double Seconds, bool IsVentricular)> Beats);
