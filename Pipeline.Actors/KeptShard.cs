namespace Pipeline.Actors;

/// <summary>
/// What a source does about the state of one shard that it owns: the shard begins when its state was read, is asked for checkpoints, has them
/// committed one after the other, and leaves with its last one. A checkpoint that is refused, for the group is between two generations, goes
/// with the next, or alone when there is none. Once revoked it is of no use any more. One thread at a time: the source's.
/// </summary>
/// <param name="shard">Number of the shard.</param>
/// <param name="shards">Where it runs.</param>
/// <param name="log">Where its state is kept.</param>
/// <param name="interval">From one checkpoint's request to the next.</param>
/// <param name="time">For the interval.</param>
public sealed class KeptShard(int shard, Partitions shards, IShardLog log, TimeSpan interval, TimeProvider time)
{
    private Task<ShardRestore>? _restoring;
    private ShardLease? _lease;
    private (ShardCheckpoint Checkpoint, Task<CommitOutcome> Outcome)? _committing;
    private ShardCheckpoint? _uncommitted;
    private long _askedAt;

    /// <summary>Offset after the last record that a checkpoint of this ownership was committed through; null before the first.</summary>
    public long? Committed { get; private set; }

    /// <summary>Whether the state is being read, or was read and the shard has not begun: nothing may be posted.</summary>
    public bool IsRestoring => _restoring is not null;

    /// <summary>Whether the shard has begun, and has to be released.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The state, when it was read and the shard has not begun; null otherwise. Throws what reading it threw.</summary>
    public ShardRestore? Restored => _restoring is { IsCompleted: true } restored ? restored.GetAwaiter().GetResult() : null;

    /// <summary>The state is being read by <paramref name="restoring"/>, which is <see cref="IShardLog.AssignAsync"/>'s.</summary>
    public void BeginRestore(Task<ShardRestore> restoring) => _restoring = restoring;

    /// <summary>
    /// Begins the shard with the state that was <see cref="Restored"/>. Records follow from <see cref="ShardRestore.NextOffset"/> on.
    /// </summary>
    /// <param name="topic">See <see cref="Partitions.Assign"/>.</param>
    /// <param name="topicId">See <see cref="Partitions.Assign"/>.</param>
    /// <exception cref="InvalidOperationException">The state has not been read.</exception>
    public void Begin(string topic, Guid topicId)
    {
        var restore = Restored ?? throw new InvalidOperationException($"The state of shard {shard} has not been read.");
        (_restoring, _lease, _askedAt) = (null, restore.Lease, time.GetTimestamp());
        shards.Assign(shard, topic, restore, topicId);
        HasBegun = true;
    }

    /// <summary>Commits a checkpoint that is ready, or asks for one that is due; to be called often, while the shard runs.</summary>
    public void Keep(CancellationToken stop)
    {
        if (_committing is { } committing)
        {
            if (!committing.Outcome.IsCompleted)
                return;
            NoteOutcome(committing.Checkpoint, committing.Outcome);
        }
        if (shards.TakeCheckpoint(shard) is { } ready)
            _committing = Commit(ready, stop);
        else if (time.GetElapsedTime(_askedAt) >= interval)
        {
            _askedAt = time.GetTimestamp();
            shards.RequestCheckpoint(shard);
            // No further record may come for the next one to go with.
            if (_uncommitted is { } refused)
                _committing = Commit(refused, stop);
        }
    }

    /// <summary>
    /// The shard has been released (<see cref="Partitions.ReleaseAsync"/>) with <paramref name="last"/>: that, and what is under way, is
    /// committed, until <paramref name="enough"/>; what is not by then the next owner does again from the last checkpoint that is.
    /// </summary>
    public async Task CommitLastAsync(ShardCheckpoint? last, CancellationToken enough)
    {
        try
        {
            if (_committing is { } committing)
            {
                await committing.Outcome.WaitAsync(enough);
                NoteOutcome(committing.Checkpoint, committing.Outcome);
            }
            if ((last ?? _uncommitted) is not { } ready)
                return;
            var (checkpoint, outcome) = Commit(ready, enough);
            await outcome;
            NoteOutcome(checkpoint, outcome);
        }
        catch (OperationCanceledException)
        {
            // The storage does not answer in time.
        }
    }

    /// <summary>From now on nothing of this ownership is committed.</summary>
    public void Revoke()
    {
        if (_lease is { } lease)
            log.Revoke(lease);
        (_lease, _restoring) = (null, null);
    }

    private (ShardCheckpoint Checkpoint, Task<CommitOutcome> Outcome) Commit(ShardCheckpoint ready, CancellationToken stop)
    {
        var whole = ReferenceEquals(ready, _uncommitted) ? ready : ready.Following(_uncommitted);
        _uncommitted = null;
        return (whole, log.CommitAsync(whole, stop));
    }

    private void NoteOutcome(ShardCheckpoint checkpoint, Task<CommitOutcome> outcome)
    {
        _committing = null;
        if (outcome.IsCompletedSuccessfully && outcome.GetAwaiter().GetResult() == CommitOutcome.Committed)
        {
            Committed = checkpoint.Through.Offset + 1;
            shards.NoteCommitted(checkpoint);
        }
        else
        {
            _uncommitted = checkpoint;
        }
    }
}
