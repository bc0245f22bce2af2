using System.Collections.Immutable;
using Akka.Actor;

namespace Pipeline.Actors.Cluster;

/// <summary>A member of the consumer group, as far as the cluster is concerned.</summary>
/// <param name="Address">Where its actor system is reached.</param>
/// <param name="Started">When its process started, in ms of Unix time by its own clock. Orders the members; nothing depends on how exact it
/// is.</param>
public readonly record struct GroupNode(Address Address, long Started);

/// <summary>The consumer group at one moment. Every process of the group puts the members into the same order: oldest first, then by
/// address.</summary>
public sealed class GroupMembers
{
    /// <summary>Takes a view of the group.</summary>
    /// <param name="isStable">Whether the group is not rebalancing.</param>
    /// <param name="nodes">The members that can be reached from here; in any order.</param>
    /// <param name="askedAt"><see cref="TimeProvider.GetTimestamp"/> before the brokers were asked: what they say is at least as
    /// new.</param>
    public GroupMembers(bool isStable, IEnumerable<GroupNode> nodes, long askedAt)
    {
        IsStable = isStable;
        Nodes = [.. nodes.OrderBy(node => node.Started).ThenBy(node => node.Address.ToString(), StringComparer.Ordinal).DistinctBy(node => node.Address)];
        AskedAt = askedAt;
    }

    /// <summary>Whether the group is not rebalancing.</summary>
    public bool IsStable { get; }

    /// <summary>The members, oldest first.</summary>
    public ImmutableArray<GroupNode> Nodes { get; }

    /// <summary><see cref="TimeProvider.GetTimestamp"/> before the brokers were asked.</summary>
    public long AskedAt { get; }

    /// <summary>Whether a process with this address is in the group.</summary>
    public bool Contains(Address address) => Nodes.Any(node => node.Address == address);
}
