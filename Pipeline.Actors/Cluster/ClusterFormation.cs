using System.Collections.Immutable;
using Akka.Actor;

namespace Pipeline.Actors.Cluster;

/// <summary>What a process does next to be in the group's cluster.</summary>
public enum FormationStep
{
    /// <summary>Nothing: it is in the cluster, or does not know enough.</summary>
    Wait,

    /// <summary>
    /// Asks the contacts, and joins the first that is in a cluster. If its own address is the first contact and none of the others is in a
    /// cluster, it joins itself: the cluster begins. (This is how Akka uses seed nodes.)
    /// </summary>
    Join,

    /// <summary>
    /// Asks the contacts whether they know of its joining, and begins anew with a new actor system if one of them is in a cluster and does
    /// not: whoever let it in has died before it told anybody, and nobody will ever make it a full member.
    /// </summary>
    Confirm,

    /// <summary>Leaves its cluster for that of the contact, with a new actor system, if the contact says that it is in another.</summary>
    LeaveAndJoin,
}

/// <summary>A step and its contacts.</summary>
/// <param name="Step">What to do.</param>
/// <param name="Contacts">Whom to ask, in order; empty for <see cref="FormationStep.Wait"/>.</param>
public readonly record struct FormationDecision(FormationStep Step, ImmutableArray<Address> Contacts)
{
    /// <summary>Nothing to do.</summary>
    public static FormationDecision Wait { get; } = new(FormationStep.Wait, []);
}

/// <summary>
/// How processes that share a consumer group become one cluster without seed list or discovery service. Pure but for three remembered
/// times; not thread-safe.
/// <list type="number">
/// <item>Who is not in the group waits.</item>
/// <item>Who is in no cluster asks the other members of the group, in any state of the group. Only the first of a <em>stable</em> group may
/// begin a cluster, and only if no other member is in one. Another may after <see cref="AloneAfter"/>: it cannot reach the others, and its
/// partitions must not wait for that.</item>
/// <item>Processes that saw the group differently may begin two clusters. A stable group's first member decides which one stays: whose
/// cluster has lacked it for <see cref="MergeAfter"/> leaves and joins it, once that member has said that it is in another. A member that
/// is unreachable is still a member, so a network partition moves nobody.</item>
/// <item>Who was let into a cluster by a process that died at once is known to nobody: after <see cref="ConfirmAfter"/> it asks, and begins
/// anew.</item>
/// </list>
/// </summary>
/// <param name="self">The address of this process.</param>
public sealed class ClusterFormation(Address self)
{
    /// <summary>
    /// How long the group's first member must be missing from the cluster: longer than a join takes (0.1 to 2.5 s), so that one who is
    /// joining is not taken for one who is elsewhere. Two clusters harm only readers meanwhile: the group still gives each partition to one
    /// process.
    /// </summary>
    public static readonly TimeSpan MergeAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long a member of a stable group asks the others in vain before it begins a cluster alone: longer than the first takes
    /// to begin one.</summary>
    public static readonly TimeSpan AloneAfter = TimeSpan.FromSeconds(15);

    /// <summary>How long a process that was let in waits to be a full member before it asks the others whether they know: longer than such
    /// news takes among them.</summary>
    public static readonly TimeSpan ConfirmAfter = TimeSpan.FromSeconds(4);

    private (Address First, DateTimeOffset Since)? _missing;
    private DateTimeOffset? _aloneSince, _joiningSince;

    /// <summary>Decides.</summary>
    /// <param name="members">The members of the cluster that this process is in, unreachable ones too; empty when it is in none.</param>
    /// <param name="group">The group.</param>
    /// <param name="now">The time; only differences count.</param>
    /// <param name="isUp">Whether it is a full member of the cluster that it is in.</param>
    public FormationDecision Decide(IReadOnlySet<Address> members, GroupMembers group, DateTimeOffset now, bool isUp = true)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(group);
        if (!group.Contains(self))
            (_missing, _aloneSince, _joiningSince) = (null, null, null);
        else if (members.Count == 0)
            return Outside(group, now);
        else
            return isUp ? Inside(members, group, now) : Joining(group, now);
        return FormationDecision.Wait;
    }

    private FormationDecision Outside(GroupMembers group, DateTimeOffset now)
    {
        (_missing, _joiningSince) = (null, null);
        var others = Others(group);
        if (group.Nodes[0].Address == self)
            return group.IsStable ? new FormationDecision(FormationStep.Join, [self, .. others]) : FormationDecision.Wait;
        _aloneSince = group.IsStable ? _aloneSince ?? now : null;
        return now - _aloneSince >= AloneAfter
            ? new FormationDecision(FormationStep.Join, [self, .. others])
            : new FormationDecision(FormationStep.Join, [.. others]);
    }

    private FormationDecision Joining(GroupMembers group, DateTimeOffset now)
    {
        (_missing, _aloneSince) = (null, null);
        _joiningSince ??= now;
        return now - _joiningSince >= ConfirmAfter ? new FormationDecision(FormationStep.Confirm, [.. Others(group)]) : FormationDecision.Wait;
    }

    private FormationDecision Inside(IReadOnlySet<Address> members, GroupMembers group, DateTimeOffset now)
    {
        (_aloneSince, _joiningSince) = (null, null);
        var first = group.Nodes[0].Address;
        if (members.Contains(first))
            _missing = null;
        else if (_missing?.First != first)
            _missing = (first, now);
        return _missing is { } missing && group.IsStable && now - missing.Since >= MergeAfter
            ? new FormationDecision(FormationStep.LeaveAndJoin, [first])
            : FormationDecision.Wait;
    }

    private IEnumerable<Address> Others(GroupMembers group) => group.Nodes.Select(node => node.Address).Where(address => address != self);
}
