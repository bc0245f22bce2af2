using System.Numerics.Tensors;
using Pipeline.Models.Features;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// The spectra of a window, made once in a <see cref="PpgScratch"/> for whatever estimates from them: of each usable PPG channel, of the
/// same less its motion, of each accelerometer axis.
/// </summary>
internal static class PpgSpectra
{
    /// <summary>
    /// Takes a channel without missing samples as lane <paramref name="lane"/> of the pulse; returns the logarithm of its root mean square,
    /// 0 where it has none.
    /// </summary>
    public static double TakePulse(PpgSpectrumPlan plan, PpgScratch scratch, ReadOnlySpan<float> raw, int lane)
    {
        var samples = scratch.Pulse(plan).Slice(lane * plan.SampleCount, plan.SampleCount);
        plan.Decimate(raw, samples);
        return Normalise(samples);
    }

    /// <summary>Takes an axis without missing samples as lane <paramref name="lane"/> of the motion.</summary>
    public static void TakeMotion(PpgSpectrumPlan plan, PpgScratch scratch, ReadOnlySpan<float> raw, int lane) =>
        plan.Decimate(raw, scratch.Motion(plan).Slice(lane * plan.SampleCount, plan.SampleCount));

    /// <summary>Makes the spectra of the lanes taken; returns the axes that count, 0 when nothing moves.</summary>
    public static int Make(PpgSpectrumPlan plan, PpgScratch scratch, int channels, int axes)
    {
        var fourier = scratch.Fourier(plan);
        var pulse = scratch.Pulse(plan)[..(channels * plan.SampleCount)];
        var motion = scratch.Motion(plan)[..(axes * plan.SampleCount)];
        plan.Power(pulse, channels, scratch.PulsePower, fourier);
        if (axes == 0 || !scratch.Fit.Prepare(motion, axes))
        {
            scratch.PulsePower.CopyTo(scratch.CleanPower, 0);
            return 0;
        }
        plan.Power(motion, axes, scratch.MotionPower, fourier);
        var clean = scratch.Clean(plan)[..pulse.Length];
        pulse.CopyTo(clean);
        for (var c = 0; c < channels; c++)
            scratch.Fit.Subtract(motion, clean.Slice(c * plan.SampleCount, plan.SampleCount));
        plan.Power(clean, channels, scratch.CleanPower, fourier, PpgEvidence.AtRate, PpgRateBelief.BinCount);
        return axes;
    }

    /// <summary>
    /// <see cref="RateFeatures.Spectra"/> of the spectra made, with what <see cref="PpgEvidence"/> says of them by
    /// <paramref name="constants"/>.
    /// </summary>
    public static float Features(PpgScratch scratch, int channels, int axes, PpgConstants constants, Span<float> rows)
    {
        const int bins = PpgSpectrumPlan.BinCount;
        var pulse = scratch.PulsePower.AsSpan(0, channels * bins);
        var clean = scratch.CleanPower.AsSpan(0, channels * bins);
        var motion = scratch.MotionPower.AsSpan(0, axes * bins);
        var level = RateFeatures.Spectra(pulse, clean, motion, rows);
        var likelihood = rows.Slice(RateFeatures.LikelihoodRow * RateFeatures.RateCount, RateFeatures.RateCount);
        if (channels > 0)
            scratch.Evidence.Weigh(pulse, clean, channels, motion, axes, constants, likelihood);
        return level;
    }

    /// <summary>To a mean square of 1: no constant of an estimator knows a sensor's unit.</summary>
    private static double Normalise(Span<float> lane)
    {
        var scale = 0f;
        foreach (var value in lane)
            scale = Math.Max(scale, Math.Abs(value));
        if (!(scale > 0) || !float.IsFinite(scale))
            return 0;
        TensorPrimitives.Divide(lane, scale, lane);   // first, so that no square overflows
        var root = MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(lane) / lane.Length);
        TensorPrimitives.Divide(lane, root, lane);
        return Math.Log(scale) + Math.Log(root);
    }
}
