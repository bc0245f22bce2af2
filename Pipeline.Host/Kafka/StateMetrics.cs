using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Pipeline.Host.Kafka;

/// <summary>What became of a checkpoint's transaction.</summary>
internal enum CheckpointFate
{
    /// <summary>It is committed.</summary>
    Committed,

    /// <summary>The group has another generation or owner by now.</summary>
    Fenced,

    /// <summary>The brokers did not take it; it is tried again.</summary>
    Failed,
}

/// <summary>How it stands with the state of a shard that this process owns.</summary>
/// <param name="Shard">Partition.</param>
/// <param name="Progress">Part of the state that is read, 0 to 1; 1 when the shard runs.</param>
/// <param name="RestoredPatients">Patients that were read.</param>
/// <param name="RestoreTime">How long the reading took; null while it lasts.</param>
/// <param name="LastCheckpoint">When the last checkpoint was committed, by this process or by the owner before; null when there is none.</param>
internal readonly record struct ShardStateView(int Shard, double Progress, int RestoredPatients, TimeSpan? RestoreTime, DateTimeOffset? LastCheckpoint);

/// <summary>Restores and checkpoints of the shards that this process owns: what its measurements and its status tell. Thread-safe.</summary>
internal sealed class StateMetrics
{
    // A restore of a ward may take half a minute on a slow disk; a transaction ends after 10 s.
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<int, Entry> _shards = new();
    private readonly Counter<long> _checkpoints, _bytes, _snapshots, _restoredPatients, _restoreBytes;
    private readonly Counter<long> _unsent;
    private readonly Histogram<double> _duration, _restoreDuration;
    private long _warmShards, _warmPatients, _warmBytes;

    public StateMetrics(Meter meter, TimeProvider time)
    {
        _time = time;
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        _checkpoints = meter.CreateCounter<long>("pipeline.checkpoints", "{checkpoint}", "Checkpoints of shards, by what became of them; a failed one is tried again.");
        _bytes = meter.CreateCounter<long>("pipeline.checkpoint.bytes", "By", "Bytes of snapshots in committed checkpoints.");
        _snapshots = meter.CreateCounter<long>("pipeline.checkpoint.snapshots", "{snapshot}", "Patients' snapshots in committed checkpoints.");
        _unsent = meter.CreateCounter<long>("pipeline.checkpoint.unsent", "{snapshot}", "Patients' snapshots that did not fit into a record, and that their checkpoint was committed without.");
        _duration = meter.CreateHistogram("pipeline.checkpoint.duration", "s", "How long a transaction of checkpoints took, from its begin to its commit.", tags: null, advice);
        _restoredPatients = meter.CreateCounter<long>("pipeline.restore.patients", "{patient}", "Patients restored from the changelog.");
        _restoreBytes = meter.CreateCounter<long>("pipeline.restore.bytes", "By", "Bytes of the changelog read for restores.");
        _restoreDuration = meter.CreateHistogram("pipeline.restore.duration", "s", "How long the reading of a shard's state took.", tags: null, advice);
        meter.CreateObservableGauge("pipeline.checkpoint.age", Ages, "s", "Time since the last committed checkpoint of each owned shard.");
        meter.CreateObservableGauge("pipeline.standby.shards", () => Interlocked.Read(ref _warmShards), "{shard}", "Shards of other processes whose state is kept warm here.");
        meter.CreateObservableGauge("pipeline.standby.patients", () => Interlocked.Read(ref _warmPatients), "{patient}", "Patients in them.");
        meter.CreateObservableGauge("pipeline.standby.bytes", () => Interlocked.Read(ref _warmBytes), "By", "Bytes of their snapshots in memory.");
        // Prometheus' exporter would drop the unit 1; this one makes the name pipeline_restore_progress_ratio.
        meter.CreateObservableGauge("pipeline.restore.progress", Progress, "ratio", "Part of each owned shard's state that is read; 1 when it runs.");
    }

