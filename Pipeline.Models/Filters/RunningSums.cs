namespace Pipeline.Models.Filters;

/// <summary>
/// Sums of all samples before each sample of a block, in float64: the mean of any stretch is then one difference. For a block that is at
/// hand; <see cref="CentredMean"/> is for a stream.
/// </summary>
internal static class RunningSums
{
    /// <summary>Writes the sums before each of <paramref name="samples"/>, and after the last: one more than there are samples.</summary>
    public static void Of(ReadOnlySpan<float> samples, Span<double> sums)
    {
        double sum = sums[0] = 0;
        var i = 0;
        // Four at a time: one by one, each addition would wait for the one before.
        for (; i + 4 <= samples.Length; i += 4)
        {
            double one = samples[i], two = one + samples[i + 1], three = two + samples[i + 2], four = three + samples[i + 3];
            (sums[i + 1], sums[i + 2], sums[i + 3]) = (sum + one, sum + two, sum + three);
            sums[i + 4] = sum += four;
        }
        for (; i < samples.Length; i++)
            sums[i + 1] = sum += samples[i];
    }

    /// <summary>
    /// Mean of the samples at most <paramref name="half"/> from <paramref name="centre"/>, of those that the block holds.
    /// </summary>
    public static double Mean(ReadOnlySpan<double> sums, int centre, int half)
    {
        var (from, to) = (Math.Max(0, centre - half), Math.Min(sums.Length - 1, centre + half + 1));
        return (sums[to] - sums[from]) / (to - from);
    }

    /// <summary>
    /// Centred means over 2 x <paramref name="half"/> + 1 samples, where the block holds them all: means[i] is about sample i + half, so
    /// there are 2 x half fewer means than samples. Scratch: one number more than samples.
    /// </summary>
    public static void Means(ReadOnlySpan<float> samples, int half, Span<float> means, Span<double> sums)
    {
        Of(samples, sums);
        var inverse = 1.0 / (2 * half + 1);
        var after = sums[(2 * half + 1)..];
        for (var i = 0; i < means.Length; i++)
            means[i] = (float)((after[i] - sums[i]) * inverse);
    }
}
