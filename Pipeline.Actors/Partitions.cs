using Akka.Actor;
using Akka.Streams;
using Pipeline.Actors.Cluster;
using Pipeline.Actors.Serving;
using Pipeline.Actors.Stages;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators.Ctg;

namespace Pipeline.Actors;

/// <summary>What the partitions of a process need beside options and sinks; what is not set is none.</summary>
public sealed class PartitionParts
{
    /// <summary>The actor system in which graphs and patients run, and where the patients are found.</summary>
    public required (ActorSystem System, IPatientRegion Region) Actors { get; init; }

    /// <summary>Other estimators than the product's, for benchmarks and tests.</summary>
    public StageFactory? Stages { get; init; }

    /// <summary>The rules by which cardiotocograms are read; FIGO's by default.</summary>
    public CtgRules? Ctg { get; init; }

    /// <summary>When patients have alarms; null, or not enabled: never.</summary>
    public AlarmRules? Alarms { get; init; }

    /// <summary>The networks that are asked.</summary>
    public NetworkRegistry? Networks { get; init; }

    /// <summary>Where idle patients lie; memory does without it.</summary>
    public IPassivePatients? Passive { get; init; }

    /// <summary>Where chunks can be looked at while they pass.</summary>
    public SampleTap? Tap { get; init; }

    /// <summary>Where the patients are, to notice one that comes in two partitions.</summary>
    public PatientPlaces Places { get; init; } = new();

    internal Func<TimeProvider, TimeSpan, OpenMessages> OpenMessages { get; init; } = (time, patience) => new OpenMessages(time, patience);

    /// <summary>Runs the disk and continuations; the thread pool by default.</summary>
    public TaskScheduler Scheduler { get; init; } = TaskScheduler.Default;
}

/// <summary>
/// The partitions that this process owns, each a graph (<see cref="PartitionGraph"/>). Thread-safe. What a partition counted stays in
/// <see cref="Total"/> when it is revoked. Sinks, networks, actor system and passive patients stay the caller's.
/// </summary>
public sealed class Partitions : IAsyncDisposable
{
    private const int MaxPartition = 100_000;

    private readonly Lock _lock = new();
    private readonly Telemetry _telemetry;
    private readonly ActorSystem _system;
    private readonly List<OwnedPartition> _owned = [];
    private readonly Counts _retired = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _twiceBefore;
    private Partition?[] _partitions = [];      // by number; replaced when it grows, so that a post takes no lock

