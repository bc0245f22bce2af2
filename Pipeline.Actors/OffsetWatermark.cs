namespace Pipeline.Actors;

/// <summary>
/// Up to where a shard's records are done with: the lowest offset that something still holds. Records are taken in ascending order; a
/// <see cref="Hold"/> stands for records whose output is not acknowledged (a batch under way, a record that waits for another attempt, a window that a network is asked about) by the
/// lowest of their offsets. Pure; one thread at a time; every operation costs the logarithm of the holds at most.
/// </summary>
public sealed class OffsetWatermark
{
    private readonly SortedSet<Hold> _holds = new(Comparer<Hold>.Create((a, b) => (a.Offset, a.Number).CompareTo((b.Offset, b.Number))));
    private long _holdCount;
    private long? _firstTaken;
    private long _lastTaken;

    /// <summary>
    /// The offset at which a new owner of the shard would have to begin: every record before it is done with. Null while that is the first
    /// record taken, or none was taken.
    /// </summary>
    public long? Committable
    {
        get
        {
            if (_firstTaken is not { } first)
                return null;
            var lowest = LowestHeld is { } held ? Math.Min(held, _lastTaken + 1) : _lastTaken + 1;
            return lowest > first ? lowest : null;
        }
    }

    /// <summary>The lowest offset that is held; null when none is.</summary>
    public long? LowestHeld => _holds.Min?.Offset;

    /// <summary>Records up to <paramref name="offset"/> were taken. Whoever is not done with one of them has opened its hold before.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is not greater than the last.</exception>
    public void Take(long first, long offset)
    {
        if (_firstTaken is not null)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(first, _lastTaken);
        _firstTaken ??= first;
        _lastTaken = offset;
    }

    /// <summary>Begins to hold <paramref name="offset"/> and all after it.</summary>
    public Hold Open(long offset)
    {
        var hold = new Hold(offset, _holdCount++);
        _holds.Add(hold);
        return hold;
    }

    /// <summary>What <paramref name="from"/> held is now held by <paramref name="to"/>.</summary>
    public void Merge(Hold from, Hold to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        Close(from);
        if (from.Offset >= to.Offset)
            return;
        _holds.Remove(to);
        to.Offset = from.Offset;
        _holds.Add(to);
    }

    /// <summary>What the hold stood for is acknowledged.</summary>
    public void Close(Hold hold) => _holds.Remove(hold);

    /// <summary>Some records that are not done with.</summary>
    public sealed class Hold
    {
        internal Hold(long offset, long number) => (Offset, Number) = (offset, number);

        /// <summary>The lowest of their offsets.</summary>
        public long Offset { get; internal set; }

        /// <summary>Tells holds of the same offset apart.</summary>
        internal long Number { get; }
    }
}
