using Pipeline.Actors;

namespace Pipeline.Host.Kafka;

/// <summary>Where the source stands in one partition that it owns. Used by the consumer's thread alone.</summary>
internal sealed class PartitionProgress(int partition, long? expected)
{
    private long? _first;               // record that was read, whether or not it was passed over
    private long _repeatsUpTo = -1;     // records up to this one that come again are repetitions
    private (long Expected, long Found)? _doubted;  // the hole that the consumer went back for, to see whether the log has records in it
    private int _begunCount;            // OwnedPartition.ReadyCount when the graph was started last
    private int _soughtCount;           // the same when the consumer went to where the state ends

    public int Partition { get; } = partition;

    /// <summary>Offset that comes next when no record is missing; null before the first record of a group that never committed.</summary>
    public long? Expected { get; private set; } = expected;

    /// <summary>The group's offset when the partition came; 0 when it had none, null when the brokers did not say.</summary>
    public long? CommittedBefore { get; init; }

    /// <summary>Offset after the last record that was placed in the mailbox; null when none was.</summary>
    public long? Posted { get; private set; }

    /// <summary>The last offset that was given to the client to commit, or was committed with the state.</summary>
    public long? Stored
    {
        get => Owned?.Committed ?? field;
        set;
    }

    /// <summary>Its graph and its state.</summary>
    public OwnedPartition? Owned { get; set; }

    /// <summary>The last offset that was given to the client to commit, where no transaction does it.</summary>
    public long? GivenOffset { get; set; }

    /// <summary>Id and partitions of the topic as it was when the partition came; null where no state is kept.</summary>
    public Task<(Guid Id, int Partitions)>? Topic { get; set; }

    /// <summary>Offset of the first record that came before the consumer stood where the state ends, and was passed over; it is read again.</summary>
    public long? PassedOver { get; private set; }

    /// <summary>Whether the state was read, and its graph is to be started.</summary>
    public bool IsToBegin => Owned is { Phase: PartitionPhase.Ready } owned && owned.ReadyCount != _begunCount;

    /// <summary>Whether the graph runs, and the consumer has to go to <see cref="SeekTo"/>.</summary>
    public bool IsToSeek => Owned is { Phase: PartitionPhase.Running } && !IsAtState;

    /// <summary>
    /// Where the consumer has to go; null when it stands there. A state without a mark of this topic says nothing: the first record that was read is the one to
    /// begin with, then and whenever the graph starts again.
    /// </summary>
    public long? SeekTo => (Owned?.NextOffset ?? _first) is { } offset && (PassedOver is not null || Expected != offset) ? offset : null;

    /// <summary>Whether the consumer has gone to where the state ends that was read last: what it reads, and what is held, follows.</summary>
    private bool IsAtState => Owned is { ReadyCount: > 0 } owned && owned.ReadyCount == _soughtCount;

    /// <summary>Records that found the mailbox full, in order; the partition is paused while there are any.</summary>
    public Queue<ShardRecord> Held { get; } = new();

    public bool IsPaused { get; set; }

    /// <summary>What keeps its next record from being read, while it does; null when nothing is known to.</summary>
    public PartitionFault? Fault { get; private set; }

    /// <summary>Its next record could not be read at <paramref name="timestamp"/>: a hole that shows now may have records in it.</summary>
    public void NoteFault(string reason, long timestamp)
    {
        Fault = new PartitionFault(reason, timestamp);
        _doubted = null;
    }

    /// <summary>A fault that has not come again for long is over, though no record shows it.</summary>
    public void ForgetFault() => Fault = null;

    /// <summary>Starts the graph.</summary>
    public void Begin()
    {
        var owned = Owned ?? throw new InvalidOperationException($"Partition {Partition} is not assigned.");
        _begunCount = owned.ReadyCount;
        owned.Begin();
    }

    /// <summary>The consumer stands at <see cref="SeekTo"/>: what was held from before comes again.</summary>
    public void NoteSought()
    {
        Expected = SeekTo ?? Expected;
        PassedOver = null;
        Held.Clear();
        _soughtCount = _begunCount;
    }

    /// <summary>
    /// Whether a record is to be passed over, since the consumer does not stand where the state ends: it is read again. <paramref name="isFirst"/>: none was before
    /// it, and the partition is to be paused.
    /// </summary>
    public bool PassOver(long offset, out bool isFirst)
    {
        isFirst = false;
        if (IsAtState)
            return false;
        isFirst = PassedOver is null;
        PassedOver ??= offset;
        _first ??= offset;
        return true;
    }

    /// <summary>
    /// Hands the first of some records over, as many as there is room for, and returns how many; none before <see cref="NoteSought"/>: a graph that has just
    /// started again takes no record that was read before.
    /// </summary>
    public int Offer(ReadOnlySpan<ShardRecord> records)
    {
        var posted = IsAtState ? Owned!.Offer(records) : 0;     // there is one at its state
        if (posted > 0)
            Posted = records[posted - 1].Offset + 1;
        return posted;
    }

    /// <summary>
    /// Judges a record that came, by its offset. <paramref name="there"/>: the lowest offset of the partition and the one behind its last record; asked for when
    /// it matters.
    /// </summary>
    public RecordGap FindGap(long found, Func<(long Low, long High)> there)
    {
        if (Expected is not { } expected || found == expected)
            return RecordGap.None;
        if (found < expected && found <= _repeatsUpTo)
            return RecordGap.Repeated;
        var (low, high) = there();
        if (found > expected && low > expected)
            return RecordGap.Retention;
        if (found > expected)
        {
            var isSeenAgain = _doubted == (expected, found);
            _doubted = (expected, found);
            return isSeenAgain ? RecordGap.Hole : RecordGap.Doubtful;
        }
        if (high < expected)
            return RecordGap.NewTopic;
        _repeatsUpTo = expected - 1;
        return RecordGap.WentBack;
    }

    /// <summary>The next record comes after this one.</summary>
    public void NoteRead(long offset)
    {
        Expected = offset + 1;
        _first ??= offset;
        (Fault, _doubted) = (null, null);
    }
}

/// <summary>What is between the record that was expected and the one that came.</summary>
internal enum RecordGap
{
    /// <summary>Nothing: it is the next one.</summary>
    None,

    /// <summary>Offsets that no record has, as a transaction's marker leaves them: read twice, without a fault in between.</summary>
    Hole,

    /// <summary>Offsets that were not read, and that the log may have: they are to be read again.</summary>
    Doubtful,

    /// <summary>Records that the broker has deleted by now.</summary>
    Retention,

    /// <summary>The record is a repetition, the first of some: it is not to be taken.</summary>
    WentBack,

    /// <summary>A further repetition.</summary>
    Repeated,

    /// <summary>The topic ends before the record that was expected: it was made anew.</summary>
    NewTopic,
}

/// <summary>Why a partition's next record cannot be read.</summary>
/// <param name="Reason">For a person.</param>
/// <param name="At">When it was seen last, by <see cref="TimeProvider.GetTimestamp"/>.</param>
internal readonly record struct PartitionFault(string Reason, long At);