    /// <summary>The owned shards, ascending.</summary>
    public IReadOnlyList<ShardStateView> Shards =>
        [.. _shards.OrderBy(shard => shard.Key).Select(shard => shard.Value.View(shard.Key))];

    /// <summary>The state of a shard begins to be read; what is returned takes the part, 0 to 1.</summary>
    public IProgress<double> Begin(int shard) => _shards[shard] = new Entry(_time.GetTimestamp());

    /// <summary>A shard's state is read: so many patients and bytes; the last checkpoint in it is of <paramref name="markedAt"/>.</summary>
    public void NoteRestored(int shard, int patients, long bytesRead, DateTimeOffset? markedAt)
    {
        _restoredPatients.Add(patients);
        _restoreBytes.Add(bytesRead);
        if (!_shards.TryGetValue(shard, out var entry))
            return;
        entry.End(patients, _time.GetElapsedTime(entry.BeganAt), markedAt);
        _restoreDuration.Record(_time.GetElapsedTime(entry.BeganAt).TotalSeconds);
    }

    /// <summary>Some shards' checkpoints went through a transaction, or did not.</summary>
    public void NoteTransaction(IReadOnlyCollection<int> shards, CheckpointFate fate, int snapshots, long bytes, TimeSpan took)
    {
        if (shards.Count == 0)
            return;
        _checkpoints.Add(shards.Count, new KeyValuePair<string, object?>("fate", NameOf(fate)));
        if (fate != CheckpointFate.Committed)
            return;
        _snapshots.Add(snapshots);
        _bytes.Add(bytes);
        _duration.Record(took.TotalSeconds);
        foreach (var shard in shards)
            if (_shards.TryGetValue(shard, out var entry))
                entry.LastCheckpoint = _time.GetUtcNow();
    }

    /// <summary>A snapshot does not fit into a record.</summary>
    public void NoteUnsent() => _unsent.Add(1);

    /// <summary>So much is kept warm of shards that this process does not own.</summary>
    public void NoteStandby(int shards, int patients, long bytes)
    {
        Interlocked.Exchange(ref _warmShards, shards);
        Interlocked.Exchange(ref _warmPatients, patients);
        Interlocked.Exchange(ref _warmBytes, bytes);
    }

    /// <summary>The shard has left.</summary>
    public void Forget(int shard) => _shards.TryRemove(shard, out _);

    private IEnumerable<Measurement<double>> Ages()
    {
        var now = _time.GetUtcNow();
        foreach (var shard in Shards)
            if (shard.LastCheckpoint is { } last)
                yield return Of(shard.Shard, Math.Max(0, (now - last).TotalSeconds));
    }

    private IEnumerable<Measurement<double>> Progress() => Shards.Select(shard => Of(shard.Shard, shard.Progress));

    private static Measurement<double> Of(int shard, double value) => new(value, new KeyValuePair<string, object?>("partition", shard));

    private static string NameOf(CheckpointFate fate) => fate switch
    {
        CheckpointFate.Committed => "committed",
        CheckpointFate.Fenced => "fenced",
        _ => "failed",
    };

    private sealed class Entry(long beganAt) : IProgress<double>
    {
        private readonly Lock _lock = new();
        private double _progress;
        private int _patients;
        private TimeSpan? _took;
        private DateTimeOffset? _last;

        public long BeganAt => beganAt;

        public DateTimeOffset? LastCheckpoint
        {
            set
            {
                lock (_lock)
                    _last = value;
            }
        }

        public void Report(double value)
        {
            lock (_lock)
                _progress = Math.Max(_progress, Math.Min(value, 1));
        }

        public void End(int patients, TimeSpan took, DateTimeOffset? markedAt)
        {
            lock (_lock)
                (_progress, _patients, _took, _last) = (1, patients, took, markedAt);
        }

        public ShardStateView View(int shard)
        {
            lock (_lock)
                return new ShardStateView(shard, _progress, _patients, _took, _last);
        }
    }
}
