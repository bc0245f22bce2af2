namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// The wave of a lead around a candidate with its baseline, the mean over half a second, taken away, and how far it swings: what T waves and
/// wide beats are told by. From running sums of the samples, made for one candidate at a time.
/// </summary>
internal static class QrsBaseline
{
    /// <summary>The wave around <paramref name="at"/>, at each of <see cref="QrsTiming.SlowShapeLags"/>. Samples that are not there yet are like the last one.</summary>
    public static void Remove(QrsTiming timing, QrsLead lead, long at, Span<float> wave)
    {
        var lags = timing.SlowShapeLags;
        var (wide, smooth) = (timing.Baseline / 2, timing.SlowSmoothing);
        var reach = wide - lags[0];
        Span<float> samples = stackalloc float[2 * reach + 1];
        Span<double> sums = stackalloc double[samples.Length + 1];   // before each sample
        lead.CopySamples(at - reach, samples);
        Accumulate(samples, sums);
        for (var k = 0; k < lags.Length; k++)
        {
            var centre = reach + lags[k];
            wave[k] = (float)(Mean(sums, centre, smooth) - Mean(sums, centre, wide));
        }
    }

    private static void Accumulate(ReadOnlySpan<float> samples, Span<double> sums)
    {
        double sum = sums[0] = 0;
        var i = 0;
        for (; i + 4 <= samples.Length; i += 4)     // four at a time: one after the other, each addition waits for the last
        {
            double one = samples[i], two = one + samples[i + 1], three = two + samples[i + 2], four = three + samples[i + 3];
            (sums[i + 1], sums[i + 2], sums[i + 3]) = (sum + one, sum + two, sum + three);
            sums[i + 4] = sum += four;
        }
        for (; i < samples.Length; i++)
            sums[i + 1] = sum += samples[i];
    }

    private static double Mean(ReadOnlySpan<double> sums, int centre, int half)
    {
        var (from, to) = (Math.Max(0, centre - half), Math.Min(sums.Length - 1, centre + half + 1));
        return (sums[to] - sums[from]) / (to - from);
    }
}
