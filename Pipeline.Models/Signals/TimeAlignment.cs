namespace Pipeline.Models.Signals;

/// <summary>
/// Signals of several devices on one clock, by the time stamps of their samples: samples of another rate and another start at common times,
/// and how long after the heart's electric beat its pulse arrives. Pure; allocates nothing.
/// </summary>
public static class TimeAlignment
{
    private const double LeastArrival = 0.08, MostArrival = 0.6;    // s; from the R peak to the foot or the top of a pulse at finger or wrist
    private const int LeastArrivals = 3, MostArrivals = 64;

    /// <summary>
    /// Fills <paramref name="destination"/> with the signal at <paramref name="start"/>, and 1 / <paramref name="wantedHz"/> s later and so
    /// on: the mean of the samples within half an interval where it has a higher rate, else linear between its samples. NaN where samples
    /// are missing, and before and after them.
    /// </summary>
    /// <param name="samples">The signal; NaN is missing.</param>
    /// <param name="rateHz">Its samples per second.</param>
    /// <param name="first">Time of its first sample.</param>
    /// <param name="start">Time of the first value wanted.</param>
    /// <param name="wantedHz">Values per second wanted.</param>
    /// <param name="destination">For the values.</param>
    public static void Resample(ReadOnlySpan<float> samples, double rateHz, Timestamp first, Timestamp start, double wantedHz, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rateHz);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wantedHz);
        var (from, step) = (start.SecondsSince(first) * rateHz, rateHz / wantedHz);
        for (var i = 0; i < destination.Length; i++)
        {
            var at = from + i * step;
            var (low, high) = step > 1 ? ((int)Math.Ceiling(at - step / 2), (int)Math.Ceiling(at + step / 2) - 1) : ((int)Math.Floor(at), (int)Math.Floor(at) + 1);
            if (step <= 1 && at - low < 1e-6)
                high = low;
            if (low < 0 || high >= samples.Length)
                destination[i] = float.NaN;
            else if (step <= 1)
                destination[i] = low == high ? samples[low] : (float)(samples[low] + (at - low) * (samples[high] - samples[low]));
            else
            {
                var sum = 0f;
                foreach (var sample in samples[low..(high + 1)])
                    sum += sample;
                destination[i] = sum / (high - low + 1);
            }
        }
    }

    /// <summary>
    /// Median of the times from the R peaks of an ECG to the next pulses of another signal, in seconds; NaN where fewer than three pulses
    /// follow a peak by 0.08 to 0.6 s.
    /// </summary>
    /// <param name="peaks">R peaks, seconds of a common clock, ascending.</param>
    /// <param name="pulses">Pulses, likewise.</param>
    /// <param name="start">R peaks from here on.</param>
    /// <param name="end">Pulses before here.</param>
    public static double PulseArrival(ReadOnlySpan<double> peaks, ReadOnlySpan<double> pulses, double start, double end)
    {
        Span<double> found = stackalloc double[MostArrivals];
        var (count, pulse) = (0, 0);
        foreach (var peak in peaks)
        {
            if (peak < start || peak >= end)
                continue;
            while (pulse < pulses.Length && pulses[pulse] < peak + LeastArrival)
                pulse++;
            if (pulse == pulses.Length || pulses[pulse] >= end || count == MostArrivals)
                break;
            if (pulses[pulse] <= peak + MostArrival)
                found[count++] = pulses[pulse] - peak;
        }
        if (count < LeastArrivals)
            return double.NaN;
        found = found[..count];
        found.Sort();
        return (found[(count - 1) / 2] + found[count / 2]) / 2;
    }
}
