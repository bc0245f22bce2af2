namespace Pipeline.Models.Signals;

/// <summary>
/// Some limits in the place of others: of a ward (<c>Alarms:Wards:NAME:HeartRateHigh</c>), or of one patient. Those that are not set stay
/// as they are. Rates are beats per minute, pressures mmHg.
/// </summary>
public sealed record LimitChange
{
    /// <summary>All limits, in the order of their numbers on the wire (<c>command.proto</c>) and in the state.</summary>
    public static IReadOnlyList<LimitField> Fields { get; } =
    [
        new(nameof(HeartRateVeryLow), limits => limits.HeartRateVeryLow, (limits, value) => limits.HeartRateVeryLow = value),
        new(nameof(HeartRateLow), limits => limits.HeartRateLow, (limits, value) => limits.HeartRateLow = value),
        new(nameof(HeartRateHigh), limits => limits.HeartRateHigh, (limits, value) => limits.HeartRateHigh = value),
        new(nameof(HeartRateVeryHigh), limits => limits.HeartRateVeryHigh, (limits, value) => limits.HeartRateVeryHigh = value),
        new(nameof(FetalRateVeryLow), limits => limits.FetalRateVeryLow, (limits, value) => limits.FetalRateVeryLow = value),
        new(nameof(FetalRateLow), limits => limits.FetalRateLow, (limits, value) => limits.FetalRateLow = value),
        new(nameof(FetalRateHigh), limits => limits.FetalRateHigh, (limits, value) => limits.FetalRateHigh = value),
        new(nameof(SystolicPressureLow), limits => limits.SystolicPressureLow, (limits, value) => limits.SystolicPressureLow = value),
        new(nameof(SystolicPressureHigh), limits => limits.SystolicPressureHigh, (limits, value) => limits.SystolicPressureHigh = value),
        new(nameof(MeanPressureLow), limits => limits.MeanPressureLow, (limits, value) => limits.MeanPressureLow = value),
        new(nameof(MeanPressureHigh), limits => limits.MeanPressureHigh, (limits, value) => limits.MeanPressureHigh = value),
        new(nameof(DiastolicPressureLow), limits => limits.DiastolicPressureLow, (limits, value) => limits.DiastolicPressureLow = value),
        new(nameof(DiastolicPressureHigh), limits => limits.DiastolicPressureHigh, (limits, value) => limits.DiastolicPressureHigh = value),
    ];

    /// <summary>Below: extreme bradycardia.</summary>
    public double? HeartRateVeryLow { get; set; }

    /// <summary>Below: bradycardia.</summary>
    public double? HeartRateLow { get; set; }

    /// <summary>Above: tachycardia.</summary>
    public double? HeartRateHigh { get; set; }

    /// <summary>Above: extreme tachycardia.</summary>
    public double? HeartRateVeryHigh { get; set; }

    /// <summary>Fetal rate, below: extreme fetal bradycardia.</summary>
    public double? FetalRateVeryLow { get; set; }

    /// <summary>Fetal rate, below: fetal bradycardia.</summary>
    public double? FetalRateLow { get; set; }

    /// <summary>Fetal rate, above: fetal tachycardia.</summary>
    public double? FetalRateHigh { get; set; }

    /// <summary>Arterial pressure, systolic, below: an alarm.</summary>
    public double? SystolicPressureLow { get; set; }

    /// <summary>Arterial pressure, systolic, above: an alarm.</summary>
    public double? SystolicPressureHigh { get; set; }

    /// <summary>Arterial pressure, mean, below: an alarm.</summary>
    public double? MeanPressureLow { get; set; }

    /// <summary>Arterial pressure, mean, above: an alarm.</summary>
    public double? MeanPressureHigh { get; set; }

    /// <summary>Arterial pressure, diastolic, below: an alarm.</summary>
    public double? DiastolicPressureLow { get; set; }

    /// <summary>Arterial pressure, diastolic, above: an alarm.</summary>
    public double? DiastolicPressureHigh { get; set; }
}

/// <summary>One of the limits.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Get">Its value; null where it is not set.</param>
/// <param name="Set">Sets it, or not.</param>
public sealed record LimitField(string Name, Func<LimitChange, double?> Get, Action<LimitChange, double?> Set);
