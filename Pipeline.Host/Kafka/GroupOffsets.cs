using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The group's offsets of one consumer: where it stands, what may be committed, what became of it. On the consumer's thread. A commit that fails
/// is counted and said, never thrown: the records since the last one are then read again, by whoever owns them.
/// </summary>
internal sealed class GroupOffsets(IConsumer<Null, RawRecord> consumer, string topic, ClientHealth health, KafkaMetrics metrics, ILogger log)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    // While the group waits for a dead member, nobody leaves it: more than a session.
    private static readonly TimeSpan LeavePatience = KafkaOptions.DefaultSession + TimeSpan.FromSeconds(2);

    // Brokers do not say while a dead process's transaction is open, and the consumer's other partitions wait meanwhile. Who is not told sees to that transaction where it matters.
    private static readonly TimeSpan CommittedPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>Gives an offset to the client, whose own thread commits it on its interval: nothing here waits for a broker.</summary>
    public void Store(PartitionProgress progress, long offset)
    {
        try
        {
            consumer.StoreOffset(new TopicPartitionOffset(topic, progress.Partition, offset));
            progress.GivenOffset = progress.Stored = offset;
        }
        catch (KafkaException fault) when (fault.Error.Code == ErrorCode.Local_State)
        {
            // The partition is being taken away: its handler, which runs next, commits.
        }
    }

    /// <summary>
    /// Where the group stands, whatever transactions are about to add to that; null when the brokers do not say, of some partition with an open transaction
    /// perhaps. A first record after that offset means that the broker deleted some.
    /// </summary>
    public Dictionary<int, long>? Committed(List<TopicPartition> partitions)
    {
        try
        {
            return consumer.Committed(partitions, CommittedPatience).Where(at => !at.Offset.IsSpecial)
                .ToDictionary(at => at.Partition.Value, at => at.Offset.Value);
        }
        catch (KafkaException fault)
        {
            health.Note(fault.Error);
            return null;
        }
    }

    /// <summary>Commits now, and waits for the answer.</summary>
    public void Commit(List<TopicPartitionOffset> offsets)
    {
        if (offsets.Count == 0)
            return;
        try
        {
            consumer.Commit(offsets);
        }
        catch (KafkaException fault)
        {
            // Illegal generation, unknown member, rebalance in progress, no broker: the new owner begins at the last commit, which repeats
            // some records and loses none.
            metrics.CommitFailures.Add(1);
            log.CommitFailed(fault.Error.Reason);
        }
    }

    /// <summary>
    /// Gives up the subscription, which a member with a name must do to leave: closing alone keeps its place for its return. Completes when the
    /// client has said so to the group, or the brokers do not answer.
    /// </summary>
    public void Leave(TimeProvider time)
    {
        var began = time.GetTimestamp();
        try
        {
            consumer.Unsubscribe();
            // The client leaves, and forgets its id, when its rebalance handlers, which it calls from within, have let everything go.
            while (!string.IsNullOrEmpty(consumer.MemberId) && time.GetElapsedTime(began) < LeavePatience)
                consumer.Consume(Moment);
        }
        catch (KafkaException fault)
        {
            log.CommitFailed(fault.Error.Reason);
        }
    }

    /// <summary>Leaves the group; the client calls the rebalance handlers from within.</summary>
    public void Close()
    {
        try
        {
            consumer.Close();
        }
        catch (KafkaException fault)
        {
            log.CommitFailed(fault.Error.Reason);
        }
    }

    /// <summary>What became of a commit of the client's own thread.</summary>
    public void NoteCommitted(CommittedOffsets committed)
    {
        var error = committed.Error.IsError ? committed.Error : committed.Offsets.FirstOrDefault(at => at.Error.IsError)?.Error;
        if (error is null)
        {
            health.NoteReached();
            return;
        }
        if (error.Code == ErrorCode.Local_NoOffset)
            return;
        metrics.CommitFailures.Add(1);
        log.CommitFailed(error.Reason);
    }
}
