using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Sharding.External;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Places shards where they were claimed. A shard whose process is unreachable, or was removed a moment ago, is not asked to leave that,
/// which nobody would answer, and which would hold up its claim for the time-out of the hand-over: it is placed anew when the coordinator
/// has taken note of the removal.
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
        var state = _cluster.State;
        var present = state.Members.Except(state.Unreachable).Select(member => member.Address).ToHashSet();
        // The region of the coordinator's own process has no host in its path.
        return moves.Except(currentShardAllocations
            .Where(held => held.Key.Path.Address is { Host: not null } address && !present.Contains(address)).SelectMany(held => held.Value));
    }
}
