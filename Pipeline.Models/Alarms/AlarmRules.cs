using System.ComponentModel.DataAnnotations;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>
/// When the alarms of a patient begin and end; section <c>Alarms</c> of the configuration. Limits are a ward's own where
/// <see cref="Wards"/> says so. Times are stream
/// time: of the records, not of the clock. Read only.
/// </summary>
public sealed class AlarmRules : IValidatableObject
{
    /// <summary>Whether there are alarms; default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Heart rate below which bradycardia is extreme (high priority), 15 to 300; default 40.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double HeartRateVeryLow { get; set; } = 40;

    /// <summary>Heart rate below which there is bradycardia (medium priority), 15 to 300; default 50.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double HeartRateLow { get; set; } = 50;

    /// <summary>Heart rate above which there is tachycardia (medium priority), 15 to 300; default 120.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double HeartRateHigh { get; set; } = 120;

    /// <summary>Heart rate above which tachycardia is extreme (high priority), 15 to 300; default 140.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double HeartRateVeryHigh { get; set; } = 140;

    /// <summary>Fetal heart rate below which bradycardia is extreme (high priority), 15 to 300; default 80.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double FetalRateVeryLow { get; set; } = 80;

    /// <summary>Fetal heart rate below which there is bradycardia (medium priority), 15 to 300; default 110.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double FetalRateLow { get; set; } = 110;

    /// <summary>Fetal heart rate above which there is tachycardia (medium priority), 15 to 300; default 160.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double FetalRateHigh { get; set; } = 160;

    /// <summary>Systolic arterial pressure below which there is an alarm (medium priority), 15 to 300 mmHg; default 90.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double SystolicPressureLow { get; set; } = 90;

    /// <summary>The same, above (medium priority), 15 to 300 mmHg; default 160.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double SystolicPressureHigh { get; set; } = 160;

    /// <summary>Mean arterial pressure below which there is an alarm (medium priority), 15 to 300 mmHg; default 65.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double MeanPressureLow { get; set; } = 65;

    /// <summary>The same, above (medium priority), 15 to 300 mmHg; default 110.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double MeanPressureHigh { get; set; } = 110;

    /// <summary>Diastolic arterial pressure below which there is an alarm (medium priority), 15 to 300 mmHg; default 50.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double DiastolicPressureLow { get; set; } = 50;

    /// <summary>The same, above (medium priority), 15 to 300 mmHg; default 90.</summary>
    [Range(AlarmLimits.Least, AlarmLimits.Most)]
    public double DiastolicPressureHigh { get; set; } = 90;

    /// <summary>How long an extreme rate lasts before it is alarmed about, 0 s to 1 min; default 2 s: two windows in a row.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan ExtremeDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The same of a rate or pressure beyond the other limits, 0 s to 5 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan LimitDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The same of any rate that another signal of the patient contradicts: it has a usable rate of good quality within the limits; 0 s
    /// to 5 min, default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ContradictedDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The same of an extremely low fetal rate, 0 s to 30 min; default 3 min, as a prolonged deceleration.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:30:00")]
    public TimeSpan FetalExtremeDelay { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// The same of a fetal rate beyond the other limits, 0 s to 30 min; default 10 min, as FIGO's bradycardia and tachycardia.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:30:00")]
    public TimeSpan FetalLimitDelay { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a signal has no samples, or stands still, before that is a technical alarm, 2 s to 10 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan LostDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The same of a signal that is there and of which no rate can be told, 2 s to 10 min; default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan PoorDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The same of a device that sends nothing while another one of the patient does, 5 s to 10 min; default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan SilentDelay { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How far a device's clock is ahead of another one's of the patient before that is a technical alarm, 5 s to 1 h; default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How far back within its limit a rate or pressure has to come for its alarm to end, 0 to 20 per minute or mmHg; default 3.</summary>
    [Range(0.0, 20.0)]
    public double Hysteresis { get; set; } = 3;

    /// <summary>How long a condition has to be over for its alarm to end, 0 s to 2 min; default 6 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:02:00")]
    public TimeSpan OffDelay { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>
    /// The same of atrial fibrillation, 0 s to 1 h; default 5 min: it is told from 64 intervals without a hole, so noise and a device that restarts end it for a minute.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FibrillationOffDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an alarm lasts at least, 0 s to 2 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:02:00")]
    public TimeSpan MinDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an alarm stays while nothing can be told of its condition, 2 s to 10 min; default 30 s. Then there is the technical
    /// alarm.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan UnknownHold { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an alarm of high priority whose condition is over stays to be acknowledged, 0 s to 1 day; default 30 min. 0: not at all.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LatchFor { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>After how long an acknowledged alarm whose condition holds is called to mind again, 10 s to 1 h; default 3 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan RemindAfter { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// After how long an alarm of high priority that nobody acknowledges is escalated, and again to the next level, 10 s to 1 h; default
    /// 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan EscalateAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Levels of escalation, 0 to 5; default 2: the nurse, who is in charge.</summary>
    [Range(0, 5)]
    public int EscalationLevels { get; set; } = 2;

    /// <summary>Longest pause, 10 s to 10 min; default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Limits of wards that have others, by the ward's name; those that a ward does not set are the ones above.</summary>
    public Dictionary<string, LimitChange> Wards { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The limits of a patient in <paramref name="ward"/>.</summary>
    public AlarmLimits LimitsOf(string ward) => Wards.TryGetValue(ward, out var own) ? Limits.With(own) : Limits;

    /// <summary>The limits where a ward has no others.</summary>
    public AlarmLimits Limits => new(
        HeartRateVeryLow, HeartRateLow, HeartRateHigh, HeartRateVeryHigh, FetalRateVeryLow, FetalRateLow, FetalRateHigh,
        SystolicPressureLow, SystolicPressureHigh, MeanPressureLow, MeanPressureHigh, DiastolicPressureLow, DiastolicPressureHigh);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Limits.FindFault() is { } fault)
            yield return new ValidationResult($"{fault.Fault}.", [fault.Limit]);
        foreach (var (ward, own) in Wards)
            if (Limits.With(own).FindFault() is { } other)
                yield return new ValidationResult($"{other.Limit} of ward '{ward}': {other.Fault}.", [nameof(Wards)]);
    }
}
