using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>
/// Limits of the rates, beats per minute, and of the arterial pressure, mmHg: an alarm's condition is a value beyond its limit. Ascending: very low, low, high, very high. Of
/// the heart rate as
/// monitors come set for adults, as are those of the pressure but the mean's lower one, which is the goal in septic shock (Surviving Sepsis Campaign 2021, doi:10.1097/CCM.0000000000005337); of the fetal one FIGO 2015 (doi:10.1016/j.ijgo.2015.06.020).
/// </summary>
/// <param name="VeryLow">Below: extreme bradycardia.</param>
/// <param name="Low">Below: bradycardia.</param>
/// <param name="High">Above: tachycardia.</param>
/// <param name="VeryHigh">Above: extreme tachycardia.</param>
/// <param name="FetalVeryLow">Fetal rate, below: extreme fetal bradycardia.</param>
/// <param name="FetalLow">Fetal rate, below: fetal bradycardia.</param>
/// <param name="FetalHigh">Fetal rate, above: fetal tachycardia.</param>
/// <param name="SystolicLow">Systolic pressure, below: hypotension.</param>
/// <param name="SystolicHigh">Systolic pressure, above: hypertension.</param>
/// <param name="MeanLow">Mean pressure, below: hypotension.</param>
/// <param name="MeanHigh">Mean pressure, above: hypertension.</param>
/// <param name="DiastolicLow">Diastolic pressure, below: hypotension.</param>
/// <param name="DiastolicHigh">Diastolic pressure, above: hypertension.</param>
public readonly record struct AlarmLimits(
    double VeryLow, double Low, double High, double VeryHigh, double FetalVeryLow, double FetalLow, double FetalHigh,
    double SystolicLow = 90, double SystolicHigh = 160, double MeanLow = 65, double MeanHigh = 110, double DiastolicLow = 50, double DiastolicHigh = 90)
{
    /// <summary>Lowest and highest rate or pressure that a limit can be.</summary>
    public const double Least = 15, Most = 300;

    private const int FirstPressure = 7;    // among the limits

    /// <summary>These with the limits of <paramref name="own"/> that are set.</summary>
    public AlarmLimits With(LimitChange own) => own is null ? this : new(
        own.HeartRateVeryLow ?? VeryLow, own.HeartRateLow ?? Low, own.HeartRateHigh ?? High, own.HeartRateVeryHigh ?? VeryHigh,
        own.FetalRateVeryLow ?? FetalVeryLow, own.FetalRateLow ?? FetalLow, own.FetalRateHigh ?? FetalHigh,
        own.SystolicPressureLow ?? SystolicLow, own.SystolicPressureHigh ?? SystolicHigh, own.MeanPressureLow ?? MeanLow, own.MeanPressureHigh ?? MeanHigh,
        own.DiastolicPressureLow ?? DiastolicLow, own.DiastolicPressureHigh ?? DiastolicHigh);

    /// <summary>What is wrong with them and which limit it is, by the names of <see cref="LimitChange"/>; null when nothing is.</summary>
    public (string Limit, string Fault)? FindFault()
    {
        (string Name, double Value)[] limits =
        [
            (nameof(LimitChange.HeartRateVeryLow), VeryLow), (nameof(LimitChange.HeartRateLow), Low), (nameof(LimitChange.HeartRateHigh), High),
            (nameof(LimitChange.HeartRateVeryHigh), VeryHigh), (nameof(LimitChange.FetalRateVeryLow), FetalVeryLow), (nameof(LimitChange.FetalRateLow), FetalLow),
            (nameof(LimitChange.FetalRateHigh), FetalHigh),
            (nameof(LimitChange.SystolicPressureLow), SystolicLow), (nameof(LimitChange.SystolicPressureHigh), SystolicHigh), (nameof(LimitChange.MeanPressureLow), MeanLow),
            (nameof(LimitChange.MeanPressureHigh), MeanHigh), (nameof(LimitChange.DiastolicPressureLow), DiastolicLow), (nameof(LimitChange.DiastolicPressureHigh), DiastolicHigh),
        ];
        for (var i = 0; i < limits.Length; i++)
        {
            var (name, value) = limits[i];
            if (!(value >= Least && value <= Most))
                return (name, i < FirstPressure
                    ? FormattableString.Invariant($"a rate of {Least} to {Most} per minute is wanted") : FormattableString.Invariant($"a pressure of {Least} to {Most} mmHg is wanted"));
            if (i is not (0 or 4 or FirstPressure or FirstPressure + 2 or FirstPressure + 4) && limits[i - 1].Value > value)
                return (name, FormattableString.Invariant($"at least {limits[i - 1].Name} ({limits[i - 1].Value}) is wanted"));
        }
        return null;
    }
}
