namespace Pipeline.Benchmarks.Faults;

/// <summary>A synthetic signal of which it is known where its beats are.</summary>
/// <param name="Kind">What it shows, such as <c>vf</c>.</param>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Leads">[leads][samples], mV or mmHg; NaN is missing.</param>
/// <param name="Beats">Seconds of the beats, ascending; empty: there is none.</param>
internal sealed record FaultCase(string Kind, double RateHz, float[][] Leads, double[] Beats)
{
    /// <summary>Length in seconds.</summary>
    public double Seconds => Leads[0].Length / RateHz;

    /// <summary>
    /// 60 over the mean interval of the beats in [<paramref name="start"/>, <paramref name="end"/>) s; NaN for fewer than two beats.
    /// </summary>
    public double TruePerMinute(double start, double end)
    {
        var (first, last, count) = (0.0, 0.0, 0);
        foreach (var beat in Beats)
        {
            if (beat < start || beat >= end)
                continue;
            first = count++ == 0 ? beat : first;
            last = beat;
        }
        return count < 2 ? double.NaN : 60 * (count - 1) / (last - first);
    }

    /// <summary>
    /// Whether <paramref name="perMinute"/> is more than <paramref name="tolerance"/> per minute off the beats of the window, whether or
    /// not the first and the last second of it are counted: a beat there may be cut off, or not yet known.
    /// </summary>
    public bool IsWrong(double perMinute, double start, double end, double tolerance = 2)
    {
        foreach (var from in (ReadOnlySpan<double>)[start, start + 0.1])
            foreach (var to in (ReadOnlySpan<double>)[end, end - 0.3, end - 1])
                if (Math.Abs(perMinute - TruePerMinute(from, to)) <= tolerance)
                    return false;
        return true;
    }
}
