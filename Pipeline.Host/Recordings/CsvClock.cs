namespace Pipeline.Host.Recordings;

/// <summary>How the rows of a CSV recording lie in time.</summary>
internal enum CsvTiming
{
    /// <summary>Each row is the next sample; a jump of the time column is a gap.</summary>
    Even,

    /// <summary>Rows come when they come (camera frames): they are interpolated onto an even grid.</summary>
    Uneven,
}

/// <summary>
/// Rate and regularity of a time column, judged by its first ten seconds alone, so that what follows later cannot change what was said
/// before. The rate is the slope of a least-squares line through the times; it is taken as the nearest common rate where it fits that.
/// </summary>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Timing">Whether rows are samples.</param>
/// <param name="SlackSamples">How far, in samples, the time of an even row may lie from its place before it is a gap.</param>
internal sealed record CsvClock(double RateHz, CsvTiming Timing, double SlackSamples)
{
    /// <summary>Seconds of the column that are judged.</summary>
    public const double JudgedSeconds = 10;

    /// <summary>Whether its times are coarser than its rows.</summary>
    public bool IsCoarse { get; private init; }

    private const double MinPackets = 0.01;        // of the steps, those from one packet to the next
    private const double EvenTolerance = 0.3;      // of an interval, between a row's time and the line
    public const double GapIntervals = 2.5;       // rows further apart than this do not belong to one run

    /// <summary>Judges ascending times in seconds; false when they hold no rate.</summary>
    public static bool TryJudge(IReadOnlyList<double> seconds, out CsvClock clock)
    {
        clock = new(0, CsvTiming.Even, 1.5);
        if (seconds.Count < 2 || seconds[^1] <= seconds[0])
            return false;
        var steps = seconds.Zip(seconds.Skip(1), (a, b) => b - a).ToList();
        // A clock coarser than the samples repeats itself: rows are even, only their times are rounded. So are those of samples that come
        // in packets and bear the time at which each was taken out of one.
        var (mean, median) = ((seconds[^1] - seconds[0]) / steps.Count, steps.Order().ElementAt(steps.Count / 2));
        var isCoarse = steps.Any(step => step == 0)
            || (mean > 2 * median && steps.Count(step => step > GapIntervals * median) > MinPackets * steps.Count);
        var typical = isCoarse ? mean : median;
        var (start, count) = LongestRun(steps, Math.Max(typical, steps.Max() * (isCoarse ? 1 : 0)) * GapIntervals);
        if (count < 2)
            return false;
        var (slope, residual) = Line(seconds, start, count);
        if (!(slope > 0) || !double.IsFinite(1 / slope))
            return false;
        var isEven = isCoarse || residual <= EvenTolerance * slope;
        clock = isEven
            ? new(Snapped(1 / slope, residual / (slope * count)), CsvTiming.Even, Math.Max(1.5, 2 * residual / slope))
            {
                IsCoarse = isCoarse,
            }
            : new(Math.Max(1, Math.Round(1 / typical)), CsvTiming.Uneven, 0);
        return true;
    }

    private static (int Start, int Count) LongestRun(List<double> steps, double limit)
    {
        var (best, bestCount, start) = (0, 0, 0);
        for (var i = 0; i <= steps.Count; i++)
            if (i == steps.Count || steps[i] > limit)
            {
                if (i - start + 1 > bestCount)
                    (best, bestCount) = (start, i - start + 1);
                start = i + 1;
            }
        return (best, bestCount);
    }

    /// <summary>Slope (seconds a row) of the least-squares line and the greatest distance (seconds) from it.</summary>
    private static (double Slope, double Residual) Line(IReadOnlyList<double> seconds, int start, int count)
    {
        var (mid, mean) = ((count - 1) / 2.0, 0.0);
        for (var i = 0; i < count; i++)
            mean += seconds[start + i] / count;
        double covariance = 0, variance = 0;
        for (var i = 0; i < count; i++)
        {
            covariance += (i - mid) * (seconds[start + i] - mean);
            variance += (i - mid) * (i - mid);
        }
        var slope = covariance / variance;
        var residual = 0.0;
        for (var i = 0; i < count; i++)
            residual = Math.Max(residual, Math.Abs(seconds[start + i] - mean - slope * (i - mid)));
        return (slope, residual);
    }

    /// <summary>The whole, half or quarter rate that the times cannot tell from <paramref name="rate"/>.</summary>
    private static double Snapped(double rate, double relativeError)
    {
        foreach (var step in (ReadOnlySpan<double>)[1, 0.5, 0.25])
        {
            var near = Math.Round(rate / step) * step;
            if (near > 0 && Math.Abs(rate - near) <= Math.Max(1e-6, relativeError) * rate)
                return near;
        }
        return rate;
    }
}
