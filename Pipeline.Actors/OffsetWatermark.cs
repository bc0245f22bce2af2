namespace Pipeline.Actors;

/// <summary>
/// Up to where a shard's records are done with: the lowest offset that something still holds. Records are taken in ascending order; a
/// <see cref="Hold"/> stands for records whose output is not acknowledged (a batch under way, a record that waits for another attempt) by the
/// lowest of their offsets. Pure; one thread at a time; holds are few (batches in flight and stashed records), so they are searched.
/// </summary>
public sealed class OffsetWatermark
{
    private readonly List<Hold> _holds = [];
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
            var lowest = _lastTaken + 1;
            foreach (var hold in _holds)
                lowest = Math.Min(lowest, hold.Offset);
            return lowest > first ? lowest : null;
        }
    }

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
        var hold = new Hold(offset);
        _holds.Add(hold);
        return hold;
    }

    /// <summary>What <paramref name="from"/> held is now held by <paramref name="to"/>.</summary>
    public void Merge(Hold from, Hold to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        to.Offset = Math.Min(to.Offset, from.Offset);
        Close(from);
    }

    /// <summary>What the hold stood for is acknowledged.</summary>
    public void Close(Hold hold) => _holds.Remove(hold);

    /// <summary>Some records that are not done with.</summary>
    public sealed class Hold
    {
        internal Hold(long offset) => Offset = offset;

        /// <summary>The lowest of their offsets.</summary>
        public long Offset { get; internal set; }
    }
}
