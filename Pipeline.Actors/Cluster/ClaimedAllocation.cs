using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Sharding.External;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Places shards where they were claimed. A shard whose process is unreachable is not asked to leave that, which nobody would answer, and which would hold up its claim for the time-out of the
/// hand-over: it is placed anew when the process is removed.
/// </summary>
internal sealed class ClaimedAllocation(ActorSystem system, string typeName) : IStartableAllocationStrategy
{
    private readonly ExternalShardAllocationStrategy _claims = new(system, typeName);
    private readonly AkkaCluster _cluster = AkkaCluster.Get(system);

    /// <inheritdoc/>
    public void Start() => _claims.Start();

    /// <inheritdoc/>
    public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
        _claims.AllocateShard(requester, shardId, currentShardAllocations);

    /// <inheritdoc/>
    public async Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        var moves = await _claims.Rebalance(currentShardAllocations, rebalanceInProgress);
        if (moves.Count == 0)
            return moves;
        var unreachable = _cluster.State.Unreachable.Select(member => member.Address).ToHashSet();
        return unreachable.Count == 0
            ? moves
            : moves.Except(currentShardAllocations.Where(held => unreachable.Contains(held.Key.Path.Address)).SelectMany(held => held.Value));
    }
}
