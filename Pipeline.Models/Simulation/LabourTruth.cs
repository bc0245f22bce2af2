namespace Pipeline.Models.Simulation;

/// <summary>What happens in a simulated labour.</summary>
public enum LabourEventKind
{
    /// <summary>A contraction; size: its height over the resting tone, mmHg.</summary>
    Contraction,

    /// <summary>An acceleration; size: per minute over the baseline.</summary>
    Acceleration,

    /// <summary>A gradual deceleration that mirrors its contraction; size: per minute below the baseline, as for all
    /// decelerations.</summary>
    EarlyDeceleration,

    /// <summary>A gradual deceleration that begins more than 20 s after its contraction and ends after it.</summary>
    LateDeceleration,

    /// <summary>A deceleration with less than 30 s from its beginning to its nadir.</summary>
    VariableDeceleration,

    /// <summary>A deceleration of more than 3 minutes.</summary>
    ProlongedDeceleration,

    /// <summary>The fetal heart beats at the mother's rate; size: that rate at the beginning.</summary>
    Coincidence,

    /// <summary>No fetal signal, and the cardiotocograph prints the mother's rate; size: that rate at the beginning.</summary>
    MaternalPickUp,

    /// <summary>The fetus turns; size: by how many degrees about its largest angle.</summary>
    FetalMovement,

    /// <summary>Vernix covers the fetus; size: part of the amplitude that is left.</summary>
    Vernix,
}

/// <summary>Something that happened in a simulated labour, in seconds since the simulation's start.</summary>
/// <param name="Kind">What.</param>
/// <param name="BeginSeconds">Where it begins: a contraction or a change of the rate leaves its rest.</param>
/// <param name="PeakSeconds">Its peak, or nadir; where it has none its beginning.</param>
/// <param name="EndSeconds">Where it ends.</param>
/// <param name="Size">As its kind says.</param>
public readonly record struct LabourEvent(LabourEventKind Kind, double BeginSeconds, double PeakSeconds, double EndSeconds, double Size)
{
    /// <summary>Whether it is a deceleration.</summary>
    public bool IsDeceleration => Kind is >= LabourEventKind.EarlyDeceleration and <= LabourEventKind.ProlongedDeceleration;
}

/// <summary>One beat of the fetal heart.</summary>
/// <param name="Seconds">Its R peak, in seconds since the simulation's start.</param>
/// <param name="Strength">Part of its usual amplitude that reaches the leads: 1, less under vernix, 0 where the signal is lost, and of a
/// twin.</param>
public readonly record struct TrueFetalBeat(double Seconds, double Strength);

/// <summary>A second of a simulated labour.</summary>
/// <param name="Second">Seconds since the simulation's start, at its beginning.</param>
/// <param name="Baseline">Baseline of the fetal heart rate, per minute.</param>
/// <param name="FetalRate">The fetal heart rate that the beats follow, per minute, beat-to-beat variation apart.</param>
/// <param name="Pressure">Uterine pressure, mmHg.</param>
public readonly record struct LabourSecond(long Second, double Baseline, double FetalRate, double Pressure);

/// <summary>Collects what is known of a simulated labour; whoever reads it clears it.</summary>
public sealed class LabourTruth
{
    /// <summary>Fetal beats, ascending.</summary>
    public List<TrueFetalBeat> Beats { get; } = [];

    /// <summary>Events, in order of their ends: each comes when it is over.</summary>
    public List<LabourEvent> Events { get; } = [];

    /// <summary>Seconds, ascending.</summary>
    public List<LabourSecond> Seconds { get; } = [];

    /// <summary>The same of the second of twins, contractions apart; null without one.</summary>
    public LabourTruth? Twin { get; internal set; }

    /// <summary>Makes it empty.</summary>
    public void Clear()
    {
        Twin?.Clear();
        Beats.Clear();
        Events.Clear();
        Seconds.Clear();
    }
}
