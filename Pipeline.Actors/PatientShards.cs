using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Estimators;

namespace Pipeline.Actors;

/// <summary>
/// The shards that this process owns. Thread-safe. What a shard counted stays in <see cref="Total"/> when it is revoked.
/// </summary>
public sealed class PatientShards : IAsyncDisposable
{
    private const int MaxShard = 100_000;

    private readonly Lock _lock = new();
    private readonly ActorSettings _settings;
    private readonly IReadOnlyList<IPatientSink> _sinks;
    private readonly TimeProvider _time;
    private readonly TaskScheduler _scheduler;
    private readonly PatientPlaces _places = new();
    private readonly Telemetry _telemetry;
    private readonly Counts _retired = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Owned?[] _shards = [];      // by number; replaced when it grows, so that a post takes no lock

    /// <summary>
    /// Takes options that were <see cref="TopologyOptions.Validate()">validated</see>. The sinks stay the caller's, and so do
    /// <paramref name="models"/>, the networks that estimate from PPG, and <paramref name="qrs"/>, those that decide on the beats of an ECG; without them the classical estimators do. All loops run on
    /// <paramref name="scheduler"/>, the thread pool's by default, and what they wait for goes on there. <paramref name="passive"/>, the caller's too, holds
    /// the idle patients; memory does without it.
    /// </summary>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">The options are out of range.</exception>
    public PatientShards(TopologyOptions options, IReadOnlyList<IPatientSink> sinks, TimeProvider time, StageFactory? stages = null, ServedModels? models = null, TaskScheduler? scheduler = null, IPassivePatients? passive = null, ServedQrs? qrs = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(sinks);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _scheduler = scheduler ?? TaskScheduler.Default;
        var shape = options.Shape;
        stages ??= first => Stages.Create(first.Channels, first.RateHz, models?.Current, shape, qrs?.Current);
        _settings = new ActorSettings(options, shape, options.RestartPolicy, stages, models, qrs, passive ?? new MemoryPatients());
        _ = models?.Failure.ContinueWith(Fail, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, _scheduler);
        _sinks = sinks;
        _time = time;
        _telemetry = new Telemetry(this);
    }

    /// <summary>Fails when a shard or a worker fails, which only a sink or a session that breaks its promise can cause; never completes otherwise.</summary>
    public Task Failure => _failed.Task;

    /// <summary>Where the patients lie that are not in memory.</summary>
    public IPassivePatients Passive => _settings.Passive;

    /// <summary>Numbers of the shards that are assigned, ascending.</summary>
    public IReadOnlyList<int> Assigned => [.. Snapshot().Select(s => s.Number)];

    /// <summary>How many patients each assigned shard has, ascending; may lag behind its loop.</summary>
    public IReadOnlyList<ShardPatientCount> PatientCounts => [.. Snapshot().Select(s => new ShardPatientCount(s.Number, s.PatientCount, s.PassiveCount))];

    /// <summary>What all shards counted since the beginning, revoked ones included.</summary>
    public Counts Total()
    {
        var total = new Counts();
        lock (_lock)
        {
            total.Add(_retired);
            foreach (var shard in Snapshot())
                total.Add(shard.Counts);
        }
        return total;
    }

