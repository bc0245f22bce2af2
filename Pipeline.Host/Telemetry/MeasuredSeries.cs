namespace Pipeline.Host.Telemetry;

/// <summary>One series: its tags, and its value or its buckets. Thread-safe without a lock.</summary>
/// <param name="tags">Owned by the series.</param>
/// <param name="bounds">Upper bounds of the buckets, ascending; none for a plain value.</param>
internal sealed class MeasuredSeries(KeyValuePair<string, object?>[] tags, double[] bounds)
{
    private readonly long[] _buckets = new long[bounds.Length + 1];
    private double _value;

    public ReadOnlySpan<KeyValuePair<string, object?>> Tags => tags;

    /// <summary>Upper bounds of the buckets, +∞ left out.</summary>
    public ReadOnlySpan<double> Bounds => bounds;

    /// <summary>The value, or the sum of what was observed.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Values in all buckets.</summary>
    public long Count => Enumerable.Range(0, _buckets.Length).Sum(CountOf);

    /// <summary>Values in bucket <paramref name="index"/> alone (not cumulative); the last one is +∞.</summary>
    public long CountOf(int index) => Interlocked.Read(ref _buckets[index]);

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double value)
    {
        var before = Volatile.Read(ref _value);
        for (double seen; (seen = Interlocked.CompareExchange(ref _value, before + value, before)) != before; before = seen)
        {
            // NaN is not equal to itself: a sum that became NaN stays so.
            if (double.IsNaN(seen))
                return;
        }
    }

    public void Observe(double value)
    {
        var index = 0;
        while (index < bounds.Length && value > bounds[index])
            index++;
        Interlocked.Increment(ref _buckets[index]);
        Add(value);
    }

    public bool HasTags(ReadOnlySpan<KeyValuePair<string, object?>> other)
    {
        if (other.Length != tags.Length)
            return false;
        for (var i = 0; i < tags.Length; i++)
            if (tags[i].Key != other[i].Key || !Equals(tags[i].Value, other[i].Value))
                return false;
        return true;
    }
}
