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
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);   // after a record that could not be read
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromSeconds(5);

    private readonly KafkaOptions _options;
    private readonly ClientHealth _health;
    private readonly KafkaMetrics _metrics;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly IConsumer<Null, RawRecord> _consumer;
    private readonly GroupOffsets _offsets;
    private readonly AssignedPartitions _assigned;
    private readonly TimeSpan _lookEvery;
    private readonly bool _hasPassingName;
    private readonly Dictionary<int, PartitionProgress> _owned = [];
    private readonly RecordRun _run;
    private readonly PartitionFaults _faults;
    private readonly PartitionLags _partitionLags;
    private long _lookedAt, _lagAt, _readAtLook;
    private volatile PartitionLag[] _lags = [];

    public ConsumerLoop(SourceParts parts, string passingName, Partitions partitions, ClientHealth health, Func<RecordDecoder> decoder)
    {
        var (options, metrics, log, time) = (parts.Options, parts.Metrics, parts.Log, parts.Time);
        (_options, _health, _metrics, _log, _time) = (options, health, metrics, log, time);
        _lookEvery = options.CommitInterval / 2 < Idle ? options.CommitInterval / 2 : Idle;
        var deserializer = new RecordDeserializer(parts.Allocate);
        var settings = ClientSettings.Consumer(options, passingName);
        _hasPassingName = settings.GetValueOrDefault("group.instance.id") == passingName;
        _consumer = new ConsumerBuilder<Null, RawRecord>(settings)
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
        _faults = new PartitionFaults(options.SamplesTopic, metrics, log, time);
        _run = new RecordRun(_consumer, options.SamplesTopic, metrics, log);
        _partitionLags = new PartitionLags(options, _consumer, health, time);
        _offsets = new GroupOffsets(_consumer, options.SamplesTopic, health, metrics, log);
        _assigned = new AssignedPartitions(parts, partitions, _consumer, decoder);
    }

    public long ReadCount { get; private set; }

    /// <summary>A shard whose state is there begins at the next look: sooner than the others' work is due.</summary>
    private TimeSpan LookEvery => _assigned.IsRestoring ? Soon : _lookEvery;

    public IReadOnlyList<PartitionLag> Lags => _lags;

    /// <summary>What keeps the patients' state from being read or kept; null when nothing does.</summary>
    public string? StateFault => _assigned.Fault ?? Stalled;

    /// <summary>What holds a partition up; null when nothing does.</summary>
    private string? Stalled { get; set; }

    /// <summary>
    /// Runs until <paramref name="stop"/>, then hands everything over and leaves the group, unless it <paramref name="returns"/>; or until the client fails for good, and
    /// answers why.
    /// </summary>
    public Error? Run(Func<bool> returns, CancellationToken stop)
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
                    if (++sinceLook < RecordRun.Length && !_run.IsFull)
                        continue;
                }
                _run.Post(stop);
            }
            catch (ConsumeException fault)
            {
                if (fault.Error.IsFatal)
                {
                    _health.Note(fault.Error);
                    Forget([.. _owned.Keys]);
                    return fault.Error;
                }
                _run.Post(stop);
                NoteFault(fault, stop);
            }
            sinceLook = 0;
            Look();
        }
        _run.Post(stop);
        HandOver([.. _owned.Keys]);
        if (_hasPassingName && !returns())
            _offsets.Leave(_time);
        _offsets.Close();
        return null;
    }

    public void Dispose()
    {
        _assigned.Dispose();
        _partitionLags.Dispose();
        _consumer.Dispose();
    }

    /// <summary>
    /// A fault of one partition is told as its own, and holds readiness while it lasts. A record that could not be taken (there was no memory for it) is
    /// passed over by the client: it is read again.
    /// </summary>
    private void NoteFault(ConsumeException fault, CancellationToken stop)
    {
        var at = fault.ConsumerRecord?.TopicPartitionOffset;
        if (at is null || KafkaAdvice.NamesCause(fault.Error.Code) || !_owned.TryGetValue(at.Partition.Value, out var progress))
        {
            _health.Note(fault.Error);
            return;
        }
        var isOurs = fault.Error.Code is ErrorCode.Local_KeyDeserialization or ErrorCode.Local_ValueDeserialization;
        var offset = isOurs || progress.Expected is null ? at.Offset.Value : progress.Expected.Value;
        var reason = isOurs && fault.InnerException is { } inner ? $"{inner.GetType().Name}: {inner.Message}" : fault.Error.Reason;
        _faults.Note(progress, offset, fault.Error.Code, reason);
        if (isOurs)
            ReadAgain(progress, progress.Expected ?? offset);
        stop.WaitHandle.WaitOne(RetryPause);
    }

    /// <summary>Goes back to a record: what the client has at hand of the partition comes again.</summary>
    private void ReadAgain(PartitionProgress progress, long offset)
    {
        try
        {
            _consumer.Seek(new TopicPartitionOffset(_options.SamplesTopic, progress.Partition, offset));
        }
        catch (KafkaException fault)
        {
            _health.Note(fault.Error);      // what comes next lies behind a hole, and is judged again
        }
    }

    private void Take(ConsumeResult<Null, RawRecord> result, CancellationToken stop)
    {
        ReadCount++;
        var partition = result.Partition.Value;
        if (!_owned.TryGetValue(partition, out var progress))
            return;   // handed over in this very call
        var offset = result.Offset.Value;
        if (_assigned.PassOver(progress, offset))
            return;
        var isNext = progress.Expected is not { } expected || expected == offset;
        if (!_run.IsOf(progress) || !isNext)
            _run.Post(stop);
        if (!isNext && !IsToBeTaken(ref progress, offset))
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
        _assigned.Look(_owned.Values);
        if (!_options.CommitsInTransactions)
            foreach (var progress in _owned.Values)
                if (progress.Owned?.Committed is { } offset && offset != progress.GivenOffset)
                    _offsets.Store(progress, offset);
        Stalled = _owned.Values.Select(StalledBy).FirstOrDefault(reason => reason is not null);
        if (ReadCount != _readAtLook)
            _health.NoteReached();
        _readAtLook = ReadCount;
        if (_time.GetElapsedTime(_lagAt) < LagEvery)
            return;
        _lagAt = _time.GetTimestamp();
        _lags = _partitionLags.Of(_owned.Values);
        _metrics.SetLags(_lags);
    }

    private string? StalledBy(PartitionProgress progress) => (_faults.Of(progress) ?? progress.Owned?.Stalled) is { } reason
        ? FormattableString.Invariant($"partition {progress.Partition}: {reason}")
        : null;

    private void TakeOver(List<TopicPartition> partitions)
    {
        _health.NoteReached();
        var committed = _offsets.Committed(partitions);
        foreach (var partition in partitions.Select(at => at.Partition.Value))
        {
            long? offset = committed is not null && committed.TryGetValue(partition, out var found) ? found : null;
            _owned[partition] = new PartitionProgress(partition, offset) { CommittedBefore = committed is null ? null : offset ?? 0 };
        }
        _assigned.Take([.. partitions.Select(at => _owned[at.Partition.Value])]);
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
        _assigned.HandOver([.. partitions.Select(partition => _owned[partition])], _options.DrainTimeout);
        var commits = new List<TopicPartitionOffset>();
        foreach (var partition in partitions)
        {
            var progress = Remove(partition);
            if (progress.Posted is { } behind && (progress.Stored ?? 0) < behind)
                _log.HandedOverEarly(_options.SamplesTopic, partition);
            if (_options.CommitsInTransactions || progress.Owned?.Committed is not { } last)
                continue;
            // Given to the client too: it commits what it holds once more when the partition has left, over what is committed here.
            if (last != progress.GivenOffset)
                _offsets.Store(progress, last);
            commits.Add(new TopicPartitionOffset(_options.SamplesTopic, partition, last));
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
        _assigned.Revoke([.. partitions.Select(partition => _owned[partition])]);
        foreach (var partition in partitions)
            Remove(partition);
        _log.Lost(_options.SamplesTopic, partitions.Length, Text(partitions));
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
    private bool IsToBeTaken(ref PartitionProgress progress, long found)
    {
        var (partition, expected) = (progress.Partition, progress.Expected ?? found);
        switch (progress.FindGap(found, () => FindWatermarks(partition, found)))
        {
            case RecordGap.Retention:
                _metrics.LostToRetention.Add(found - expected);
                _log.RetentionLoss(_options.SamplesTopic, partition, found - expected, expected, found - 1);
                return true;
            case RecordGap.Doubtful:
                ReadAgain(progress, expected);
                return false;
            case RecordGap.Repeated:
                return false;
            case RecordGap.WentBack:
                _log.WentBack(_options.SamplesTopic, partition, expected, found);
                return false;
            case RecordGap.NewTopic:
                _log.WentBack(_options.SamplesTopic, partition, expected, found);
                // What the old topic's records left is kept: they do not come again.
                _assigned.HandOver([progress], _options.DrainTimeout);
                Remove(partition);
                _owned[partition] = progress = new PartitionProgress(partition, found);
                _assigned.Take([progress]);
                return !_assigned.PassOver(progress, found);
            default:
                return true;
        }
    }

    private (long Low, long High) FindWatermarks(int partition, long found)
    {
        try
        {
            var there = _consumer.QueryWatermarkOffsets(new TopicPartition(_options.SamplesTopic, partition), Patience);
            return (there.Low.Value, there.High.Value);
        }
        catch (KafkaException fault)
        {
            _health.Note(fault.Error);
            return (found, found + 1);
        }
    }

    private static string Text(IEnumerable<int> partitions) => string.Join(' ', partitions.Order());
}