    /// <summary>Starts a shard; its records follow. <paramref name="topic"/>: the input topic, or the recording's name, for <see cref="Origin"/>.</summary>
    /// <param name="shard">Its number.</param>
    /// <param name="topic">The input topic, or the recording's name.</param>
    /// <param name="restore">What was committed of it; its records go on behind that. Null: the shard makes no checkpoints, and keeps no state.</param>
    /// <param name="topicId">Id of the input topic; all zeros where the source has none.</param>
    /// <exception cref="InvalidOperationException">It is assigned already.</exception>
    public void Assign(int shard, string topic, ShardRestore? restore = null, Guid topicId = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shard, MaxShard);
        ArgumentNullException.ThrowIfNull(topic);
        lock (_lock)
        {
            if (shard >= _shards.Length)
            {
                var grown = new Owned?[Math.Max(shard + 1, 2 * _shards.Length)];
                _shards.CopyTo(grown, 0);
                Volatile.Write(ref _shards, grown);
            }
            if (_shards[shard] is not null)
                throw new InvalidOperationException($"Shard {shard} is assigned already.");
            _shards[shard] = Start(shard, topic, restore, topicId);
        }
    }

    /// <summary>
    /// Places a record in the shard's mailbox; false when the mailbox is full (pause the partition and try again) or the shard has failed
    /// (see <see cref="Failure"/>). Offsets of a shard ascend.
    /// </summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public bool TryPost(int shard, in ShardRecord record) => Get(shard).Shard.TryPost(record);

    /// <summary>
    /// Places the first of some records in the shard's mailbox, as many as there is room for, and returns how many; the shard is woken once for
    /// all of them, which costs much less than a wake-up for each. Offsets of a shard ascend.
    /// </summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public int Post(int shard, ReadOnlySpan<ShardRecord> records) => Get(shard).Shard.Post(records);

    /// <summary>Completes when the shard's mailbox has space again (half of it); for a source without a poll loop.</summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public ValueTask WaitForSpaceAsync(int shard, CancellationToken stop) => Get(shard).Shard.WaitForSpaceAsync(stop);

    /// <summary>Offset after the last record of the shard whose output is all acknowledged; null when nothing was since the assignment.</summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public long? CommittableOffset(int shard) => Get(shard).Shard.Committable;

    /// <summary>What a shard is about, for a person; its loop goes on meanwhile.</summary>
    internal string Describe(int shard) => Get(shard).Shard.ToString();

    /// <summary>
    /// Asks the shard for a checkpoint, which <see cref="TakeCheckpoint"/> gives when all output up to it is acknowledged. Nothing happens while
    /// an earlier one waits, when no record was handled since, or when the shard keeps no state.
    /// </summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public void RequestCheckpoint(int shard) => Get(shard).Shard.RequestCheckpoint();

    /// <summary>The checkpoint that was asked for, when it is ready to be committed; null before, and when it was taken.</summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public ShardCheckpoint? TakeCheckpoint(int shard) => Get(shard).Shard.TakeCheckpoint();

    /// <summary>
    /// A checkpoint is the last one of its shard: to be said of each that was committed, since a shard asks a new model only when the checkpoint that
    /// names it is. Nothing happens when the shard has left.
    /// </summary>
    public void NoteCommitted(ShardCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var shards = Volatile.Read(ref _shards);
        if (checkpoint.Lease.Shard < shards.Length)
            shards[checkpoint.Lease.Shard]?.Shard.NoteCommitted(checkpoint);
    }

    /// <summary>
    /// Lets the shard finish what is in its mailbox (but for a shard that waits for a checkpoint before it asks a new model: the next owner handles the rest), waits for the acknowledgements (until <paramref name="stop"/>; a partition that is lost
    /// already is revoked with a cancelled one), and forgets it. Returns what <see cref="CommittableOffset"/> said last.
    /// </summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public async Task<long?> RevokeAsync(int shard, CancellationToken stop) => (await ReleaseAsync(shard, stop)).Committable;

    /// <summary>The same, with the shard's last checkpoint; null when it keeps no state, nothing changed, or not all was acknowledged.</summary>
    /// <exception cref="InvalidOperationException">The shard is not assigned.</exception>
    public async Task<(long? Committable, ShardCheckpoint? Last)> ReleaseAsync(int shard, CancellationToken stop)
    {
        var owned = Get(shard);
        owned.Shard.Complete();
        await using var cancelled = stop.Register(owned.Cancel.Cancel);
        await owned.Shard.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (owned.Shard.Completion.IsFaulted)
            Fail(owned.Shard.Completion);   // told by Failure, not later than here
        lock (_lock)
        {
            if (_shards[shard] == owned)
            {
                _shards[shard] = null;
                _retired.Add(owned.Shard.Counts);
            }
        }
        return (owned.Shard.Committable, owned.Shard.TakeCheckpoint());
    }

    /// <summary>Drops what is left, without waiting for acknowledgements: a source that ended has revoked its shards before.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        now.Cancel();
        foreach (var shard in Snapshot())
            await RevokeAsync(shard.Number, now.Token);
        _telemetry.Dispose();
    }

    internal IEnumerable<Shard> Snapshot() => Volatile.Read(ref _shards).Where(s => s is not null).Select(s => s!.Shard);

    private Owned Get(int shard)
    {
        var shards = Volatile.Read(ref _shards);
        return (uint)shard < (uint)shards.Length && shards[shard] is { } owned
            ? owned
            : throw new InvalidOperationException($"Shard {shard} is not assigned.");
    }

    private Owned Start(int number, string topic, ShardRestore? restore, Guid topicId)
    {
        var cancel = new CancellationTokenSource();
        var counts = new Counts();
        var delivery = new Delivery(_sinks, _settings.Options.MaxBatchesInFlight, counts, _telemetry.RecordLatency);
        var shard = new Shard(number, topic, _settings, _places, delivery, counts, _time, restore, topicId, _scheduler, cancel.Token);
        _ = shard.Completion.ContinueWith(Fail, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, _scheduler);
        return new Owned(shard, cancel);
    }

    private void Fail(Task failed) => _failed.TrySetException(failed.Exception!.InnerExceptions);     // only runs when it faulted

    private sealed record Owned(Shard Shard, CancellationTokenSource Cancel);
}

/// <summary>Patients of a shard.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Active">Patients in memory.</param>
/// <param name="Passive">Patients of whom there is a snapshot only, until their next record.</param>
public readonly record struct ShardPatientCount(int Shard, int Active, int Passive);
