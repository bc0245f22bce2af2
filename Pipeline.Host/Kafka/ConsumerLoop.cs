using Confluent.Kafka;
using Pipeline.Actors;

namespace Pipeline.Host.Kafka;

/// <summary>
/// One consumer's life, on one thread: reads, posts, pauses what is full, stores what may be committed, hands partitions over. All fields
/// are that thread's; the client calls the rebalance handlers on it, from within <c>Consume</c> and <c>Close</c>.
/// </summary>
internal sealed class ConsumerLoop : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1), Idle = TimeSpan.FromMilliseconds(100), LagEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromSeconds(5);

    private readonly KafkaOptions _options;
    private readonly Partitions _shards;
    private readonly ClientHealth _health;
    private readonly KafkaMetrics _metrics;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly IConsumer<Null, SampleRecord> _consumer;
    private readonly GroupOffsets _offsets;
    private readonly KeptState? _state;     // null: none is kept, offsets alone are committed
    private readonly TimeSpan _lookEvery;
    private readonly bool _hasPassingName;
    private readonly Dictionary<int, PartitionProgress> _owned = [];
    private readonly RecordRun _run;
    private readonly PartitionLags _partitionLags;
    private long _lookedAt, _lagAt, _readAtLook;
    private volatile PartitionLag[] _lags = [];

    public ConsumerLoop(
        KafkaOptions options, string passingName, Partitions shards, ClientHealth health, KafkaMetrics metrics, ILogger log, TimeProvider time, RecordDecoder decode)
    {
        _options = options;
        _shards = shards;
        _health = health;
        _metrics = metrics;
        _log = log;
        _time = time;
        _lookEvery = options.CommitInterval / 2 < Idle ? options.CommitInterval / 2 : Idle;
        var deserializer = new RecordDeserializer(decode);
        var settings = ClientSettings.Consumer(options, passingName);
        _hasPassingName = settings.GetValueOrDefault("group.instance.id") == passingName;
        _consumer = new ConsumerBuilder<Null, SampleRecord>(settings)
            .SetKeyDeserializer(deserializer)
            .SetValueDeserializer(deserializer)
            .SetErrorHandler((_, error) => health.Note(error))
            .SetLogHandler((_, message) => health.NoteLibrary(message))
            .SetStatisticsHandler((_, json) => health.NoteStatistics(json))
            .SetOffsetsCommittedHandler((_, committed) => _offsets!.NoteCommitted(committed))   // set below, before the first poll
            .SetPartitionsAssignedHandler((_, partitions) => TakeOver(partitions))
            .SetPartitionsRevokedHandler((_, positions) => HandOver([.. positions.Select(at => at.Partition.Value)]))
            .SetPartitionsLostHandler((_, positions) => Forget([.. positions.Select(at => at.Partition.Value)]))
            .Build();
        _run = new RecordRun(shards, _consumer, options.SamplesTopic, metrics, log);
        _partitionLags = new PartitionLags(options, _consumer, health, time);
        _offsets = new GroupOffsets(_consumer, options.SamplesTopic, health, metrics, log);
        if (options.CheckpointInterval > TimeSpan.Zero)
            _state = new KeptState(options, shards, _consumer, metrics.State, log, time);
    }

    public long ReadCount { get; private set; }

    /// <summary>A shard whose state is there begins at the next look: sooner than the others' work is due.</summary>
    private TimeSpan LookEvery => _state is { IsRestoring: true } ? Soon : _lookEvery;

    public IReadOnlyList<PartitionLag> Lags => _lags;

    /// <summary>What keeps the patients' state from being read or kept; null when nothing does.</summary>
    public string? StateFault => _state?.Fault;

    /// <summary>Runs until <paramref name="stop"/>, then hands everything over; or until the client fails for good, and answers why.</summary>
    public Error? Run(CancellationToken stop)
    {
        _consumer.Subscribe(_options.SamplesTopic);
        var sinceLook = 0;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // What was read is posted as soon as the client has nothing more at hand: a run shortens no one's wait.
                var wait = !_run.IsEmpty ? TimeSpan.Zero : _run.HoldsSome ? Moment : LookEvery;
                var result = _consumer.Consume((int)wait.TotalMilliseconds);
                if (result is { IsPartitionEOF: false })
                {
                    Take(result, stop);
                    if (++sinceLook < RecordRun.Length)
                        continue;
                }
                _run.Post(stop);
            }
            catch (ConsumeException fault)
            {
                _health.Note(fault.Error);
                if (fault.Error.IsFatal)
                {
                    Forget([.. _owned.Keys]);
                    return fault.Error;
                }
            }
            sinceLook = 0;
            Look();
        }
        _run.Post(stop);
        HandOver([.. _owned.Keys]);
        if (_hasPassingName)
            _offsets.Leave(_time);
        _offsets.Close();
        return null;
    }

    public void Dispose()
    {
        _state?.Dispose();
        _partitionLags.Dispose();
        _consumer.Dispose();
    }

    private void Take(ConsumeResult<Null, SampleRecord> result, CancellationToken stop)
    {
        ReadCount++;
        var partition = result.Partition.Value;
        if (!_owned.TryGetValue(partition, out var progress))
            return;   // handed over in this very call
        var offset = result.Offset.Value;
        if (_state is not null && _state.PassOver(progress, offset))
            return;
        var isNext = progress.Expected is not { } expected || expected == offset;
        if (!_run.IsOf(progress) || !isNext)
            _run.Post(stop);
        if (!isNext && !IsToBeTaken(ref progress, progress.Expected ?? offset, offset))
            return;
        progress.NoteRead(offset);
        _run.Add(progress, offset, result.Message.Value);
    }

    private void Look()
    {
        if (_run.HoldsSome)
            foreach (var progress in _owned.Values)
                _run.Release(progress);
        if (_time.GetElapsedTime(_lookedAt) < LookEvery)
            return;
        _lookedAt = _time.GetTimestamp();
        if (_state is not null)
            StoreCheckpoints();
        else
            foreach (var progress in _owned.Values)
            {
                _shards.RequestCheckpoint(progress.Partition);
                if (_shards.CommittableOffset(progress.Partition) is { } offset && offset != progress.Stored)
                    _offsets.Store(progress, offset);
            }
        if (ReadCount != _readAtLook)
            _health.NoteReached();
        _readAtLook = ReadCount;
        if (_time.GetElapsedTime(_lagAt) < LagEvery)
            return;
        _lagAt = _time.GetTimestamp();
        _lags = _partitionLags.Of(_owned.Values);
        _metrics.SetLags(_lags);
    }

    /// <summary>Looks after the state; where it is kept beside the broker, the offsets of its checkpoints are given to the client to commit.</summary>
    private void StoreCheckpoints()
    {
        _state!.Look(_owned.Values);    // the caller has looked
        if (_options.CommitsInTransactions)
            return;
        foreach (var progress in _owned.Values)
            if (progress.Kept?.Committed is { } offset && offset != progress.Given)
                _offsets.Store(progress, offset);
    }

    private void TakeOver(List<TopicPartition> partitions)
    {
        _health.NoteReached();
        var committed = _offsets.Committed(partitions);
        foreach (var partition in partitions.Select(at => at.Partition.Value))
        {
            long? offset = committed is not null && committed.TryGetValue(partition, out var found) ? found : null;
            _owned[partition] = new PartitionProgress(partition, offset) { CommittedBefore = committed is null ? null : offset ?? 0 };
        }
        Begin([.. partitions.Select(at => _owned[at.Partition.Value])]);
        _lagAt = 0;     // readiness shows at the next look what is owned
        _log.Assigned(_options.SamplesTopic, partitions.Count, Text(partitions.Select(at => at.Partition.Value)));
    }

    /// <summary>
    /// Lets the shards finish, and commits. The client takes the partitions away when this returns, so it has to wait here; its own thread
    /// keeps the membership alive meanwhile.
    /// </summary>
    private void HandOver(int[] partitions)
    {
        partitions = [.. partitions.Where(_owned.ContainsKey)];
        if (partitions.Length == 0)
            return;
        var started = _time.GetTimestamp();
        var released = Release(partitions, _options.DrainTimeout);
        _state?.HandOver([.. partitions.Zip(released, (partition, one) => (_owned[partition], one.Last))], _options.DrainTimeout);
        var commits = new List<TopicPartitionOffset>();
        foreach (var (partition, (offset, _)) in partitions.Zip(released))
        {
            var progress = Remove(partition);
            if (_state is not null)
            {
                if (progress.Posted is { } behind && (progress.Stored ?? 0) < behind)
                    _log.HandedOverEarly(_options.SamplesTopic, partition);
                continue;
            }
            // Given to the client too: it commits what it holds once more when the partition has left, over what is committed here.
            if (offset is { } done && done != progress.Stored)
                _offsets.Store(progress, done);
            if ((offset ?? progress.Stored) is { } last)
                commits.Add(new TopicPartitionOffset(_options.SamplesTopic, partition, last));
            if (progress.Posted is { } posted && (offset ?? progress.Stored ?? 0) < posted)
                _log.HandedOverEarly(_options.SamplesTopic, partition);
        }
        _offsets.Commit(commits);
        _log.Revoked(_options.SamplesTopic, partitions.Length, (long)_time.GetElapsedTime(started).TotalMilliseconds, Text(partitions));
    }

    /// <summary>The group has given the partitions to another already: nothing of ours may be committed.</summary>
    private void Forget(int[] partitions)
    {
        partitions = [.. partitions.Where(_owned.ContainsKey)];
        if (partitions.Length == 0)
            return;
        foreach (var partition in partitions)
            _state?.Revoke(_owned[partition]);
        Release(partitions, TimeSpan.Zero);
        foreach (var partition in partitions)
            Remove(partition);
        _log.Lost(_options.SamplesTopic, partitions.Length, Text(partitions));
    }

    /// <summary>Starts the partitions' shards, or first the reading of their state.</summary>
    private void Begin(IReadOnlyCollection<PartitionProgress> given)
    {
        if (given.Count > 0 && _state is not null)
            _state.BeginRestore(given);
        else
            foreach (var progress in given)
                _shards.Assign(progress.Partition, _options.SamplesTopic);
    }

    private (long? Committable, ShardCheckpoint? Last)[] Release(int[] partitions, TimeSpan patience)
    {
        using var enough = new CancellationTokenSource(patience, _time);
        if (patience == TimeSpan.Zero)
            enough.Cancel();
        // A rebalance handler is synchronous; this is the consumer's own thread, and the shards run on others.
        return Task.WhenAll(partitions.Select(partition => _owned[partition].Kept is { HasBegun: false }
            ? Task.FromResult<(long?, ShardCheckpoint?)>((null, null))      // its shard has not begun
            : _shards.ReleaseAsync(partition, enough.Token))).GetAwaiter().GetResult();
    }

    private PartitionProgress Remove(int partition)
    {
        if (_owned.Remove(partition, out var progress))
            _run.Forget(progress);
        _lags = [.. _lags.Where(lag => lag.Partition != partition)];
        _metrics.SetLags(_lags);
        return progress ?? throw new InvalidOperationException($"Partition {partition} is not owned.");
    }

    /// <summary>
    /// Judges a record that is not the next one. Ahead: the broker has deleted some, or there was a transaction's marker. Back: a repetition,
    /// which is passed over, or a topic that was made anew, whose shard starts again.
    /// </summary>
    private bool IsToBeTaken(ref PartitionProgress progress, long expected, long found)
    {
        var partition = progress.Partition;
        if (found < expected && found <= progress.RepeatsUpTo)
            return false;
        WatermarkOffsets there;
        try
        {
            there = _consumer.QueryWatermarkOffsets(new TopicPartition(_options.SamplesTopic, partition), Patience);
        }
        catch (KafkaException fault)
        {
            _health.Note(fault.Error);
            there = new WatermarkOffsets(found, found + 1);
        }
        if (found > expected)
        {
            if (there.Low.Value <= expected)
                return true;
            _metrics.LostToRetention.Add(found - expected);
            _log.RetentionLoss(_options.SamplesTopic, partition, found - expected, expected, found - 1);
            return true;
        }
        _log.WentBack(_options.SamplesTopic, partition, expected, found);
        if (there.High.Value >= expected)
        {
            progress.RepeatsUpTo = expected - 1;
            return false;
        }
        // What the old topic's records left is kept: they do not come again.
        var released = Release([partition], _options.DrainTimeout);
        _state?.HandOver([(progress, released[0].Last)], _options.DrainTimeout);
        Remove(partition);
        _owned[partition] = progress = new PartitionProgress(partition, found);
        Begin([progress]);
        return _state is null || !_state.PassOver(progress, found);
    }

    private static string Text(IEnumerable<int> partitions) => string.Join(' ', partitions.Order());
}
