using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Pipeline.Models.Filters;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Centred means and levels of a window's signal; at the edges over what the window holds. Owns its scratch: one thread at a
/// time.</summary>
internal sealed class LocalLevel
{
    private readonly double[] _sums = new double[FetalTiming.WindowSamples + 1];
    private readonly float[] _squares = new float[FetalTiming.WindowSamples];

    /// <summary>Means over <paramref name="length"/> samples about each sample; <paramref name="means"/> may be the samples
    /// themselves.</summary>
    public void Means(ReadOnlySpan<float> samples, int length, Span<float> means)
    {
        var (count, half) = (samples.Length, length / 2);
        RunningSums.Of(samples, _sums);
        var sums = _sums.AsSpan(0, count + 1);
        var (first, end) = (Math.Min(half, count), Math.Max(Math.Min(half, count), count - length + half + 1));
        for (var i = 0; i < first; i++)
            means[i] = Mean(sums, 0, Math.Min(count, i - half + length));
        if (end > first)
            Whole(sums[(first - half)..], length, means[first..end]);
        for (var i = end; i < count; i++)
            means[i] = Mean(sums, i - half, count);
    }

    /// <summary>Means of <paramref name="length"/> samples each, all of which are there; the first begins with the first sum.</summary>
    private static void Whole(ReadOnlySpan<double> sums, int length, Span<float> means)
    {
        var inverse = 1.0 / length;
        ReadOnlySpan<double> before = sums[..means.Length], after = sums.Slice(length, means.Length);
        var i = 0;
        for (; i + 8 <= means.Length; i += 8)
        {
            var low = (Vector256.Create(after[i..]) - Vector256.Create(before[i..])) * inverse;
            var high = (Vector256.Create(after[(i + 4)..]) - Vector256.Create(before[(i + 4)..])) * inverse;
            Vector256.Narrow(low, high).CopyTo(means[i..]);
        }
        for (; i < means.Length; i++)
            means[i] = (float)((after[i] - before[i]) * inverse);
    }

    /// <summary>Root of the mean square over <paramref name="length"/> samples about each sample.</summary>
    public void RootMeanSquares(ReadOnlySpan<float> samples, int length, Span<float> levels)
    {
        var squares = _squares.AsSpan(0, samples.Length);
        TensorPrimitives.Multiply(samples, samples, squares);
        Means(squares, length, levels);
        // What rounding leaves of sums that cancel may be below 0.
        TensorPrimitives.Max(levels, 0f, levels);
        TensorPrimitives.Sqrt(levels, levels);
    }

    private static float Mean(ReadOnlySpan<double> sums, int from, int to) => (float)((sums[to] - sums[from]) / (to - from));
}
