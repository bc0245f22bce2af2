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
    private double _spanSeconds = NormalIntervals.SpanSeconds;

    /// <summary>The thread's own.</summary>
    public static HrvSeries OfThread => _ofThread ??= new HrvSeries();

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
        Used = Math.Min(1, Used + interval / (1000 * _spanSeconds));
    }

    /// <summary>
    /// Leaves out the intervals that a misplaced, missed or false pulse makes: those further from the median of the eleven about them than
    /// 5.2 times the quartile deviation of that distance (Lipponen and Tarvainen 2019, https://doi.org/10.1080/03091902.2019.1640306), and
    /// than <paramref name="least"/> ms.
    /// </summary>
    public void DropMisplaced(double least)
    {
        const int reach = 5;
        const double deviations = 5.2;
        if (_count <= reach)
            return;
        Span<double> near = stackalloc double[2 * reach + 1];
        Span<double> distances = stackalloc double[_count];
        Span<double> sorted = stackalloc double[_count];
        for (var i = 0; i < _count; i++)
        {
            var from = Math.Clamp(i - reach, 0, Math.Max(0, _count - near.Length));
            var about = near[..Math.Min(near.Length, _count)];
            _intervals.AsSpan(from, about.Length).CopyTo(about);
            about.Sort();
            distances[i] = _intervals[i] - about[about.Length / 2];
        }
        distances.CopyTo(sorted);
        sorted.Sort();
        var most = Math.Max(least, deviations * (sorted[3 * _count / 4] - sorted[_count / 4]) / 2);
        var (kept, used, follows) = (0, 0.0, true);
        for (var i = 0; i < _count; i++)
        {
            follows &= _follows[i];     // a dropped one is followed by none
            if (Math.Abs(distances[i]) <= most)
            {
                (_ends[kept], _intervals[kept], _follows[kept]) = (_ends[i], _intervals[i], follows && kept > 0);
                used += _intervals[kept++] / (1000 * _spanSeconds);
                follows = true;
            }
            else
                follows = false;
        }
        (_count, Used) = (kept, Math.Min(1, used));
    }

    /// <summary>Makes it empty, for a span of so many seconds.</summary>
    public void Clear(double spanSeconds) => (_count, Used, Seen, _spanSeconds) = (0, 0, 0, spanSeconds);
}
