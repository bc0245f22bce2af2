namespace Pipeline.Models.Estimators;

/// <summary>
/// The wave of a lead around a candidate with its baseline, the mean over half a second, taken away, and how far it swings: what T waves and
/// wide beats are told by. From running sums of the samples, made for one candidate at a time.
/// </summary>
internal sealed class QrsBaseline
{
    private readonly int _reach;
    private readonly int _wide;
    private readonly int _smooth;
    private readonly int[] _lags;

    /// <param name="timing">The lengths.</param>
    /// <param name="points">Points of the wave, 39 ms apart.</param>
    public QrsBaseline(QrsTiming timing, int points)
    {
        _lags = new int[points];
        for (var k = 0; k < points; k++)
            _lags[k] = timing.Of((k - points / 2) * 14 / 360.0);
        _wide = timing.Baseline / 2;
        _smooth = Math.Max(1, timing.Of(5 / 360.0));
        _reach = -_lags[0] + _wide;
    }

    /// <summary>The wave around <paramref name="at"/>, at each lag. Samples that are not there yet are like the last one.</summary>
    public void Remove(QrsLead lead, long at, Span<float> wave)
    {
        Span<float> samples = stackalloc float[2 * _reach + 1];
        Span<double> sums = stackalloc double[samples.Length + 1];   // before each sample
        lead.CopySamples(at - _reach, samples);
        Accumulate(samples, sums);
        for (var k = 0; k < _lags.Length; k++)
        {
            var centre = _reach + _lags[k];
            wave[k] = (float)(Mean(sums, centre, _smooth) - Mean(sums, centre, _wide));
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
