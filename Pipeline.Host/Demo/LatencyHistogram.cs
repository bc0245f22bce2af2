namespace Pipeline.Host.Demo;

/// <summary>Durations counted in buckets that grow by 1 %, from 1 µs to 1,000 s: percentiles within 1 %, fixed memory, thread-safe.</summary>
internal sealed class LatencyHistogram
{
    private const double Growth = 1.01;
    private const double LeastSeconds = 1e-6;

    private static readonly double LogGrowth = Math.Log(Growth);
    private readonly long[] _counts = new long[(int)Math.Ceiling(Math.Log(1_000 / LeastSeconds) / LogGrowth) + 1];

    /// <summary>How many were counted.</summary>
    public long Count => _counts.Sum();

    /// <summary>Counts one; one that is shorter or longer than the range counts at its end.</summary>
    public void Record(TimeSpan latency)
    {
        var bucket = (int)Math.Clamp(Math.Log(Math.Max(latency.TotalSeconds, LeastSeconds) / LeastSeconds) / LogGrowth, 0, _counts.Length - 1);
        Interlocked.Increment(ref _counts[bucket]);
    }

    /// <summary>The duration that the part <paramref name="rank"/> (0 to 1) of all does not exceed, rounded up by 1 % at most; null without any.</summary>
    public TimeSpan? Percentile(double rank)
    {
        var counts = (long[])_counts.Clone();
        var total = counts.Sum();
        if (total == 0)
            return null;
        var wanted = Math.Max(1, (long)Math.Ceiling(rank * total));
        var bucket = 0;
        for (long below = counts[0]; below < wanted; below += counts[bucket])
            bucket++;
        return TimeSpan.FromSeconds(LeastSeconds * Math.Pow(Growth, bucket + 1));
    }
}