    /// <summary>Starts nothing yet.</summary>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">The options are out of range.</exception>
    public Partitions(TopologyOptions options, IReadOnlyList<IPatientSink> sinks, TimeProvider time, PartitionParts parts)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(sinks);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(parts);
        options.Validate();
        var (networks, shape, ctg) = (parts.Networks, options.Shape, parts.Ctg);
        Settings = new PartitionSettings
        {
            Options = options,
            Sinks = sinks,
            Time = time,
            Stages = parts.Stages ?? new StageFactory(first => Models.Estimators.Stages.Create(first.Channels, first.RateHz, networks?.Current, shape, ctg)),
            Passive = parts.Passive ?? new MemoryPatients(),
            Region = parts.Actors.Region,
            Scheduler = parts.Scheduler,
            Networks = networks,
            Alarms = parts.Alarms is { Enabled: true } rules ? rules : null,
            Tap = parts.Tap,
            OpenMessages = parts.OpenMessages,
        };
        (Places, _twiceBefore) = (parts.Places, parts.Places.TwiceCount);
        _system = parts.Actors.System;
        Materializer = _system.Materializer();
        _ = networks?.Failure.ContinueWith(Fail, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, parts.Scheduler);
        _telemetry = new Telemetry(this);
    }

    /// <summary>Fails when a graph or a worker fails, which only a sink or a session that breaks its promise can cause; never completes
    /// otherwise.</summary>
    public Task Failure => _failed.Task;

    /// <summary>Where the patients lie that are not in memory.</summary>
    public IPassivePatients Passive => Settings.Passive;

    /// <summary>Numbers of the partitions that are assigned, ascending.</summary>
    public IReadOnlyList<int> Assigned => [.. Snapshot().Select(s => s.Number)];

    /// <summary>How many patients each assigned partition has, ascending; may lag behind its graph.</summary>
    public IReadOnlyList<ShardPatientCount> PatientCounts => [.. Snapshot().Select(s => new ShardPatientCount(s.Number, s.PatientCount, s.PassiveCount))];

    internal PartitionSettings Settings { get; }

    internal IMaterializer Materializer { get; }

    internal PatientPlaces Places { get; }

    internal Action<double> RecordLatency => _telemetry.RecordLatency;

    /// <summary>What all partitions counted since the beginning, revoked ones included.</summary>
    public Counts Total()
    {
        var total = new Counts();
        lock (_lock)
        {
            total.Add(_retired);
            foreach (var partition in Snapshot())
                total.Add(partition.Counts);
        }
        total.Add(Count.PatientsInTwoShards, Places.TwiceCount - _twiceBefore);
        return total;
    }

    /// <summary>Takes a partition that keeps its state: reads that first, and shows in what it returns how it stands.</summary>
    public OwnedPartition Assign(PartitionAssignment assignment)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        var owned = new OwnedPartition(assignment.Number, assignment.Log);
        lock (_lock)
            _owned.Add(owned);
        owned.Attach(_system.ActorOf(Props.Create(() => new PartitionActor(assignment, owned, this))));
        return owned;
    }

    /// <summary>Starts a partition's graph; its records follow.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="topic">The input topic, or the recording's name, for <see cref="Origin"/>.</param>
    /// <param name="restore">What was committed of it; its records go on behind that. Null: no state is kept.</param>
    /// <param name="topicId">Id of the input topic; all zeros where the source has none.</param>
    /// <exception cref="InvalidOperationException">It is assigned already.</exception>
    public void Assign(int number, string topic, ShardRestore? restore = null, Guid topicId = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MaxPartition);
        ArgumentNullException.ThrowIfNull(topic);
        lock (_lock)
        {
            if (number >= _partitions.Length)
            {
                var grown = new Partition?[Math.Max(number + 1, 2 * _partitions.Length)];
                _partitions.CopyTo(grown, 0);
                Volatile.Write(ref _partitions, grown);
            }
            if (_partitions[number] is not null)
                throw new InvalidOperationException($"Shard {number} is assigned already.");
            var started = Partition.Start(new PartitionPlace(number, topic, topicId), restore, this);
            _partitions[number] = started;
            _ = started.Completion.ContinueWith(Fail, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, Settings.Scheduler);
        }
    }

    /// <summary>
    /// Hands a record over; false when there is no room (pause the partition and try again) or the graph has failed (see
    /// <see cref="Failure"/>). Offsets ascend.
    /// </summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public bool TryPost(int partition, in ShardRecord record) => Get(partition).Offer(new ReadOnlySpan<ShardRecord>(in record)) == 1;

    /// <summary>Hands the first of some records over, as many as there is room for, and returns how many. Offsets ascend.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public int Post(int partition, ReadOnlySpan<ShardRecord> records) => Get(partition).Offer(records);

    /// <summary>Completes when half of the room is free again; for a source without a poll loop.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public ValueTask WaitForSpaceAsync(int partition, CancellationToken stop) => Get(partition).WaitForSpaceAsync(stop);

    /// <summary>Offset after the last record before the last barrier that has passed the whole graph; null when none has.
    /// <see cref="RequestCheckpoint"/> sends one.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public long? CommittableOffset(int partition) => Get(partition).Committable;

    /// <summary>
    /// What is to be said of devices that fell silent, send again or are still silent, by partition. <paramref name="isAtEnd"/>: whether a
    /// partition's records are all handed over. One thread at a time, which may wait for the disk.
    /// </summary>
    /// <exception cref="IOException">The snapshots of patients that are not in memory cannot be read.</exception>
    public IReadOnlyList<(int Partition, DevicePresence Device)> JudgePresence(Func<int, bool> isAtEnd)
    {
        ArgumentNullException.ThrowIfNull(isAtEnd);
        return [.. Snapshot().SelectMany(partition => partition.JudgePresence(isAtEnd(partition.Number)).Select(device => (partition.Number, device)))];
    }

    /// <summary>What a partition is about, for a person.</summary>
    internal string Describe(int partition) => Get(partition).ToString();

    /// <summary>Sends a barrier through the graph. Nothing happens while one is on its way, or its checkpoint was not taken.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void RequestCheckpoint(int partition) => Get(partition).RequestCheckpoint();

    /// <summary>The checkpoint that may be committed; null when there is none, and when it was taken.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public ShardCheckpoint? TakeCheckpoint(int partition) => Get(partition).TakeCheckpoint();

    /// <summary>
    /// A checkpoint is the last one of its partition: to be said of each that was committed, since a new network is asked only when the
    /// checkpoint that names it is. Nothing happens when the partition has left.
    /// </summary>
    public void NoteCommitted(ShardCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var partitions = Volatile.Read(ref _partitions);
        if (checkpoint.Lease.Shard < partitions.Length)
            partitions[checkpoint.Lease.Shard]?.NoteCommitted(checkpoint);
    }

    /// <summary>
    /// Lets the partition finish what it was given, waits for the acknowledgements (until <paramref name="stop"/>; a partition that is lost
    /// already is revoked with a cancelled one), and forgets it. Returns what <see cref="CommittableOffset"/> said last.
    /// </summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public async Task<long?> RevokeAsync(int partition, CancellationToken stop) => (await ReleaseAsync(partition, stop)).Committable;

    /// <summary>The same, with the last checkpoint; null when no state is kept, nothing changed, or not all was acknowledged.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public async Task<(long? Committable, ShardCheckpoint? Last)> ReleaseAsync(int partition, CancellationToken stop)
    {
        var owned = Get(partition);
        if (!stop.IsCancellationRequested)
            owned.Complete();
        await using var cancelled = stop.Register(owned.Cancel);
        await owned.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (owned.Completion.IsFaulted)
            Fail(owned.Completion);   // told by Failure, not later than here
        lock (_lock)
        {
            if (_partitions[partition] == owned)
            {
                _partitions[partition] = null;
                _retired.Add(owned.Counts);
            }
        }
        return (owned.Committable, owned.TakeCheckpoint());
    }

    /// <summary>Drops what is left, without waiting for acknowledgements: a source that ended has revoked its partitions before.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        foreach (var partition in Volatile.Read(ref _partitions).OfType<Partition>())
            await RevokeAsync(partition.Number, now.Token);
        OwnedPartition[] owned;
        lock (_lock)
            owned = [.. _owned];
        foreach (var partition in owned)
        {
            partition.Revoke();
            await Awaiting.AllAsync(partition.Ended);
        }
        _telemetry.Dispose();
    }

    /// <summary>The graphs that run, ascending.</summary>
    internal IEnumerable<Partition> Snapshot()
    {
        OwnedPartition[] owned;
        lock (_lock)
            owned = [.. _owned];
        return Volatile.Read(ref _partitions).OfType<Partition>().Concat(owned.Select(one => one.Running).OfType<Partition>()).OrderBy(one => one.Number);
    }

    /// <summary>A graph has ended: what it counted stays in the total.</summary>
    internal void Retire(Partition partition)
    {
        lock (_lock)
            _retired.Add(partition.Counts);
    }

    /// <summary>An ownership has ended.</summary>
    internal void Forget(OwnedPartition owned)
    {
        lock (_lock)
            _owned.Remove(owned);
    }

    /// <summary>The process cannot go on.</summary>
    internal void Fail(Exception failure) => _failed.TrySetException(failure);

    private Partition Get(int number)
    {
        var partitions = Volatile.Read(ref _partitions);
        return (uint)number < (uint)partitions.Length && partitions[number] is { } owned
            ? owned
            : throw new InvalidOperationException($"Shard {number} is not assigned.");
    }

    private void Fail(Task failed) => _failed.TrySetException(failed.Exception!.InnerExceptions);     // only runs when it faulted
}

/// <summary>Patients of a partition.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Active">Patients in memory.</param>
/// <param name="Passive">Patients of whom there is a snapshot only, until their next record.</param>
public readonly record struct ShardPatientCount(int Shard, int Active, int Passive);
