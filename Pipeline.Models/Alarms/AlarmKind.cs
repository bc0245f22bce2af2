namespace Pipeline.Models.Alarms;

/// <summary>
/// What is alarmed about. Wire numbers: never renumber, only add. The order in which alarms of one priority are shown is the order here.
/// </summary>
public enum AlarmKind
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>An ECG without beats, while its electrodes are on.</summary>
    Asystole = 1,

    /// <summary>An ECG of ventricular fibrillation or flutter.</summary>
    VentricularFibrillation = 2,

    /// <summary>Ventricular tachycardia.</summary>
    VentricularTachycardia = 3,

    /// <summary>Heart rate below the very low limit.</summary>
    ExtremeBradycardia = 10,

    /// <summary>Heart rate above the very high limit.</summary>
    ExtremeTachycardia = 11,

    /// <summary>Heart rate below the low limit.</summary>
    Bradycardia = 12,

    /// <summary>Heart rate above the high limit.</summary>
    Tachycardia = 13,

    /// <summary>A pause of three seconds or more between two beats.</summary>
    Pause = 14,

    /// <summary>Atrial fibrillation.</summary>
    AtrialFibrillation = 15,

    /// <summary>Some ventricular beats in a row.</summary>
    VentricularRun = 16,

    /// <summary>Fetal heart rate below the very low limit.</summary>
    ExtremeFetalBradycardia = 20,

    /// <summary>The trace of a fetal heart rate is pathological by the rules that are set.</summary>
    FetalPathological = 21,

    /// <summary>A deceleration of the fetal heart rate that is prolonged, and lasts.</summary>
    ProlongedDeceleration = 22,

    /// <summary>Fetal heart rate below the low limit.</summary>
    FetalBradycardia = 23,

    /// <summary>Fetal heart rate above the high limit.</summary>
    FetalTachycardia = 24,

    /// <summary>The trace of a fetal heart rate is suspicious by the rules that are set.</summary>
    FetalSuspicious = 25,

    /// <summary>Mean arterial pressure below its limit.</summary>
    LowMeanPressure = 30,

    /// <summary>Mean arterial pressure above its limit.</summary>
    HighMeanPressure = 31,

    /// <summary>Systolic arterial pressure below its limit.</summary>
    LowSystolicPressure = 32,

    /// <summary>Systolic arterial pressure above its limit.</summary>
    HighSystolicPressure = 33,

    /// <summary>Diastolic arterial pressure below its limit.</summary>
    LowDiastolicPressure = 34,

    /// <summary>Diastolic arterial pressure above its limit.</summary>
    HighDiastolicPressure = 35,

    /// <summary>A signal has given no usable rate for too long.</summary>
    SignalLost = 40,

    /// <summary>The fetal beats cannot be told from the mother's.</summary>
    Coincidence = 41,

    /// <summary>A device of the patient sends nothing while another one does.</summary>
    DeviceSilent = 42,

    /// <summary>A device's clock is ahead of another one's of the patient.</summary>
    ClockSkew = 43,

    /// <summary>An arterial line with pulses does not show the artery's pressure: it damps, rings, is flushed or handled, or its unit is not known.</summary>
    PressureLine = 44,
}

/// <summary>Where an alarm stands (IEC 60601-1-8). Wire numbers: never renumber, only add.</summary>
public enum AlarmState
{
    /// <summary>There is none, or it has ended.</summary>
    Ended = 0,

    /// <summary>Its condition holds, and nobody has acknowledged it.</summary>
    Active = 1,

    /// <summary>Its condition is over, and nobody has acknowledged it: it stays to be seen.</summary>
    Latched = 2,

    /// <summary>Its condition holds, and somebody has acknowledged it.</summary>
    Acknowledged = 3,
}

/// <summary>What became of an alarm. Wire numbers: never renumber, only add.</summary>
public enum AlarmAction
{
    /// <summary>It began.</summary>
    Raised = 1,

    /// <summary>Its condition is over; it stays until it is acknowledged.</summary>
    Latched = 2,

    /// <summary>Its condition holds again while it was latched.</summary>
    Recurred = 3,

    /// <summary>Somebody acknowledged it.</summary>
    Acknowledged = 4,

    /// <summary>It was acknowledged a while ago, and its condition still holds.</summary>
    Reminded = 5,

    /// <summary>Nobody has acknowledged it for too long: somebody else is to be told.</summary>
    Escalated = 6,

    /// <summary>It is over.</summary>
    Ended = 7,

    /// <summary>The patient's alarms are paused: they are kept, and make no sound.</summary>
    Paused = 8,

    /// <summary>The pause is over.</summary>
    Resumed = 9,

    /// <summary>The patient has other limits.</summary>
    LimitsSet = 10,

    /// <summary>The patient has come: everything begins anew.</summary>
    Admitted = 11,

