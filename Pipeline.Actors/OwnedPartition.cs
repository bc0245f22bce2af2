using Akka.Actor;

namespace Pipeline.Actors;

/// <summary>Where a partition that keeps its state stands in its life.</summary>
public enum PartitionPhase
{
    /// <summary>Its state is being read, and its shard claimed: nothing may be handed over.</summary>
    Restoring,

    /// <summary>The state is there, and the graph can start (<see cref="OwnedPartition.Begin"/>).</summary>
    Ready,

    /// <summary>Records are taken, from <see cref="OwnedPartition.NextOffset"/> on.</summary>
    Running,

    /// <summary>What was taken is finished, and its last checkpoint committed.</summary>
    Draining,

    /// <summary>Nothing of it runs or is committed any more.</summary>
    Ended,
}

/// <summary>A partition that the group has assigned, and how its state is read.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Topic">The input topic.</param>
/// <param name="Log">Where its checkpoints are committed.</param>
/// <param name="Interval">From one checkpoint to the next.</param>
/// <param name="RestoreAsync">
/// Takes the ownership and reads what was committed last, with the input topic's id. Called again when the graph has to go on from its last
/// checkpoint. The argument: the offset up to which this ownership has committed; null before its first checkpoint.
/// </param>
public sealed record PartitionAssignment(
    int Number, string Topic, IShardLog Log, TimeSpan Interval, Func<long?, CancellationToken, Task<(ShardRestore State, Guid TopicId)>> RestoreAsync)
{
    /// <summary>Reads the records; null where they come decoded.</summary>
    public RecordDecoder? Decoder { get; init; }
}

/// <summary>
/// What a source sees of a partition that it has assigned: the view is written by <see cref="PartitionActor"/>, and everything that the
/// source does about it is a message to the actor, but for <see cref="Revoke"/>, which has to hold when it returns. Thread-safe.
/// </summary>
public sealed class OwnedPartition
{
    private readonly Lock _lock = new();
    private readonly IShardLog _log;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef _actor = ActorRefs.Nobody;
    private Partition? _partition;
    private ShardLease? _lease;
    private bool _isRevoked;
    private int _isAsked;

    internal OwnedPartition(int number, IShardLog log) => (Number, _log) = (number, log);

    /// <summary>Its number.</summary>
    public int Number { get; }

    /// <summary>Where it stands.</summary>
    public PartitionPhase Phase
    {
        get
        {
            lock (_lock)
                return field;
        }
        private set;
    }

    /// <summary>How often it has become ready: each time the source has to <see cref="Begin"/> it once, and to seek.</summary>
    public int ReadyCount { get; private set; }

    /// <summary>From <see cref="PartitionPhase.Ready"/> on, the offset to go on with; null when the state does not say, and the group's own
    /// counts.</summary>
    public long? NextOffset { get; private set; }

    /// <summary>Patients in the state that was read.</summary>
    public int RestoredCount { get; private set; }

    /// <summary>Offset after the last record of the last checkpoint that this ownership has committed; null before the first.</summary>
    public long? Committed { get; private set; }

    /// <summary>Snapshots that cannot be read: the partition stays in <see cref="PartitionPhase.Restoring"/>, as it must not go on without
    /// them.</summary>
    public IReadOnlyList<RefusedSnapshot> Refused { get; private set; } = [];

    /// <summary>What holds it up, for a person; null when nothing does.</summary>
    public string? Stalled
    {
        get
        {
            lock (_lock)
                return field ?? _partition?.Stalled;
        }
        private set;
    }

    /// <summary>Completes in <see cref="PartitionPhase.Ended"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts the graph; records follow from <see cref="NextOffset"/> on when it is running.</summary>
    public void Begin() => _actor.Tell(PartitionActor.Begin.Instance, ActorRefs.NoSender);

    /// <summary>Hands the first of some records over, as many as there is room for, and returns how many; none unless it is running.
    /// Offsets ascend.</summary>
    public int Offer(ReadOnlySpan<ShardRecord> records)
    {
        Partition? running;
        lock (_lock)
            running = Phase == PartitionPhase.Running ? _partition : null;
        return running?.Offer(records) ?? 0;
    }

    /// <summary>
    /// No record follows: finishes what was taken, commits the last checkpoint, and ends; when <paramref name="enough"/> is cancelled
    /// first, without what is left, which the next owner does again from the last checkpoint.
    /// </summary>
    public async Task DrainAsync(CancellationToken enough)
    {
        _actor.Tell(PartitionActor.Drain.Instance, ActorRefs.NoSender);
        await using var giveUp = enough.Register(() => _actor.Tell(PartitionActor.GiveUp.Instance, ActorRefs.NoSender));
        await Awaiting.AllAsync(Ended);
        Revoke();
    }

    /// <summary>From now on nothing of this ownership is committed; what runs of it ends soon.</summary>
    public void Revoke()
    {
        lock (_lock)
        {
            _isRevoked = true;
            if (_lease is { } lease)
                _log.Revoke(lease);
            _lease = null;
        }
        _actor.Tell(PartitionActor.GiveUp.Instance, ActorRefs.NoSender);
    }

    /// <summary>Makes a checkpoint now, not when the interval has passed; nothing happens while an earlier call waits.</summary>
    internal void RequestCheckpoint()
    {
        if (Interlocked.Exchange(ref _isAsked, 1) == 0)
            _actor.Tell(PartitionActor.Tick.Instance, ActorRefs.NoSender);
    }

    internal void NoteTick() => Volatile.Write(ref _isAsked, 0);

    internal void Attach(IActorRef actor) => _actor = actor;

    internal Partition? Running
    {
        get
        {
            lock (_lock)
                return _partition;
        }
    }

    /// <summary>The state was read under <paramref name="restored"/>'s lease; false when the ownership has ended meanwhile, and the lease
    /// with it.</summary>
    internal bool TryShowReady(ShardRestore restored, long? nextOffset)
    {
        lock (_lock)
        {
            if (_isRevoked)
            {
                _log.Revoke(restored.Lease);
                return false;
            }
            _lease = restored.Lease;
            (NextOffset, RestoredCount, Stalled) = (nextOffset, restored.Patients.Count + restored.KeptCount, null);
            ReadyCount++;
            Phase = PartitionPhase.Ready;
            return true;
        }
    }

    internal void ShowRunning(Partition partition)
    {
        lock (_lock)
            (_partition, Phase) = (partition, PartitionPhase.Running);
    }

    internal void ShowRestoring(string? stalled, IReadOnlyList<RefusedSnapshot> refused)
    {
        lock (_lock)
            (_partition, Phase, Stalled, Refused) = (null, PartitionPhase.Restoring, stalled, refused);
    }

    internal void ShowDraining()
    {
        lock (_lock)
            Phase = PartitionPhase.Draining;
    }

    internal void ShowCommitted(long offset) => Committed = offset;

    internal void ShowEnded()
    {
        lock (_lock)
        {
            if (_lease is { } lease)
                _log.Revoke(lease);
            (_lease, _partition, Phase) = (null, null, PartitionPhase.Ended);
        }
        _ended.TrySetResult();
    }
}
