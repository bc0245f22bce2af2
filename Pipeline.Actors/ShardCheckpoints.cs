using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// The checkpoints of one shard. The source asks for one (<see cref="Request"/>, any thread); the loop stops taking records until every question
/// of those before is answered, captures the patients that changed (<see cref="Capture"/>), and goes on; the source gets it
/// (<see cref="TakeReady"/>, any thread) when all output up to it is acknowledged. So what is committed never runs ahead of what is stored. What is
/// committed comes back (<see cref="NoteCommitted"/>, any thread).
/// </summary>
/// <param name="restore">The ownership of the shard, and what was committed last.</param>
/// <param name="topicId">Id of the input topic; all zeros where the source has none.</param>
/// <param name="delivery">Says what is acknowledged.</param>
internal sealed class ShardCheckpoints(ShardRestore restore, Guid topicId, Delivery delivery)
{
    private readonly Lock _lock = new();
    private readonly ShardLease _lease = restore.Lease;
    private ShardCheckpoint? _captured;
    private long _through = restore.Through is { } through && through.TopicId == topicId && through.Partition == restore.Lease.Shard ? through.Offset : -1;
    private NetworkNames _networks = restore.Networks;  // both of the last checkpoint captured
    private bool _isCommitted;                          // whether that is the shard's last one
    private volatile bool _isWanted;

    /// <summary>Whether the loop is to make one.</summary>
    public bool IsWanted => _isWanted;

    /// <summary>Where a record of the shard stands.</summary>
    public RecordPosition PositionOf(long offset) => new(topicId, _lease.Shard, offset);

    /// <summary>Asks for a checkpoint. While one waits for its acknowledgements this does nothing.</summary>
    public void Request()
    {
        lock (_lock)
            _isWanted = _captured is null;
    }

    /// <summary>The checkpoint, once all output up to it is acknowledged; null before, and after it was taken.</summary>
    public ShardCheckpoint? TakeReady()
    {
        lock (_lock)
        {
            if (_captured is not { } captured || delivery.Committable is not { } committable || committable <= captured.Through.Offset)
                return null;
            _captured = null;
            return captured;
        }
    }

    /// <summary>A checkpoint is the shard's last one now.</summary>
    public void NoteCommitted(ShardCheckpoint checkpoint)
    {
        lock (_lock)
            _isCommitted |= checkpoint.Through.Offset == _through && checkpoint.Networks == _networks;
    }

    /// <summary>
    /// Makes one through record <paramref name="through"/>, the last that was handled, behind which <paramref name="networks"/> are asked; none when that is what
    /// the last one said. Where an earlier one was not taken, this one takes its place with what changed in both. The loop only.
    /// </summary>
    public void Capture(long? through, ShardPatients patients, NetworkNames networks)
    {
        var offset = Math.Max(through ?? -1, _through);
        if (offset > _through || (offset >= 0 && networks != _networks))
            Make(offset, patients, networks);
        _isWanted = false;
    }

    /// <summary>
    /// The same before another network is asked; whether that may be asked from the next record on: the checkpoint is committed, or no owner has handled
    /// a record yet. Called again until it is.
    /// </summary>
    public bool CaptureChange(long? through, ShardPatients patients, NetworkNames networks)
    {
        Capture(through, patients, networks);
        lock (_lock)
            return _isCommitted || _through < 0;
    }

    private void Make(long offset, ShardPatients patients, NetworkNames networks)
    {
        var (changed, forgotten) = patients.TakeChanged(PositionOf(offset));
        lock (_lock)
        {
            _captured = new ShardCheckpoint(_lease, PositionOf(offset), changed, forgotten, patients.Time, networks).Following(_captured);
            (_through, _networks, _isCommitted) = (offset, networks, false);
        }
    }
}
