using Pipeline.Actors;

namespace Pipeline.Host.State;

/// <summary>Which leases stand. Thread-safe.</summary>
internal sealed class ShardLeases
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, long> _standing = [];
    private long _last;

    /// <summary>Begins a lease; one that stands for the shard ends.</summary>
    public ShardLease Begin(int shard)
    {
        lock (_lock)
        {
            _standing[shard] = ++_last;
            return new ShardLease(shard, _last);
        }
    }

    /// <summary>Ends a lease, if it stands.</summary>
    public void End(ShardLease lease)
    {
        lock (_lock)
            if (IsStanding_NeedsLock(lease))
                _standing.Remove(lease.Shard);
    }

    /// <summary>
    /// What <paramref name="what"/> gives while all leases stand, which none of them leaves meanwhile; null, without asking, when one does not.
    /// </summary>
    public T? While<T>(IEnumerable<ShardLease> leases, Func<T> what) where T : class
    {
        lock (_lock)
            return leases.All(IsStanding_NeedsLock) ? what() : null;
    }

    /// <summary>Whether a lease stands.</summary>
    public bool IsStanding(ShardLease lease)
    {
        lock (_lock)
            return IsStanding_NeedsLock(lease);
    }

    private bool IsStanding_NeedsLock(ShardLease lease) => _standing.GetValueOrDefault(lease.Shard) == lease.Number;
}
