namespace Pipeline.Models.Estimators.Hrv;

/// <summary>Normal-to-normal intervals of a span, as they are worked with: one a thread, used again and again.</summary>
internal sealed class HrvSeries
{
    [ThreadStatic]
    private static HrvSeries? _ofThread;

    private readonly double[] _ends = new double[NormalIntervals.Most];
    private readonly double[] _intervals = new double[NormalIntervals.Most];
    private readonly bool[] _follows = new bool[NormalIntervals.Most];
    private int _count;

    /// <summary>The thread's own.</summary>
    public static HrvSeries OfThread => _ofThread ??= new HrvSeries();

    /// <summary>Number of intervals.</summary>
    public int Count => _count;

    /// <summary>When each interval ends, s.</summary>
    public ReadOnlySpan<double> Ends => _ends.AsSpan(0, _count);

    /// <summary>The intervals, ms.</summary>
    public ReadOnlySpan<double> Intervals => _intervals.AsSpan(0, _count);

    /// <summary>Whether an interval begins where the one before it ends, so that the two are successive.</summary>
    public ReadOnlySpan<bool> Follows => _follows.AsSpan(0, _count);

    /// <summary>Part of the span, 0 to 1, that lies in the intervals.</summary>
    public double Used { get; private set; }

    /// <summary>Part of the span, 0 to 1, that lies between beats at all.</summary>
    public double Seen { get; set; }

    /// <summary>Adds an interval in ms that ends at <paramref name="end"/> (s).</summary>
    public void Add(double end, double interval, bool follows)
    {
        (_ends[_count], _intervals[_count]) = (end, interval);
        _follows[_count] = follows && _count > 0;
        _count++;
        Used = Math.Min(1, Used + interval / (1000 * NormalIntervals.SpanSeconds));
    }

    /// <summary>Makes it empty.</summary>
    public void Clear() => (_count, Used, Seen) = (0, 0, 0);
}