    /// <summary>The patient has gone: nothing is alarmed about.</summary>
    Discharged = 12,

    /// <summary>The patient has another bed.</summary>
    Moved = 13,
}

/// <summary>The names of alarms, and how urgent each is.</summary>
public static class AlarmNames
{
    /// <summary>Field value of a kind.</summary>
    public static string Of(AlarmKind kind) => kind switch
    {
        AlarmKind.None => "none",
        AlarmKind.Asystole => "asystole",
        AlarmKind.VentricularFibrillation => "ventricular_fibrillation",
        AlarmKind.VentricularTachycardia => "ventricular_tachycardia",
        AlarmKind.ExtremeBradycardia => "extreme_bradycardia",
        AlarmKind.ExtremeTachycardia => "extreme_tachycardia",
        AlarmKind.Bradycardia => "bradycardia",
        AlarmKind.Tachycardia => "tachycardia",
        AlarmKind.Pause => "pause",
        AlarmKind.AtrialFibrillation => "atrial_fibrillation",
        AlarmKind.VentricularRun => "ventricular_run",
        AlarmKind.ExtremeFetalBradycardia => "extreme_fetal_bradycardia",
        AlarmKind.FetalPathological => "fetal_pathological",
        AlarmKind.ProlongedDeceleration => "prolonged_deceleration",
        AlarmKind.FetalBradycardia => "fetal_bradycardia",
        AlarmKind.FetalTachycardia => "fetal_tachycardia",
        AlarmKind.FetalSuspicious => "fetal_suspicious",
        AlarmKind.LowMeanPressure => "low_mean_pressure",
        AlarmKind.HighMeanPressure => "high_mean_pressure",
        AlarmKind.LowSystolicPressure => "low_systolic_pressure",
        AlarmKind.HighSystolicPressure => "high_systolic_pressure",
        AlarmKind.LowDiastolicPressure => "low_diastolic_pressure",
        AlarmKind.HighDiastolicPressure => "high_diastolic_pressure",
        AlarmKind.SignalLost => "signal_lost",
        AlarmKind.Coincidence => "coincidence",
        AlarmKind.DeviceSilent => "device_silent",
        AlarmKind.ClockSkew => "clock_skew",
        AlarmKind.PressureLine => "pressure_line",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>Field value of a state.</summary>
    public static string Of(AlarmState state) => state switch
    {
        AlarmState.Ended => "ended",
        AlarmState.Active => "active",
        AlarmState.Latched => "latched",
        AlarmState.Acknowledged => "acknowledged",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    /// <summary>Field value of what became of an alarm.</summary>
    public static string Of(AlarmAction action) => action switch
    {
        AlarmAction.Raised => "raised",
        AlarmAction.Latched => "latched",
        AlarmAction.Recurred => "recurred",
        AlarmAction.Acknowledged => "acknowledged",
        AlarmAction.Reminded => "reminded",
        AlarmAction.Escalated => "escalated",
        AlarmAction.Ended => "ended",
        AlarmAction.Paused => "paused",
        AlarmAction.Resumed => "resumed",
        AlarmAction.LimitsSet => "limits_set",
        AlarmAction.Admitted => "admitted",
        AlarmAction.Discharged => "discharged",
        AlarmAction.Moved => "moved",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };

    /// <summary>How urgent a kind is.</summary>
    public static EventPriority PriorityOf(AlarmKind kind) => kind switch
    {
        AlarmKind.Asystole or AlarmKind.VentricularFibrillation or AlarmKind.VentricularTachycardia or AlarmKind.ExtremeBradycardia or AlarmKind.ExtremeTachycardia
            or AlarmKind.ExtremeFetalBradycardia => EventPriority.High,
        AlarmKind.Bradycardia or AlarmKind.Tachycardia or AlarmKind.Pause or AlarmKind.AtrialFibrillation or AlarmKind.VentricularRun
            or AlarmKind.FetalPathological or AlarmKind.ProlongedDeceleration
            or AlarmKind.FetalBradycardia or AlarmKind.FetalTachycardia or (>= AlarmKind.LowMeanPressure and <= AlarmKind.HighDiastolicPressure) => EventPriority.Medium,
        AlarmKind.FetalSuspicious => EventPriority.Low,
        AlarmKind.SignalLost or AlarmKind.Coincidence or AlarmKind.DeviceSilent or AlarmKind.ClockSkew or AlarmKind.PressureLine => EventPriority.Technical,
        _ => EventPriority.Information,
    };

    /// <summary>
    /// Its place in the order of urgency, the most urgent highest: technical alarms stand below those of the patient, above information.
    /// </summary>
    public static int RankOf(EventPriority priority) => priority switch
    {
        EventPriority.High => 4,
        EventPriority.Medium => 3,
        EventPriority.Low => 2,
        EventPriority.Technical => 1,
        _ => 0,
    };
}
