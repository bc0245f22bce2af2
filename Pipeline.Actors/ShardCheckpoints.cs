using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// The checkpoints of one shard. The source asks for one (<see cref="Request"/>, any thread); the loop stops taking records until every question
/// of those before is answered, captures the patients that changed (<see cref="Capture"/>), and goes on; the source gets it
/// (<see cref="TakeReady"/>, any thread) when all output up to it is acknowledged. So what is committed never runs ahead of what is stored.
/// </summary>
/// <param name="lease">The ownership of the shard.</param>
/// <param name="topicId">Id of the input topic; all zeros where the source has none.</param>
/// <param name="delivery">Says what is acknowledged.</param>
internal sealed class ShardCheckpoints(ShardLease lease, Guid topicId, Delivery delivery)
{
    private readonly Lock _lock = new();
    private ShardCheckpoint? _captured;
    private long _through = -1;     // offset of the last checkpoint captured
    private volatile bool _isWanted;

    /// <summary>Whether the loop is to make one.</summary>
    public bool IsWanted => _isWanted;

    /// <summary>Where a record of the shard stands.</summary>
    public RecordPosition PositionOf(long offset) => new(topicId, lease.Shard, offset);

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

    /// <summary>
    /// Makes one through record <paramref name="through"/>, the last that was handled; null when none was since the last. Where an earlier one
    /// was not taken, this one takes its place with what changed in both. The loop only.
    /// </summary>
    public void Capture(long? through, ShardPatients patients)
    {
        if (through is { } offset && offset > _through)
        {
            var (changed, forgotten) = patients.TakeChanged(PositionOf(offset));
            lock (_lock)
                _captured = new ShardCheckpoint(lease, PositionOf(offset), changed, forgotten, patients.Time).Following(_captured);
            _through = offset;
        }
        _isWanted = false;
    }
}
