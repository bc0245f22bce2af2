using Akka.Actor;
using Akka.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>The processes of a ward that answer readers, as one of them sees them at present.</summary>
/// <param name="System">The actor system of this process.</param>
/// <param name="Self">This process.</param>
/// <param name="All">Every process, this one included.</param>
/// <param name="Unreachable">Those that this process cannot reach.</param>
/// <param name="Oldest">The oldest member of the cluster, which places all patients' shards; null where there is no cluster, or before this
/// process is in it.</param>
public sealed record WardMembers(ActorSystem System, Address Self, IReadOnlyList<Address> All, IReadOnlySet<Address> Unreachable, Address? Oldest)
{
    /// <summary>A process that is in no cluster, and answers for itself.</summary>
    public static WardMembers Alone(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        var self = ((ExtendedActorSystem)system).Provider.DefaultAddress;
        return new WardMembers(system, self, [self], new HashSet<Address>(), null);
    }

    /// <summary>The members of the cluster that a process belongs to. Before it has joined, it can answer for itself.</summary>
    public static WardMembers Of(ClusterNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        var incarnation = node.Current;
        var (self, state) = (node.Address, incarnation.Cluster.State);
        Member[] here = [.. state.Members.Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving)];
        return new WardMembers(
            incarnation.System, self, state.Members.Count == 0 ? [self] : [.. here.Select(member => member.Address)],
            state.Unreachable.Select(member => member.Address).ToHashSet(),
            here.Aggregate((Member?)null, (oldest, member) => oldest is null || member.IsOlderThan(oldest) ? member : oldest)?.Address);
    }
}
