using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;

namespace Pipeline.Host.Kafka;

/// <summary>
/// What a consumer's loop does about the patients' state: it has the state of a partition read before its shard begins, asks the shards for
/// checkpoints, has them committed together with the offset, and hands the last one over with the partition. On the consumer's thread.
/// </summary>
internal sealed class KeptState : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(3), Quickly = TimeSpan.FromSeconds(0.5);

    private readonly KafkaOptions _options;
    private readonly Partitions _shards;
    private readonly IShardLog _log;
    private readonly IConsumer<Null, SampleRecord> _consumer;
    private readonly StateMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly StandbyReader? _standby;
    private bool _isStandbyStale = true;
    private Task<(Guid Id, int Partitions)> _topic;
    private KafkaAdmin? _admin;     // which answered last; whoever asks takes it away meanwhile

    public KeptState(KafkaOptions options, Partitions shards, IConsumer<Null, SampleRecord> consumer, StateMetrics metrics, ILogger logger, TimeProvider time)
    {
        (_options, _shards, _consumer, _metrics, _logger, _time) = (options, shards, consumer, metrics, logger, time);
        _standby = options.Standby > 0 ? new StandbyReader(options, logger, time, metrics) : null;
        _log = options.LocalCheckpoints is { } local
            ? FileShardLog.Open(local.Folder, shards.Passive, logger, time)
            : new KafkaShardLog(options, () => consumer.ConsumerGroupMetadata, shards.Passive, logger, time, metrics, _standby)
            {
                SamplesTopic = IdOfTopicAsync,
            };
        _topic = FindTopicAsync();
    }

    /// <summary>Whether a shard's state is being read, as of the last look.</summary>
    public bool IsRestoring { get; private set; }

    /// <summary>What keeps the state from being read or kept; null when nothing does.</summary>
    public string? Fault => _log switch
    {
        KafkaShardLog kafka => kafka.Health.Fault,
        FileShardLog file => file.Fault,
        _ => null,
    };

    /// <summary>Begins to read the state of partitions that this process has been given, or whose topic was made anew.</summary>
    public void BeginRestore(IEnumerable<PartitionProgress> given)
    {
        IsRestoring = true;
        _topic = FindTopicAsync();      // it may have been made anew since the last time
        foreach (var progress in given)
            BeginRestore(progress);
    }

    private void BeginRestore(PartitionProgress progress)
    {
        progress.Topic = _topic;
        progress.Kept = new KeptShard(progress.Partition, _shards, _log, _options.CheckpointInterval, _time);
        progress.Kept.BeginRestore(RestoreAsync(progress, _metrics.Begin(progress.Partition), _topic));
    }

    /// <summary>
    /// Passes over a record that came before the partition's state was there: it is read again. The partition is paused meanwhile. True when
    /// there was such a need.
    /// </summary>
    public bool PassOver(PartitionProgress progress, long offset)
    {
        if (progress.Kept is not { IsRestoring: true })
            return false;
        if (progress.PassedOver is null)
            _consumer.Pause([At(progress.Partition)]);
        progress.PassedOver ??= offset;
        return true;
    }

    /// <summary>Begins the shards whose state is there, commits what is ready, and asks for checkpoints that are due.</summary>
    /// <exception cref="StateRefusedException">A snapshot cannot be read.</exception>
    public void Look(IReadOnlyCollection<PartitionProgress> owned)
    {
        if (_isStandbyStale)
            KeepOthersWarm(owned);
        foreach (var progress in owned)
            if (progress.Kept is { Restored: { } restored } kept)
                Begin(progress, kept, restored);
            else if (progress.Kept is { IsRestoring: false } running)
                running.Keep(_end.Token);
        IsRestoring = IsRestoring && owned.Any(progress => progress.Kept is { IsRestoring: true });
    }

    /// <summary>
    /// The partitions leave: their last checkpoints, and those under way, are committed, while <paramref name="patience"/> lasts; then nothing
    /// is any more.
    /// </summary>
    public void HandOver(IReadOnlyList<(PartitionProgress Progress, ShardCheckpoint? Last)> leaving, TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience, _time);
        var commits = leaving.Select(one => one.Progress.Kept?.CommitLastAsync(one.Last, enough.Token) ?? Task.CompletedTask).ToArray();
        Task.WhenAll(commits).GetAwaiter().GetResult();     // a rebalance handler is synchronous
        foreach (var (progress, _) in leaving)
            Revoke(progress);
    }

    /// <summary>From now on nothing of this ownership is committed.</summary>
    public void Revoke(PartitionProgress progress)
    {
        progress.Kept?.Revoke();
        _metrics.Forget(progress.Partition);
        _standby?.Return(progress.Partition);
        _isStandbyStale = true;
    }

    public void Dispose()
    {
        _end.Cancel();
        _log.DisposeAsync().AsTask().GetAwaiter().GetResult();  // the consumer's own thread
        _standby?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _topic.ContinueWith(_ => Interlocked.Exchange(ref _admin, null)?.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _end.Dispose();
    }

    private async Task<ShardRestore> RestoreAsync(PartitionProgress progress, IProgress<double> part, Task<(Guid Id, int Partitions)> topic)
    {
        var restore = await _log.AssignAsync(progress.Partition, progress.CommittedBefore, part, _end.Token).ConfigureAwait(false);
        await topic.ConfigureAwait(false);
        return restore;
    }

    private async Task<Guid> IdOfTopicAsync() => (await _topic.ConfigureAwait(false)).Id;

    /// <summary>The shards that do not run here are kept warm: one that comes is taken from there when its state is read.</summary>
    private void KeepOthersWarm(IReadOnlyCollection<PartitionProgress> owned)
    {
        if (!_topic.IsCompletedSuccessfully)
            return;
        _isStandbyStale = false;
        var running = owned.Where(progress => progress.Kept is { IsRestoring: false }).Select(progress => progress.Partition);
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

    private void Begin(PartitionProgress progress, KeptShard kept, ShardRestore restore)
    {
        if (restore.Refused.Count > 0)
            throw new StateRefusedException(_options.LocalCheckpoints?.Folder ?? _options.StateTopic, progress.Partition, restore.Refused);
        var topicId = progress.Topic!.GetAwaiter().GetResult().Id;   // the restore has waited for it
        var next = restore.NextOffset(topicId) ?? progress.PassedOver;
        if (next is { } offset && (progress.PassedOver is not null || progress.Expected != offset))
        {
            try
            {
                _consumer.Seek(new TopicPartitionOffset(At(progress.Partition), offset));
            }
            catch (KafkaException fault) when (fault.Error.Code == ErrorCode.Local_State)
            {
                return;     // not fetching yet: tried again at the next look
            }
            progress.GoTo(offset);
        }
        if (progress.PassedOver is not null)
            _consumer.Resume([At(progress.Partition)]);
        progress.PassedOver = null;
        kept.Begin(_options.SamplesTopic, topicId);
        _isStandbyStale = true;
        _logger.GoesOn(_options.SamplesTopic, progress.Partition, progress.Expected ?? -1, restore.Patients.Count + restore.KeptCount);
    }

    private TopicPartition At(int partition) => new(_options.SamplesTopic, partition);
}

/// <summary>The state of a partition holds snapshots that this program cannot read: it must not go on without them.</summary>
internal sealed class StateRefusedException(string topic, int partition, IReadOnlyList<RefusedSnapshot> refused)
    : InvalidOperationException($"{topic} partition {partition}: {string.Join("; ", refused.Take(3).Select(one => $"{one.Patient}: {one.Reason}"))}{(refused.Count > 3 ? $"; and {refused.Count - 3} more" : "")}. "
        + "A newer program wrote them, or they are damaged: run that program, or remove these records.");
