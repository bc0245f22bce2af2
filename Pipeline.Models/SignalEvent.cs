using Pipeline.Models.Signals;

namespace Pipeline.Models;

/// <summary>What happened. Wire numbers: never renumber, only add.</summary>
public enum EventKind
{
    /// <summary>The fetal heart rate rises above its baseline.</summary>
    Acceleration = 1,

    /// <summary>The fetal heart rate falls below its baseline; which kind of deceleration it is cannot be told.</summary>
    Deceleration = 2,

    /// <summary>It falls slowly, with a contraction.</summary>
    EarlyDeceleration = 3,

    /// <summary>It falls slowly, after a contraction began.</summary>
    LateDeceleration = 4,

    /// <summary>It falls quickly.</summary>
    VariableDeceleration = 5,

    /// <summary>It stays low for more than 3 min.</summary>
    ProlongedDeceleration = 6,

    /// <summary>A contraction of the uterus.</summary>
    Contraction = 7,

    /// <summary>A fetal baseline above the normal for 10 min or more.</summary>
    FetalTachycardia = 8,

    /// <summary>A fetal baseline below the normal for 10 min or more.</summary>
    FetalBradycardia = 9,

    /// <summary>Smooth regular waves of the fetal heart rate.</summary>
    SinusoidalPattern = 10,

    /// <summary>The trace is normal by the rules that are set.</summary>
    CategoryNormal = 11,

    /// <summary>The trace is suspicious.</summary>
    CategorySuspicious = 12,

    /// <summary>The trace is pathological.</summary>
    CategoryPathological = 13,

    /// <summary>No QRS complex for 4 s or more while the leads are on.</summary>
    Asystole = 30,

    /// <summary>Ventricular fibrillation or flutter.</summary>
    VentricularFibrillation = 31,

    /// <summary>Five ventricular beats or more at more than 100 a minute.</summary>
    VentricularTachycardia = 32,

    /// <summary>Five beats or more below 40 a minute.</summary>
    ExtremeBradycardia = 33,

    /// <summary>Seventeen beats or more above 140 a minute.</summary>
    ExtremeTachycardia = 34,

    /// <summary>Atrial fibrillation, by its intervals.</summary>
    AtrialFibrillation = 35,

    /// <summary>Three seconds or more between two beats.</summary>
    Pause = 36,

    /// <summary>Every second beat ventricular, three times or more.</summary>
    Bigeminy = 37,

    /// <summary>Two ventricular beats in a row.</summary>
    Couplet = 38,

    /// <summary>Three or more ventricular beats in a row that are no tachycardia.</summary>
    VentricularRun = 39,
}

/// <summary>
/// How urgent an event is (IEC 60601-1-8; technical: of the devices, not of the patient). Wire numbers: never renumber, only add.
/// </summary>
public enum EventPriority
{
    /// <summary>To be known.</summary>
    Information = 0,

    /// <summary>Awareness.</summary>
    Low = 1,

    /// <summary>Prompt response.</summary>
    Medium = 2,

    /// <summary>Immediate response.</summary>
    High = 3,

    /// <summary>Something with the signal or the device.</summary>
    Technical = 4,
}

/// <summary>
/// Something with a begin and an end. One that lasts may be told twice: when it is recognized, and, with its end, when it is over. Signal,
/// metric of its kind and whether it is over (<see cref="Names.MetricOf"/>), and begin make it one and the same: nothing is told otherwise
/// later.
/// </summary>
/// <param name="Signal">The kind of signal it was found in.</param>
/// <param name="Kind">What it is.</param>
/// <param name="BeginIndex">Its begin in the device's epoch, in samples, perhaps with a fraction.</param>
/// <param name="EndIndex">Its end likewise, as far as it is known.</param>
/// <param name="IsOver">Whether it has ended.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="Probability">That it is what it is said to be, 0 to 1.</param>
/// <param name="Reason">Why, for a person; a line without commas.</param>
public readonly record struct SignalEvent(
    SignalKind Signal, EventKind Kind, double BeginIndex, double EndIndex, bool IsOver, EventPriority Priority, double Probability,
    string Reason);

/// <content>The names of events.</content>
public static partial class Names
{
    /// <summary>Field and column value of a kind of event.</summary>
    public static string Of(EventKind kind) => kind switch
    {
        EventKind.Acceleration => "acceleration",
        EventKind.Deceleration => "deceleration",
        EventKind.EarlyDeceleration => "deceleration_early",
        EventKind.LateDeceleration => "deceleration_late",
        EventKind.VariableDeceleration => "deceleration_variable",
        EventKind.ProlongedDeceleration => "deceleration_prolonged",
        EventKind.Contraction => "contraction",
        EventKind.FetalTachycardia => "fetal_tachycardia",
        EventKind.FetalBradycardia => "fetal_bradycardia",
        EventKind.SinusoidalPattern => "sinusoidal_pattern",
        EventKind.CategoryNormal => "category_normal",
        EventKind.CategorySuspicious => "category_suspicious",
        EventKind.CategoryPathological => "category_pathological",
        EventKind.Asystole => "asystole",
        EventKind.VentricularFibrillation => "ventricular_fibrillation",
        EventKind.VentricularTachycardia => "ventricular_tachycardia",
        EventKind.ExtremeBradycardia => "extreme_bradycardia",
        EventKind.ExtremeTachycardia => "extreme_tachycardia",
        EventKind.AtrialFibrillation => "atrial_fibrillation",
        EventKind.Pause => "pause",
        EventKind.Bigeminy => "bigeminy",
        EventKind.Couplet => "couplet",
        EventKind.VentricularRun => "ventricular_run",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>Field and column value of a priority.</summary>
    public static string Of(EventPriority priority) => priority switch
    {
        EventPriority.Information => "information",
        EventPriority.Low => "low",
        EventPriority.Medium => "medium",
        EventPriority.High => "high",
        EventPriority.Technical => "technical",
        _ => throw new ArgumentOutOfRangeException(nameof(priority), priority, null),
    };

    /// <summary>
    /// The metric of an event's point, whose value is its length in seconds: kinds that exclude each other share one, so that series stay
    /// few. One that lasts has a metric of its own: so no point ever changes.
    /// </summary>
    public static Metric MetricOf(EventKind kind, bool isOver = true) => kind switch
    {
        EventKind.Acceleration => Metric.Acceleration,
        EventKind.Deceleration or EventKind.EarlyDeceleration or EventKind.LateDeceleration or EventKind.VariableDeceleration
            or EventKind.ProlongedDeceleration => isOver ? Metric.Deceleration : Metric.DecelerationOngoing,
        EventKind.Contraction => Metric.Contraction,
        EventKind.FetalTachycardia or EventKind.FetalBradycardia or EventKind.SinusoidalPattern =>
            isOver ? Metric.TraceEpisode : Metric.TraceOngoing,
        EventKind.CategoryNormal or EventKind.CategorySuspicious or EventKind.CategoryPathological =>
            isOver ? Metric.CategoryEpisode : Metric.CategoryOngoing,
        >= EventKind.Asystole and <= EventKind.VentricularRun => isOver ? Metric.RhythmEpisode : Metric.RhythmOngoing,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
