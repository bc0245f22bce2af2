using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Keeps the snapshots of shards that this process does not own, as a committed reader of the changelog sees them, so that a shard that comes is
/// restored by what was written in the last moments. Bytes as they were written, at most <see cref="KafkaOptions.StandbyBytes"/>: beyond that
/// the largest shards are not kept, and are read as without a standby. Its own thread; members may be called from any.
/// </summary>
internal sealed class StandbyReader : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly KafkaOptions _options;
    private readonly KafkaAdmin _admin;
    private readonly ClientHealth _health;
    private readonly StateMetrics? _metrics;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Dictionary<int, WarmShard> _shards = [];   // those that are read, under the lock
    private readonly HashSet<int> _taken = [], _tooLarge = [];  // under the lock
    private readonly CancellationTokenSource _end = new();
    private readonly Task _reading;
    private HashSet<int> _wanted = [];                          // replaced as a whole, under the lock

    public StandbyReader(KafkaOptions options, ILogger log, TimeProvider time, StateMetrics? metrics)
    {
        (_options, _log, _time, _metrics) = (options, log, time, metrics);
        _admin = new KafkaAdmin(options, time);
        _health = new ClientHealth("standby", options, log, time);
        _reading = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Shards that are warm.</summary>
    public int WarmCount
    {
        get
        {
            lock (_lock)
                return _shards.Values.Count(shard => shard.IsWarm);
        }
    }

    /// <summary>These shards are to be kept warm from now on, and no others.</summary>
    public void Keep(IEnumerable<int> shards)
    {
        lock (_lock)
        {
            _wanted = [.. shards];
            _taken.IntersectWith(_wanted);
        }
    }

    /// <summary>A shard that was taken has left this process: it may be kept warm again.</summary>
    public void Return(int shard)
    {
        lock (_lock)
            _taken.Remove(shard);
    }

    /// <summary>
    /// What is committed of a shard by now, which is then not kept any more; null when it was not read to its end before: then reading it
    /// from its beginning is as fast.
    /// </summary>
    public async Task<ChangelogContent?> TakeAsync(int shard, CancellationToken stop)
    {
        if (Find(shard) is not { } warm)
            return null;
        try
        {
            // Where a committed reader stands now: what the owner before has committed lies before it.
            var at = new TopicPartition(_options.StateTopic, shard);
            var end = (await _admin.OffsetsAsync([at], OffsetSpec.Latest(), IsolationLevel.ReadCommitted).WaitAsync(stop).ConfigureAwait(false))[at];
            await Reached(warm, end).WaitAsync(Patience, _time, stop).ConfigureAwait(false);
            return warm.IsGivenUp ? null : warm.Content;
        }
        catch (KafkaException fault)
        {
            _health.Note(fault.Error);
            return null;
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            lock (_lock)
            {
                _taken.Add(shard);
                Drop_NeedsLock(shard);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        _admin.Dispose();
        _end.Dispose();
    }

    /// <summary>The shard, when it is warm; otherwise it is not read here any more.</summary>
    private WarmShard? Find(int shard)
    {
        lock (_lock)
        {
            if (_shards.GetValueOrDefault(shard) is { IsWarm: true } warm)
                return warm;
            _taken.Add(shard);
            Drop_NeedsLock(shard);
            return null;
        }
    }

    private Task Reached(WarmShard warm, long end)
    {
        lock (_lock)
            return warm.WaitFor(end);
    }

    private void Run()
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.StandbyReader(_options))
            .SetErrorHandler((_, error) => _health.Note(error))
            .SetLogHandler((_, message) => _health.NoteLibrary(message))
            .Build();
        while (!_end.IsCancellationRequested)
        {
            Reassign(consumer);
            try
            {
                if (consumer.Consume(Look) is { } result)
                    Take(result);
            }
            catch (ConsumeException fault) when (!fault.Error.IsFatal)
            {
                _health.Note(fault.Error);
            }
        }
        lock (_lock)
            foreach (var shard in _shards.Keys.ToArray())
                Drop_NeedsLock(shard);
    }

    /// <summary>Brings the partitions that are read in line with those that are wanted.</summary>
    private void Reassign(IConsumer<byte[], byte[]> consumer)
    {
        var assigned = consumer.Assignment.Select(at => at.Partition.Value).ToHashSet();
        int[] gone, come;
        lock (_lock)
        {
            foreach (var shard in _shards.Keys.Where(shard => !_wanted.Contains(shard)).ToArray())
                Drop_NeedsLock(shard);
            foreach (var shard in _wanted.Where(shard => !_tooLarge.Contains(shard) && !_taken.Contains(shard)))
                _shards.TryAdd(shard, new WarmShard());
            // One that left and came back between two looks is read anew, as nothing of it is kept.
            gone = [.. assigned.Where(shard => !_shards.TryGetValue(shard, out var one) || one is { IsAssigned: false })];
            come = [.. _shards.Where(shard => !shard.Value.IsAssigned).Select(shard => shard.Key)];
            foreach (var shard in come)
                _shards[shard].IsAssigned = true;
        }
        if (gone.Length > 0)
            consumer.IncrementalUnassign(gone.Select(shard => new TopicPartition(_options.StateTopic, shard)));
        if (come.Length > 0)
            consumer.IncrementalAssign(come.Select(shard => new TopicPartitionOffset(_options.StateTopic, shard, 0)));
        if (gone.Length + come.Length > 0)
            Measure();
    }

    private void Take(ConsumeResult<byte[], byte[]> result)
    {
        lock (_lock)
        {
            if (!_shards.TryGetValue(result.Partition.Value, out var shard) || !shard.IsAssigned)
                return;
            var wasWarm = shard.IsWarm;
            shard.Take(result);
            if (!wasWarm && shard.IsWarm)
                _log.Warm(_options.StateTopic, result.Partition.Value, shard.Content.Snapshots.Count, shard.Content.Bytes);
            if (result.IsPartitionEOF)
                _health.NoteReached();
            if (_shards.Values.Sum(one => one.Content.Bytes) > _options.StandbyBytes)
                DropLargest_NeedsLock();
        }
        if (result.IsPartitionEOF)
            Measure();
    }

    private void DropLargest_NeedsLock()
    {
        var (largest, shard) = _shards.MaxBy(one => one.Value.Content.Bytes);
        _log.StandbyIsFull(_options.StandbyBytes, _options.StateTopic, largest, shard.Content.Bytes);
        _tooLarge.Add(largest);
        Drop_NeedsLock(largest);
    }

    private void Drop_NeedsLock(int shard)
    {
        if (_shards.Remove(shard, out var dropped))
            dropped.GiveUp();
    }

    private void Measure()
    {
        lock (_lock)
            _metrics?.NoteStandby(_shards.Values.Count(shard => shard.IsWarm), _shards.Values.Sum(shard => shard.Content.Snapshots.Count), _shards.Values.Sum(shard => shard.Content.Bytes));
    }

    /// <summary>A shard that is kept warm. Under the reader's lock.</summary>
    private sealed class WarmShard
    {
        private readonly List<(long End, TaskCompletionSource Reached)> _waiting = [];
        private long _position;

        public ChangelogContent Content { get; private set; } = new();

        /// <summary>Whether it is among the partitions that the consumer reads.</summary>
        public bool IsAssigned { get; set; }

        /// <summary>Whether it is not read any more.</summary>
        public bool IsGivenUp { get; private set; }

        /// <summary>Whether its end was reached once.</summary>
        public bool IsWarm { get; private set; }

        public void Take(ConsumeResult<byte[], byte[]> result)
        {
            if (result.Offset.Value < _position)
                (Content, IsWarm) = (new ChangelogContent(), false);    // the topic was made anew
            if (result.IsPartitionEOF)
                IsWarm = true;
            else
                Content.Take(result.Message);
            // An end names the offset that comes next, behind the markers of transactions too.
            _position = result.Offset.Value + (result.IsPartitionEOF ? 0 : 1);
            foreach (var (_, reached) in _waiting.Where(one => one.End <= _position))
                reached.TrySetResult();
            _waiting.RemoveAll(one => one.End <= _position);
        }

        public Task WaitFor(long end)
        {
            if (_position >= end)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((end, reached));
            return reached.Task;
        }

        public void GiveUp()
        {
            IsGivenUp = true;
            foreach (var (_, reached) in _waiting)
                reached.TrySetResult();
        }
    }
}
