using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>What a window shows of a pulse by itself.</summary>
/// <param name="Raw">Of the PPG channel that repeats itself most.</param>
/// <param name="Own">The same of the channels less what the accelerometer explains of them; without an accelerometer as
/// <paramref name="Raw"/>.</param>
/// <param name="Explained">Part of the power between 30 and 240 per minute that the accelerometer explains, 0 to 1.</param>
internal readonly record struct PpgLook(PpgWaves Raw, PpgWaves Own, double Explained)
{
    /// <summary>Of no window.</summary>
    public static PpgLook None => new(PpgWaves.None, PpgWaves.None, 0);

    /// <summary>How far the window repeats itself, as it came or less its motion.</summary>
    public PpgPeriodicity Periodicity => new(
        Math.Max(Raw.Periodicity.Peak, Own.Periodicity.Peak), Math.Max(Raw.Periodicity.Contrast, Own.Periodicity.Contrast),
        Own.Periodicity.Peak > Raw.Periodicity.Peak ? Own.Periodicity.Interval : Raw.Periodicity.Interval);

    /// <summary>
    /// Looks at a window whose spectra stand in the scratch. There the slopes of the channels stand afterwards, and the two
    /// autocorrelations.
    /// </summary>
    public static PpgLook Of(PpgSpectrumPlan plan, PpgScratch scratch, in PpgTaken taken)
    {
        var own = taken.Axes == 0 ? PpgWaves.None : Best(plan, scratch, scratch.Clean(plan), taken.Used, scratch.OwnAutocorrelation);
        var raw = Best(plan, scratch, scratch.Pulse(plan), taken.Used, scratch.Autocorrelation);
        if (taken.Axes > 0)
            return new PpgLook(raw, own, ExplainedOf(scratch, taken));
        scratch.Autocorrelation.CopyTo(scratch.OwnAutocorrelation, 0);
        return new PpgLook(raw, raw, 0);
    }

    /// <summary>The slope of a lane, after <see cref="Of"/>.</summary>
    public static Span<float> SlopeOf(PpgSpectrumPlan plan, PpgScratch scratch, int lane) =>
        scratch.Slopes(plan).Slice(lane * plan.SampleCount, plan.SampleCount - 2 * PpgPeriodicity.MarginOf(plan.RateHz));

    /// <summary>The waves of the lane that repeats itself most, and its autocorrelation.</summary>
    private static PpgWaves Best(
        PpgSpectrumPlan plan, PpgScratch scratch, ReadOnlySpan<float> samples, int lanes, Span<float> autocorrelation)
    {
        Span<float> at = stackalloc float[PpgPeriodicity.Lags];
        var (best, lane) = (PpgPeriodicity.None, 0);
        for (var c = 0; c < lanes; c++)
        {
            var slope = SlopeOf(plan, scratch, c);
            PpgPeriodicity.MakeSlope(samples.Slice(c * plan.SampleCount, plan.SampleCount), plan.RateHz, slope);
            PpgPeriodicity.Correlate(slope, at);
            var found = PpgPeriodicity.Of(at, plan.RateHz);
            if (c > 0 && found.Peak <= best.Peak)
                continue;
            (best, lane) = (found, c);
            at.CopyTo(autocorrelation);
        }
        var spare = SlopeOf(plan, scratch, PpgSpectrumPlan.Lanes - 1);
        SlopeOf(plan, scratch, lane).CopyTo(spare);
        return PpgWaves.Of(best, spare, plan.RateHz);
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
