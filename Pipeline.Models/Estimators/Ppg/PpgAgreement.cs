using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// How far the samples of a window look like pulses: does a pulse look like the one before it, and do the channels say the same?
/// Correlations, so neither gain nor sign matters. Stateless.
/// </summary>
internal static class PpgAgreement
{
    private const double IntervalReach = 0.12;   // an interval may differ by this part from what the rate says
    private const double BeforeUpstroke = 0.15, AfterUpstroke = 0.3;    // seconds from the steepest point

    /// <summary>
    /// Greatest correlation, 0 to 1, of a window with itself one interval later, of the best channel. <paramref name="pulse"/>: [channels x
    /// samples] without mean; <paramref name="interval"/> in samples.
    /// </summary>
    public static double OfPulses(ReadOnlySpan<float> pulse, int channels, double interval)
    {
        var count = pulse.Length / Math.Max(channels, 1);
        var best = 0.0;
        for (var c = 0; c < channels; c++)
        {
            var x = pulse.Slice(c * count, count);
            var last = Math.Min((int)Math.Ceiling(interval * (1 + IntervalReach)), count - 8);
            for (var lag = Math.Max(2, (int)(interval * (1 - IntervalReach))); lag <= last; lag++)
                best = Math.Max(best, Correlation(x[lag..], x[..^lag]));
        }
        return Math.Min(best, 1);
    }

    /// <summary>
    /// How alike the upstrokes of the pulses at <paramref name="pulses"/> are: mean product of two of them, in units of their mean
    /// square; 1 when they are equal, about 0 when they have nothing in common, 0 for fewer than three. <paramref name="slope"/>: by
    /// <see cref="PpgPeriodicity.MakeSlope"/>,
    /// <paramref name="margin"/> samples shorter than the window at either end.
    /// </summary>
    public static double OfShapes(ReadOnlySpan<float> slope, double rateHz, ReadOnlySpan<double> pulses, int margin)
    {
        var (before, after) = ((int)(BeforeUpstroke * rateHz), (int)(AfterUpstroke * rateHz));
        Span<float> sum = stackalloc float[before + after + 1];
        sum.Clear();
        double squares = 0;
        var count = 0;
        foreach (var pulse in pulses)
        {
            var start = (int)Math.Round(pulse) - margin - before;
            if (start < 0 || start + sum.Length > slope.Length)
                continue;
            var upstroke = slope.Slice(start, sum.Length);
            TensorPrimitives.Add(sum, upstroke, sum);
            squares += TensorPrimitives.SumOfSquares(upstroke);
            count++;
        }
        return count < 3 || !(squares > 0) ? 0 : (TensorPrimitives.SumOfSquares<float>(sum) / squares - 1) / (count - 1);
    }

    /// <summary>Mean of the pairs' absolute correlations, 0 to 1; 1 for a single channel.</summary>
    public static double OfChannels(ReadOnlySpan<float> pulse, int channels)
    {
        if (channels < 2)
            return 1;
        var count = pulse.Length / channels;
        double sum = 0;
        for (var a = 1; a < channels; a++)
            for (var b = 0; b < a; b++)
                sum += Math.Abs(Correlation(pulse.Slice(a * count, count), pulse.Slice(b * count, count)));
        return Math.Min(1, sum / (channels * (channels - 1) / 2));
    }

    private static double Correlation(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double scale = TensorPrimitives.SumOfSquares(x) * (double)TensorPrimitives.SumOfSquares(y);
        return scale > 0 ? TensorPrimitives.Dot(x, y) / Math.Sqrt(scale) : 0;
    }
}
