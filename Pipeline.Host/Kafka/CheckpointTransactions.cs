using System.Text;
using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.State;
using Polly;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The process's one producer of transactions. Begin, snapshots, marks, offsets with the group's generation, commit; whatever fails on the way
/// is aborted and tried again, unless the group has moved on. On the committing thread alone.
/// </summary>
internal sealed class CheckpointTransactions(
    KafkaOptions options, string transactionalId, ShardLeases leases, Func<IConsumerGroupMetadata> membership, ClientHealth health, ILogger log, TimeProvider time,
    StateMetrics? metrics = null, Action<DeadLetter>? letters = null) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ResiliencePipeline<(int Waiting, Error? Error)> _untilSettled = BrokerBackoff.Create<(int Waiting, Error? Error)>(
        time, attempt => attempt.Error is not null,
        (attempt, delay) => log.CheckpointFailed(attempt.Waiting, attempt.Error!.Code, attempt.Error.Reason, delay));   // it failed: there is an error

    private readonly SnapshotLimit _limit = new(options, log, letters, metrics);
    private IProducer<byte[], byte[]>? _producer;
    private bool _isSingle;     // whether _producer sends each record in a batch of its own

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
                    if (_limit.TakeReports())
                        return (checkpoints.Length, new Error(ErrorCode.MsgSizeTooLarge, $"a snapshot is too large: {fault.Error.Reason}"));    // goes without it
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
        if (_producer is not null && _isSingle != _limit.IsSingle)
        {
            _producer.Dispose();
            _producer = null;
        }
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
                foreach (var checkpoint in checkpoints)
                    foreach (var snapshot in checkpoint.Changed)
                        _limit.NoteCommitted(snapshot);
                return true;
            }
        }
        producer.AbortTransaction(Patience);
        return false;
    }

    private void Write(IProducer<byte[], byte[]> producer, ShardCheckpoint checkpoint)
    {
        foreach (var snapshot in checkpoint.Changed)
            Write(producer, checkpoint.Lease.Shard, snapshot);
        foreach (var patient in checkpoint.Forgotten)
            Write(producer, checkpoint.Lease.Shard, new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(patient.Value), Value = null! });     // a tombstone
        Write(producer, checkpoint.Lease.Shard, new Message<byte[], byte[]>
        {
            Key = SnapshotCodec.MarkKey.ToArray(),
            Value = SnapshotCodec.EncodeMark(ShardMark.Of(checkpoint)),
            Headers = [new Header(ChangelogContent.WriterHeader, Encoding.UTF8.GetBytes(transactionalId))],
        });
    }

    /// <summary>Writes a snapshot, if it fits into a record.</summary>
    private void Write(IProducer<byte[], byte[]> producer, int shard, PatientSnapshot snapshot)
    {
        var message = new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(snapshot.Patient.Value), Value = SnapshotCodec.Encode(snapshot) };
        var size = message.Key.Length + message.Value.Length;
        if (!_limit.Takes(snapshot, size))
            return;
        try
        {
            Write(producer, shard, message, report =>
            {
                if (report.Error.Code == ErrorCode.MsgSizeTooLarge)
                    _limit.Report(snapshot, size);
            });
        }
        catch (ProduceException<byte[], byte[]> fault) when (fault.Error.Code == ErrorCode.MsgSizeTooLarge)
        {
            _limit.Refuse(snapshot, size, fault.Error.Reason);
        }
    }

    private void Write(IProducer<byte[], byte[]> producer, int shard, Message<byte[], byte[]> message, Action<DeliveryReport<byte[], byte[]>>? delivered = null)
    {
        while (true)
        {
            try
            {
                producer.Produce(new TopicPartition(options.StateTopic, shard), message, delivered);
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
        var settings = ClientSettings.Transactions(options, transactionalId, KafkaShardLog.TransactionTimeout);
        _isSingle = _limit.IsSingle;
        if (_isSingle)
            settings["batch.num.messages"] = "1";
        var producer = new ProducerBuilder<byte[], byte[]>(settings)
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
