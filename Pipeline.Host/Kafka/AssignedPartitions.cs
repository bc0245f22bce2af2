using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The partitions that a consumer owns, with their state: assigns them, lets each begin when its state is there and the consumer stands where that ends, and
/// hands them over. On the consumer's thread.
/// </summary>
internal sealed class AssignedPartitions : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(3), Quickly = TimeSpan.FromSeconds(0.5);

    private readonly KafkaOptions _options;
    private readonly Partitions _partitions;
    private readonly IShardLog _log;
    private readonly IConsumer<Null, RawRecord> _consumer;
    private readonly Func<RecordDecoder> _decoder;
    private readonly StateMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly StandbyReader? _standby;
    private readonly StatePartitions _statePartitions;
    private bool _isStandbyStale = true;
    private Task<(Guid Id, int Partitions)> _topic;
    private KafkaAdmin? _admin;     // which answered last; whoever asks takes it away meanwhile

    public AssignedPartitions(SourceParts parts, Partitions partitions, IConsumer<Null, RawRecord> consumer, Func<RecordDecoder> decoder)
    {
        _decoder = decoder;
        (_options, _partitions, _consumer, _metrics, _logger, _time) = (parts.Options, partitions, consumer, parts.Metrics.State, parts.Log, parts.Time);
        var letters = parts.Letters;
        _standby = _options.Standby > 0 ? new StandbyReader(_options, _logger, _time, _metrics) : null;
        _log = _options.LocalCheckpoints is { } local
            ? FileShardLog.Open(local.Folder, partitions.Passive, _logger, _time)
            : new KafkaShardLog(_options, () => consumer.ConsumerGroupMetadata, partitions.Passive, _logger, _time, _metrics, _standby, letters)
            {
                SamplesTopic = IdOfTopicAsync,
            };
        _statePartitions = new StatePartitions(_options, _logger, _time);
        _topic = FindTopicAsync();
    }

    /// <summary>Whether the state of a partition is being read, as of the last look.</summary>
    public bool IsRestoring { get; private set; }

    /// <summary>What keeps the state from being read or kept; null when nothing does.</summary>
    public string? Fault => _log switch
    {
        KafkaShardLog kafka => _statePartitions.Fault ?? kafka.Health.Fault,
        FileShardLog file => file.Fault,
        _ => null,
    };

    /// <summary>Takes partitions that this process has been given, or whose topic was made anew: their state is read first.</summary>
    public void Take(IEnumerable<PartitionProgress> given)
    {
        IsRestoring = true;
        _topic = FindTopicAsync();      // it may have been made anew since the last time
        foreach (var progress in given)
        {
            var topic = progress.Topic = _topic;
            progress.Owned = _partitions.Assign(new PartitionAssignment(
                progress.Partition, _options.SamplesTopic, _log, _options.CheckpointInterval,
                (committed, stop) => RestoreAsync(progress.Partition, committed ?? progress.CommittedBefore, topic, stop))
            {
                Decoder = _decoder(),
            });
        }
    }

    /// <summary>
    /// Passes over a record that came before the partition could take any: it is read again. The partition is paused meanwhile. True when
    /// there was such a need.
    /// </summary>
    public bool PassOver(PartitionProgress progress, long offset)
    {
        if (!progress.PassOver(offset, out var isFirst))
            return false;
        if (isFirst)
            _consumer.Pause([At(progress.Partition)]);
        return true;
    }

    /// <summary>Begins the partitions whose state is there.</summary>
    /// <exception cref="StateRefusedException">A snapshot cannot be read.</exception>
    public void Look(IReadOnlyCollection<PartitionProgress> owned)
    {
        if (_isStandbyStale)
            KeepOthersWarm(owned);
        var restoring = false;
        foreach (var progress in owned)
        {
            if (progress.Owned is not { } partition)
                continue;
            if (partition.Refused.Count > 0)
                throw new StateRefusedException(_options.StateTopic, progress.Partition, partition.Refused);
            if (progress.IsToBegin)
            {
                progress.Begin();
                _isStandbyStale = true;
            }
            else if (progress.IsToSeek)
                Seek(progress, partition);
            restoring |= progress.IsToSeek || partition.Phase is PartitionPhase.Restoring or PartitionPhase.Ready;
        }
        IsRestoring = restoring;
    }

    /// <summary>
    /// The partitions leave: what was taken is finished and their last checkpoints are committed, while <paramref name="patience"/> lasts; then nothing
    /// is any more.
    /// </summary>
    public void HandOver(IReadOnlyCollection<PartitionProgress> leaving, TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience, _time);
        // A rebalance handler is synchronous; this is the consumer's own thread, and the graphs run on others.
        Task.WhenAll(leaving.Select(progress => progress.Owned?.DrainAsync(enough.Token) ?? Task.CompletedTask)).GetAwaiter().GetResult();
        foreach (var progress in leaving)
            Forget(progress);
    }

    /// <summary>The group has given the partitions to another: from now on nothing of this ownership is committed.</summary>
    public void Revoke(IReadOnlyCollection<PartitionProgress> lost)
    {
        foreach (var progress in lost)
            progress.Owned?.Revoke();
        Task.WhenAll(lost.Select(progress => progress.Owned?.Ended ?? Task.CompletedTask)).GetAwaiter().GetResult();    // as above
        foreach (var progress in lost)
            Forget(progress);
    }

    public void Dispose()
    {
        _end.Cancel();
        var ending = _log.DisposeAsync().AsTask();
        // The consumer's own thread. A producer that was fenced, or whose broker is away, may take half a minute to end: its leases have ended, so nothing more is committed.
        if (_log is KafkaShardLog && Task.WhenAny(ending, Task.Delay(Patience, _time)).GetAwaiter().GetResult() != ending)
            _logger.CheckpointsEndLate(Patience);
        else
            ending.GetAwaiter().GetResult();
        _standby?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _statePartitions.Dispose();
        _topic.ContinueWith(_ => Interlocked.Exchange(ref _admin, null)?.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _end.Dispose();
    }

    private void Forget(PartitionProgress progress)
    {
        _metrics.Forget(progress.Partition);
        _standby?.Return(progress.Partition);
        _isStandbyStale = true;
    }

    private async Task<(ShardRestore State, Guid TopicId)> RestoreAsync(int partition, long? committed, Task<(Guid Id, int Partitions)> topic, CancellationToken stop)
    {
        // Beside the reading, which waits for a partition that is not there yet.
        var grown = _log is KafkaShardLog ? _statePartitions.EnsureAsync(partition, topic, stop) : Task.CompletedTask;
        var restored = await _log.AssignAsync(partition, committed, _metrics.Begin(partition), stop).ConfigureAwait(false);
        await grown.ConfigureAwait(false);
        return (restored, (await topic.ConfigureAwait(false)).Id);
    }

    private async Task<Guid> IdOfTopicAsync() => (await _topic.ConfigureAwait(false)).Id;

    /// <summary>The shards that do not run here are kept warm: one that comes is taken from there when its state is read.</summary>
    private void KeepOthersWarm(IReadOnlyCollection<PartitionProgress> owned)
    {
        if (!_topic.IsCompletedSuccessfully)
            return;
        _isStandbyStale = false;
        var running = owned.Where(progress => progress.Owned is { Phase: PartitionPhase.Running }).Select(progress => progress.Partition);
        _standby?.Keep(Enumerable.Range(0, _topic.GetAwaiter().GetResult().Partitions).Except(running));    // completed
    }

    private async Task<(Guid Id, int Partitions)> FindTopicAsync()
    {
        if (_options.LocalCheckpoints is { } local)
            return (local.TopicId, _options.Partitions);
        var end = _end.Token;
        while (true)
        {
            // A client that is connected answers at once, a new one after a fifth of a second; one that has lost its broker may take minutes.
            var known = Interlocked.Exchange(ref _admin, null);
            var admin = known ?? new KafkaAdmin(_options, _time);
            try
            {
                if (await admin.TopicAsync(_options.SamplesTopic).WaitAsync(known is null ? Patience : Quickly, _time, end).ConfigureAwait(false) is { } topic)
                {
                    admin = Interlocked.Exchange(ref _admin, admin);
                    return topic;
                }
            }
            catch (KafkaException)
            {
                // The consumer says that the brokers are away.
            }
            catch (TimeoutException)
            {
                // Asked again, of whoever answers then.
            }
            finally
            {
                admin?.Dispose();
            }
            if (known is null)
                await Task.Delay(Retry, _time, end).ConfigureAwait(false);
        }
    }

    /// <summary>The graph runs: the consumer goes to where the state ends, and its records are handed over from there on.</summary>
    private void Seek(PartitionProgress progress, OwnedPartition partition)
    {
        if (progress.SeekTo is { } offset)
        {
            try
            {
                _consumer.Seek(new TopicPartitionOffset(At(progress.Partition), offset));
            }
            catch (KafkaException fault) when (fault.Error.Code == ErrorCode.Local_State)
            {
                return;     // not fetching yet: tried again at the next look
            }
        }
        if (progress.PassedOver is not null)
            _consumer.Resume([At(progress.Partition)]);
        progress.NoteSought();
        _logger.GoesOn(_options.SamplesTopic, progress.Partition, progress.Expected ?? -1, partition.RestoredCount);
    }

    private TopicPartition At(int partition) => new(_options.SamplesTopic, partition);
}

/// <summary>The state of a partition holds snapshots that this program cannot read: it must not go on without them.</summary>
internal sealed class StateRefusedException(string topic, int partition, IReadOnlyList<RefusedSnapshot> refused)
    : InvalidOperationException($"{topic} partition {partition}: {string.Join("; ", refused.Take(3).Select(one => $"{one.Patient}: {one.Reason}"))}{(refused.Count > 3 ? $"; and {refused.Count - 3} more" : "")}. "
        + "A newer program wrote them, or they are damaged: run that program, or remove these records.");
