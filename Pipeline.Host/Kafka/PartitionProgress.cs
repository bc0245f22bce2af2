using Pipeline.Actors;

namespace Pipeline.Host.Kafka;

/// <summary>Where the source stands in one partition that it owns. Used by the consumer's thread alone.</summary>
internal sealed class PartitionProgress(int partition, long? expected)
{
    public int Partition { get; } = partition;

    /// <summary>Offset that comes next when no record is missing; null before the first record of a group that never committed.</summary>
    public long? Expected { get; private set; } = expected;

    /// <summary>The group's offset when the partition came; 0 when it had none, null when the brokers did not say.</summary>
    public long? CommittedBefore { get; init; }

    /// <summary>Offset after the last record that was placed in the mailbox; null when none was.</summary>
    public long? Posted { get; private set; }

    /// <summary>Records up to this one that come again are repetitions.</summary>
    public long RepeatsUpTo { get; set; } = -1;

    /// <summary>The last offset that was given to the client to commit, or was committed with the state.</summary>
    public long? Stored
    {
        get => Owned?.Committed ?? field;
        set;
    }

    /// <summary><see cref="OwnedPartition.ReadyCount"/> when it was begun last; 0 before.</summary>
    public int BegunCount { get; set; }

    /// <summary>Whether the consumer has to go to where the partition's state ends before a record is handed over.</summary>
    public bool MustSeek { get; set; } = true;

    /// <summary>Its graph and its state.</summary>
    public OwnedPartition? Owned { get; set; }

    /// <summary>The last offset that was given to the client to commit, where no transaction does it.</summary>
    public long? GivenOffset { get; set; }

    /// <summary>Id and partitions of the topic as it was when the partition came; null where no state is kept.</summary>
    public Task<(Guid Id, int Partitions)>? Topic { get; set; }

    /// <summary>Offset of the first record that came while the state was being read, and was passed over; it is read again.</summary>
    public long? PassedOver { get; set; }

    /// <summary>Records that found the mailbox full, in order; the partition is paused while there are any.</summary>
    public Queue<ShardRecord> Held { get; } = new();

    public bool IsPaused { get; set; }

    /// <summary>The next record comes after this one.</summary>
    public void NoteRead(long offset) => Expected = offset + 1;

    /// <summary>The next record is <paramref name="offset"/>, wherever one was before.</summary>
    public void GoTo(long offset) => Expected = offset;

    public void NotePosted(long offset) => Posted = offset + 1;
}
