namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Finds what a device fills in where it has no samples: zeros, or the last value again. Such a run stands still, and it begins or ends
/// with a jump that a pulse does not make.
/// </summary>
internal static class PpgDropouts
{
    private const double LeastSeconds = 0.15;
    private const double StillSeconds = 1;
    private const double MostStill = 0.5;       // of a window: then the sensor is off, and its status says so
    private const double Jump = 6;              // times the mean change from sample to sample, runs left out

    /// <summary>Makes them missing (NaN) in <paramref name="samples"/>; a window that stands still for half of it or more stays as it
    /// is.</summary>
    public static void Remove(Span<float> samples, double rateHz)
    {
        var least = Math.Max(4, (int)(LeastSeconds * rateHz));
        int still = 0, inRuns = 0;
        for (var i = 0; TryNext(samples, least, ref i, out var run); i = run.End)
        {
            inRuns += run.End - run.Start;
            if (run.End - run.Start >= StillSeconds * rateHz)
                still += run.End - run.Start;
        }
        if (inRuns == 0 || still >= MostStill * samples.Length)
            return;
        var jump = Jump * MeanChange(samples, inRuns);
        for (var i = 0; TryNext(samples, least, ref i, out var run); i = run.End)
            if (ChangeBefore(samples, run.Start) > jump || ChangeBefore(samples, run.End) > jump)
                samples[run.Start..run.End].Fill(float.NaN);
    }

    /// <summary>The next run of <paramref name="least"/> equal samples or more that begins at <paramref name="from"/> or later.</summary>
    private static bool TryNext(ReadOnlySpan<float> samples, int least, ref int from, out (int Start, int End) run)
    {
        // A run of that length holds one of these pairs, so the others need no look.
        var floor = from;
        for (var i = from; i + 1 < samples.Length; i += least - 1)
        {
            if (samples[i] != samples[i + 1])
                continue;
            var (start, end) = (i, i + 2);
            while (start > floor && samples[start - 1] == samples[i])
                start--;
            while (end < samples.Length && samples[end] == samples[i])
                end++;
            if (end - start < least)
                continue;
            run = (start, end);
            return true;
        }
        run = default;
        return false;
    }

    private static double MeanChange(ReadOnlySpan<float> samples, int inRuns)
    {
        var sum = 0.0;
        for (var i = 1; i < samples.Length; i++)
            if (float.IsFinite(samples[i] - samples[i - 1]))
                sum += Math.Abs(samples[i] - samples[i - 1]);
        return sum / Math.Max(1, samples.Length - inRuns);
    }

    private static double ChangeBefore(ReadOnlySpan<float> samples, int at) =>
        at > 0 && at < samples.Length && float.IsFinite(samples[at] - samples[at - 1]) ? Math.Abs(samples[at] - samples[at - 1]) : 0;
}
