using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>
/// Limits of the rates, beats per minute: an alarm's condition is a rate beyond its limit. Ascending: very low, low, high, very high. Of
/// the heart rate as
/// monitors come set for adults; of the fetal one FIGO 2015 (doi:10.1016/j.ijgo.2015.06.020).
/// </summary>
/// <param name="VeryLow">Below: extreme bradycardia.</param>
/// <param name="Low">Below: bradycardia.</param>
/// <param name="High">Above: tachycardia.</param>
/// <param name="VeryHigh">Above: extreme tachycardia.</param>
/// <param name="FetalVeryLow">Fetal rate, below: extreme fetal bradycardia.</param>
/// <param name="FetalLow">Fetal rate, below: fetal bradycardia.</param>
/// <param name="FetalHigh">Fetal rate, above: fetal tachycardia.</param>
public readonly record struct RateLimits(double VeryLow, double Low, double High, double VeryHigh, double FetalVeryLow, double FetalLow, double FetalHigh)
{
    /// <summary>Lowest and highest rate that a limit can be.</summary>
    public const double Least = 15, Most = 300;

    /// <summary>These with the limits of <paramref name="own"/> that are set.</summary>
    public RateLimits With(LimitChange own) => own is null ? this : new(
        own.HeartRateVeryLow ?? VeryLow, own.HeartRateLow ?? Low, own.HeartRateHigh ?? High, own.HeartRateVeryHigh ?? VeryHigh,
        own.FetalRateVeryLow ?? FetalVeryLow, own.FetalRateLow ?? FetalLow, own.FetalRateHigh ?? FetalHigh);

    /// <summary>What is wrong with them and which limit it is, by the names of <see cref="LimitChange"/>; null when nothing is.</summary>
    public (string Limit, string Fault)? FindFault()
    {
        (string Name, double Value)[] limits =
        [
            (nameof(LimitChange.HeartRateVeryLow), VeryLow), (nameof(LimitChange.HeartRateLow), Low), (nameof(LimitChange.HeartRateHigh), High),
            (nameof(LimitChange.HeartRateVeryHigh), VeryHigh), (nameof(LimitChange.FetalRateVeryLow), FetalVeryLow), (nameof(LimitChange.FetalRateLow), FetalLow),
            (nameof(LimitChange.FetalRateHigh), FetalHigh),
        ];
        for (var i = 0; i < limits.Length; i++)
        {
            var (name, value) = limits[i];
            if (!(value >= Least && value <= Most))
                return (name, FormattableString.Invariant($"a rate of {Least} to {Most} per minute is wanted"));
            if (i is not (0 or 4) && limits[i - 1].Value > value)
                return (name, FormattableString.Invariant($"at least {limits[i - 1].Name} ({limits[i - 1].Value}) is wanted"));
        }
        return null;
    }
}
