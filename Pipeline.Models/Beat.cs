using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>What kind of event a beat is.</summary>
public enum BeatKind
{
    /// <summary>An R peak of an ECG, all leads together; of abdominal leads the mother's.</summary>
    Qrs = 1,

    /// <summary>A pulse of a PPG or of an arterial pressure.</summary>
    Pulse = 2,

    /// <summary>A QRS complex of the fetus in abdominal leads, all leads together.</summary>
    FetalQrs = 3,

    /// <summary>A first heart sound: mitral and tricuspid valve close, systole begins.</summary>
    FirstSound = 4,

    /// <summary>A second heart sound: aortic and pulmonary valve close, diastole begins.</summary>
    SecondSound = 5,
}

/// <summary>Where a beat of an ECG begins: the classes of ANSI/AAMI EC57.</summary>
public enum BeatLabel
{
    /// <summary>Not said: the beat is none of an ECG.</summary>
    None = 0,

    /// <summary>In the sinus node, or conducted from the atria at its time, bundle branch block included (N).</summary>
    Normal = 1,

    /// <summary>Above the ventricles, too early (S).</summary>
    Supraventricular = 2,

    /// <summary>In the ventricles (V).</summary>
    Ventricular = 3,

    /// <summary>In both at once (F).</summary>
    Fusion = 4,

    /// <summary>It cannot be told: samples are missing in all leads (Q).</summary>
    Unclassifiable = 5,
}

/// <summary>One beat.</summary>
/// <param name="SampleIndex">Its position in the device's epoch, in samples, with a fraction where it was refined.</param>
/// <param name="Signal">The kind of signal it was found in.</param>
/// <param name="Kind">What it is.</param>
public readonly record struct Beat(double SampleIndex, SignalKind Signal, BeatKind Kind)
{
    /// <summary>Where it begins; of an ECG alone.</summary>
    public BeatLabel Label { get; init; }

    /// <summary>Probability of the label, 0 to 1; NaN without one.</summary>
    public float Probability { get; init; } = float.NaN;

    /// <summary>How abnormal it looks and comes, larger where it is more so, about −3 to 4; of any unit or sensor. NaN where it is not known.</summary>
    public float Anomaly { get; init; } = float.NaN;

    /// <summary>How surely it and what is within a second and a half before it were told from other peaks, 0 to 1; of an ECG alone, NaN where it is not known.</summary>
    public float Certainty { get; init; } = float.NaN;

    /// <summary>Of a ventricular beat: correlation, −1 to 1, with that of the two beats before it that it is more like; NaN of others.</summary>
    public float Repeat { get; init; } = float.NaN;
}
