using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>The shape of a window's waves, whatever their rate, gain and sign.</summary>
/// <param name="Periodicity">How far they repeat themselves.</param>
/// <param name="SlopeSkewness">Third moment of the slope, in units of its deviation, −1.5 to 1.5: upstrokes are steeper than what follows
/// them. About 0 for noise, whatever its spectrum, and for a sine.</param>
/// <param name="WaveSkewness">The same of the wave: a pulse is narrower than the pause between two.</param>
/// <param name="Steadiness">3 less the fourth moment, mean of slope and wave, −1 to 2: waves of one height have more than 0, those of
/// noise rise and fall and have about 0.</param>
internal readonly record struct PpgWaves(PpgPeriodicity Periodicity, double SlopeSkewness, double WaveSkewness, double Steadiness)
{
    private const double MostSkewness = 1.5, LeastSteadiness = -1;

    /// <summary>Of no window.</summary>
    public static PpgWaves None => new(PpgPeriodicity.None, 0, 0, 0);

    /// <summary>How far the waves are alike in having a steep and a narrow side, 0 to 1.</summary>
    public double Skewness => Math.Min(1, double.Hypot(SlopeSkewness, WaveSkewness));

    /// <summary>Of a slope by <see cref="PpgPeriodicity.MakeSlope"/>, which becomes the wave.</summary>
    public static PpgWaves Of(PpgPeriodicity periodicity, Span<float> slope, double rateHz)
    {
        var (slopeSkewness, slopeSteadiness) = Moments(slope);
        PpgPeriodicity.MakeWave(slope, rateHz);
        var (waveSkewness, waveSteadiness) = Moments(slope);
        return new PpgWaves(periodicity, slopeSkewness, waveSkewness, (slopeSteadiness + waveSteadiness) / 2);
    }

    private static (double Skewness, double Steadiness) Moments(ReadOnlySpan<float> x)
    {
        var square = (double)TensorPrimitives.SumOfSquares(x) / x.Length;
        if (!(square > 0))
            return (0, 0);
        double third = 0, fourth = 0;
        foreach (var value in x)
        {
            var twice = (double)value * value;
            third += twice * value;
            fourth += twice * twice;
        }
        return (Math.Clamp(third / x.Length / (square * Math.Sqrt(square)), -MostSkewness, MostSkewness),
            Math.Max(3 - fourth / x.Length / (square * square), LeastSteadiness));
    }
}
