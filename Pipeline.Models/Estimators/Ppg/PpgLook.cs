using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>What a window shows of a pulse by itself, whatever its rate.</summary>
/// <param name="Periodicity">How far it repeats itself: of the channel in which it does so most, as it came or less its motion.</param>
/// <param name="Strength">The same as one number, 0 to <see cref="PpgPeriodicity.MostStrength"/>.</param>
/// <param name="OwnStrength">Of what the motion does not explain.</param>
/// <param name="SlopeSkewness">Third moment of the slope, in units of its deviation, −1 to 1: upstrokes are steeper than what follows them.
/// 0 for noise, whatever its spectrum, and for a sine.</param>
/// <param name="WaveSkewness">The same of the wave: a pulse is narrower than the pause between two.</param>
/// <param name="Explained">Part of the power between 30 and 240 per minute that the accelerometer explains, 0 to 1.</param>
internal readonly record struct PpgLook(
    PpgPeriodicity Periodicity, double Strength, double OwnStrength, double SlopeSkewness, double WaveSkewness, double Explained)
{
    /// <summary>Of no window.</summary>
    public static PpgLook None => new(PpgPeriodicity.None, 0, 0, 0, 0, 0);

    /// <summary>How far the window's waves are alike in having a steep and a narrow side, 0 to 1, whatever the sensor's sign.</summary>
    public double Skewness => Math.Min(1, double.Hypot(SlopeSkewness, WaveSkewness));

    /// <summary>Whether nearly all of the window is motion: then only what the motion leaves says that there is a pulse.</summary>
    public bool IsMotion => Explained > MostExplained;

    private const double MostExplained = 0.7;

    /// <summary>
    /// Looks at a window whose spectra stand in the scratch. There the slopes of the channels stand afterwards, and the autocorrelation that
    /// <see cref="OwnStrength"/> is of.
    /// </summary>
    public static PpgLook Of(PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken)
    {
        var own = scratch.Autocorrelation.AsSpan();
        var (raw, lane) = Best(plan, scratch, scratch.Pulse(plan), taken.Used, keepsSlopes: true, own);
        var skewed = SlopeOf(plan, scratch, PpgSpectrumPlan.Lanes - 1);
        SlopeOf(plan, scratch, lane).CopyTo(skewed);
        var slopeSkewness = SkewnessOf(skewed);
        PpgPeriodicity.MakeWave(skewed, plan.RateHz);
        var look = new PpgLook(raw, raw.Strength, raw.Strength, slopeSkewness, SkewnessOf(skewed), taken.Axes > 0 ? ExplainedOf(scratch, taken) : 0);
        return taken.Axes > 0 && (look.IsMotion || raw.Strength < PpgPeriodicity.MostStrength) ? look.WithoutMotion(plan, scratch, taken) : look;
    }

    /// <summary>The slope of a lane, after <see cref="Of"/>.</summary>
    public static Span<float> SlopeOf(PpgSpectrumPlan plan, PpgScratch scratch, int lane) =>
        scratch.Slopes(plan).Slice(lane * plan.SampleCount, plan.SampleCount - 2 * PpgPeriodicity.MarginOf(plan.RateHz));

    private PpgLook WithoutMotion(PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken)
    {
        Span<float> at = stackalloc float[PpgPeriodicity.Lags];
        var (clean, _) = Best(plan, scratch, scratch.Clean(plan), taken.Used, keepsSlopes: false, at);
        // The fit leaves something of breathing that looks like a slow pulse.
        var strength = clean.Interval > PpgPeriodicity.SlowSeconds ? 0 : clean.Strength;
        var isOwn = IsMotion || strength > Strength;
        if (isOwn)
            at.CopyTo(scratch.Autocorrelation);
        var most = new PpgPeriodicity(
            Math.Max(Periodicity.Peak, clean.Peak), Math.Max(Periodicity.Contrast, clean.Contrast),
            clean.Peak > Periodicity.Peak ? clean.Interval : Periodicity.Interval);
        return this with { Periodicity = most, Strength = Math.Max(Strength, strength), OwnStrength = isOwn ? strength : Strength };
    }

    /// <summary>The lane that repeats itself most, and its autocorrelation.</summary>
    private static (PpgPeriodicity Found, int Lane) Best(
        PpgSpectrumPlan plan, PpgScratch scratch, ReadOnlySpan<float> samples, int lanes, bool keepsSlopes, Span<float> autocorrelation)
    {
        Span<float> at = stackalloc float[PpgPeriodicity.Lags];
        var (best, lane) = (PpgPeriodicity.None, 0);
        autocorrelation.Clear();
        for (var c = 0; c < lanes; c++)
        {
            var slope = SlopeOf(plan, scratch, keepsSlopes ? c : PpgSpectrumPlan.Lanes - 1);
            PpgPeriodicity.MakeSlope(samples.Slice(c * plan.SampleCount, plan.SampleCount), plan.RateHz, slope);
            PpgPeriodicity.Correlate(slope, at);
            var found = PpgPeriodicity.Of(at, plan.RateHz);
            if (c > 0 && found.Peak <= best.Peak)
                continue;
            (best, lane) = (found, c);
            at.CopyTo(autocorrelation);
        }
        return (best, lane);
    }

    private static double SkewnessOf(ReadOnlySpan<float> x)
    {
        var square = TensorPrimitives.SumOfSquares(x) / x.Length;
        double cube = 0;
        foreach (var value in x)
            cube += value * value * value;
        return square > 0 ? Math.Clamp(cube / x.Length / (square * Math.Sqrt(square)), -1, 1) : 0;
    }

    private static double ExplainedOf(PpgScratch scratch, in PpgTaken taken)
    {
        double left = 0;
        for (var c = 0; c < taken.Used; c++)
        {
            var pulse = TensorPrimitives.Sum<float>(RatesOf(scratch.PulsePower, c));
            left += pulse > 0 ? TensorPrimitives.Sum<float>(RatesOf(scratch.CleanPower, c)) / pulse : 1;
        }
        return Math.Clamp(1 - left / taken.Used, 0, 1);
    }

    private static ReadOnlySpan<float> RatesOf(float[] power, int lane) =>
        power.AsSpan(lane * PpgSpectrumPlan.BinCount + PpgEvidence.AtRate, PpgRateBelief.BinCount);
}
