using Pipeline.Actors;

namespace Pipeline.Host.State;

/// <summary>The leases of this process that are in force, at most one a shard. Thread-safe.</summary>
internal sealed class ShardLeases
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, long> _standing = [];
    private long _last;

    /// <summary>Begins a lease of a shard; an earlier one of the same shard ends.</summary>
    public ShardLease Begin(int shard)
    {
        lock (_lock)
        {
            _standing[shard] = ++_last;
            return new ShardLease(shard, _last);
        }
    }

    /// <summary>Ends a lease; does nothing when it has ended already.</summary>
    public void End(ShardLease lease)
    {
        lock (_lock)
            if (IsStanding_NeedsLock(lease))
                _standing.Remove(lease.Shard);
    }

    /// <summary>
    /// Calls <paramref name="what"/> if all leases are in force, and keeps them in force until it returns; null, without a call, when one
    /// has ended.
    /// </summary>
    public T? While<T>(IEnumerable<ShardLease> leases, Func<T> what) where T : class
    {
        lock (_lock)
            return leases.All(IsStanding_NeedsLock) ? what() : null;
    }

    /// <summary>Whether a lease is in force.</summary>
    public bool IsStanding(ShardLease lease)
    {
        lock (_lock)
            return IsStanding_NeedsLock(lease);
    }

    private bool IsStanding_NeedsLock(ShardLease lease) => _standing.GetValueOrDefault(lease.Shard) == lease.Number;
}
