using System.Text;
using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Polly;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The process's one producer of transactions. Begin, snapshots, marks, offsets with the group's generation, commit; whatever fails on the way
/// is aborted and tried again, unless the group has moved on. On the committing thread alone.
/// </summary>
internal sealed class CheckpointTransactions(
    KafkaOptions options, string transactionalId, ShardLeases leases, Func<IConsumerGroupMetadata> membership, ClientHealth health, ILogger log, TimeProvider time,
    StateMetrics? metrics = null) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ResiliencePipeline<(int Waiting, Error? Error)> _untilSettled = BrokerBackoff.Create<(int Waiting, Error? Error)>(
        time, attempt => attempt.Error is not null,
        (attempt, delay) => log.CheckpointFailed(attempt.Waiting, attempt.Error!.Code, attempt.Error.Reason, delay));   // it failed: there is an error

    private IProducer<byte[], byte[]>? _producer;

    /// <summary>Commits all that wait in one transaction and tells each what became of it.</summary>
    public void Commit(List<WaitingCheckpoint> waiting, CancellationToken stop) =>
        // It blocks its thread, which is the caller's own.
        _untilSettled.Execute(static (call, _) => call.This.Attempt(call.Waiting), (This: this, Waiting: waiting), stop);

    /// <returns>The error when <c>Waiting</c> checkpoints have to be tried again; none when each was told what became of it.</returns>
    private (int Waiting, Error? Error) Attempt(List<WaitingCheckpoint> waiting)
    {
        var round = new CommitRound(leases, waiting);
        while (round.Next() is { Length: > 0 } checkpoints)
        {
            var began = time.GetTimestamp();
            try
            {
                if (!TryCommit(checkpoints))
                {
                    round.Note(CommitAttempt.LeaseEnded);
                    continue;
                }
                Measure(waiting, CheckpointFate.Committed, began);
                round.Note(CommitAttempt.Committed);
                health.NoteReached();
            }
            catch (KafkaException fault)
            {
                Recover(fault);
                var fate = IsFenced(fault.Error.Code) ? CheckpointFate.Fenced : CheckpointFate.Failed;
                Measure(waiting, fate, began);
                if (fate == CheckpointFate.Failed)
                {
                    round.Note(CommitAttempt.Failed);
                    health.Note(fault.Error);
                    return (checkpoints.Length, fault.Error);
                }
                log.Fenced(waiting.Count, fault.Error.Reason);
                round.Note(CommitAttempt.Fenced);
            }
        }
        return default;
    }

    public void Dispose() => _producer?.Dispose();

    private void Measure(List<WaitingCheckpoint> waiting, CheckpointFate fate, long began)
    {
        var took = time.GetElapsedTime(began);
        var (snapshots, bytes) = (waiting.Sum(one => one.Checkpoint.Changed.Count), waiting.Sum(one => one.Bytes));
        metrics?.NoteTransaction([.. waiting.Select(one => one.Checkpoint.Lease.Shard)], fate, snapshots, bytes, took);
        if (fate == CheckpointFate.Committed)
            log.Kept(waiting.Count, snapshots, bytes, (long)took.TotalMilliseconds);
    }

    /// <summary>False when a lease ended before the commit, and nothing is committed.</summary>
    private bool TryCommit(ShardCheckpoint[] checkpoints)
    {
        var producer = _producer ??= Build();
        producer.BeginTransaction();
        foreach (var checkpoint in checkpoints)
            Write(producer, checkpoint);
        var offsets = checkpoints.Select(c => new TopicPartitionOffset(options.SamplesTopic, c.Lease.Shard, c.Through.Offset + 1)).ToArray();
        var held = checkpoints.Select(c => c.Lease).ToArray();
        if (leases.While(held, membership) is { } member)
        {
            producer.SendOffsetsToTransaction(offsets, member, Patience);
            if (held.All(leases.IsStanding))
            {
                Finish(producer);
                return true;
            }
        }
        producer.AbortTransaction(Patience);
        return false;
    }

    private void Write(IProducer<byte[], byte[]> producer, ShardCheckpoint checkpoint)
    {
        foreach (var snapshot in checkpoint.Changed)
            Write(producer, checkpoint.Lease.Shard, new() { Key = Encoding.UTF8.GetBytes(snapshot.Patient.Value), Value = SnapshotCodec.Encode(snapshot) });
        foreach (var patient in checkpoint.Forgotten)
            Write(producer, checkpoint.Lease.Shard, new() { Key = Encoding.UTF8.GetBytes(patient.Value), Value = null! });     // a tombstone
        Write(producer, checkpoint.Lease.Shard, new()
        {
            Key = SnapshotCodec.MarkKey.ToArray(),
            Value = SnapshotCodec.EncodeMark(ShardMark.Of(checkpoint)),
            Headers = [new Header(ChangelogContent.WriterHeader, Encoding.UTF8.GetBytes(transactionalId))],
        });
    }

    private void Write(IProducer<byte[], byte[]> producer, int shard, Message<byte[], byte[]> message)
    {
        while (true)
        {
            try
            {
                producer.Produce(new TopicPartition(options.StateTopic, shard), message);
                return;
            }
            catch (ProduceException<byte[], byte[]> full) when (full.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Flush(BrokerBackoff.First);
            }
        }
    }

    /// <summary>A commit whose answer is late is asked for again: it may have happened.</summary>
    private static void Finish(IProducer<byte[], byte[]> producer)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                producer.CommitTransaction(Patience);
                return;
            }
            catch (KafkaRetriableException) when (attempt < 3)
            {
            }
        }
    }

    /// <summary>Brings the producer to where a new transaction can begin: aborts, or makes it anew.</summary>
    private void Recover(KafkaException fault)
    {
        if (_producer is not { } producer)
            return;
        try
        {
            if (fault is KafkaTxnRequiresAbortException)
            {
                producer.AbortTransaction(Patience);
                return;
            }
        }
        catch (KafkaException again)
        {
            health.Note(again.Error);
        }
        // A new producer with the same id ends what the old one left open.
        producer.Dispose();
        _producer = null;
    }

    private IProducer<byte[], byte[]> Build()
    {
        var producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Transactions(options, transactionalId, KafkaShardLog.TransactionTimeout))
            .SetErrorHandler((_, error) => health.Note(error))
            .SetLogHandler((_, message) => health.NoteLibrary(message))
            .Build();
        try
        {
            producer.InitTransactions(Patience);
        }
        catch (KafkaException)
        {
            producer.Dispose();
            throw;
        }
        return producer;
    }

    private static bool IsFenced(ErrorCode code) => code is ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.FencedInstanceId
        or ErrorCode.StaleMemberEpoch or ErrorCode.FencedMemberEpoch;
}
