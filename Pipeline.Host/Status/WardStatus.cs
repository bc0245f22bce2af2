using Akka.Actor;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Status;

/// <summary>The consumer group, its members and their shards, from Kafka and from the members themselves.</summary>
/// <param name="Group">The group's id.</param>
/// <param name="State">The group's state, as Kafka names it.</param>
/// <param name="Protocol"><c>classic</c> or <c>consumer</c>.</param>
/// <param name="Topic">The input topic.</param>
/// <param name="Members">By address; those without one behind.</param>
/// <param name="Shards">Ascending.</param>
internal sealed record WardStatus(string Group, string State, string Protocol, string Topic, IReadOnlyList<WardMember> Members, IReadOnlyList<WardShard> Shards)
{
    /// <summary>The process that was asked, HOST:PORT of its actor system.</summary>
    public string? Process { get; init; }

    /// <summary>The process that places the patients of all, HOST:PORT; null while the one that was asked is in no cluster.</summary>
    public string? Coordinator { get; init; }

    /// <summary>
    /// Technical alarms of the pipeline itself, by the wall clock and so of no patient's series: a partition that nobody has, and one of which nothing was committed for
    /// <see cref="LongestLag"/> while records wait. A line each: kind, and what it means.
    /// </summary>
    public IEnumerable<(string Kind, string Reason)> TechnicalAlarms(DateTimeOffset now)
    {
        foreach (var shard in Shards)
            if (shard.Owner is null)
                yield return ("partition_without_owner", FormattableString.Invariant($"partition {shard.Shard} of {Topic}: alarms of its patients stand still; {shard.UncommittedRecords} records wait"));
            else if (shard is { UncommittedRecords: > 0, Own.LastCheckpoint: { } last } && now - last > LongestLag)
                yield return ("pipeline_lag", FormattableString.Invariant($"partition {shard.Shard} of {Topic}: nothing was committed for {(now - last).TotalSeconds:0} s; {shard.UncommittedRecords} records wait"));
    }

    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(90);     // checkpoints are at most a minute apart

    /// <summary>An address as the status writes it.</summary>
    public static string NameOf(Address process) => process.Host is null ? Environment.MachineName : FormattableString.Invariant($"{process.Host}:{process.Port}");

    /// <summary>Puts together what Kafka says of the group, and what the members said of themselves.</summary>
    /// <param name="topic">The input topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="positions">Of each partition.</param>
    /// <param name="answers">What each member said, by its id; one that did not answer has only a fault.</param>
    public static WardStatus From(
        string topic, GroupView group, IReadOnlyList<PartitionPosition> positions, IReadOnlyDictionary<string, MemberAnswer> answers)
    {
        var members = group.Members.Select(member => WardMember.From(member, answers.GetValueOrDefault(member.Id)))
            .OrderBy(member => member.Address is null).ThenBy(member => member.Address ?? member.Id, StringComparer.Ordinal).ToArray();
        var shards = positions.OrderBy(at => at.Partition).Select(at => Shard(at, group, members, answers)).ToArray();
        return new WardStatus(group.Id, group.State, group.Protocol, topic, members, shards);
    }

    private static WardShard Shard(PartitionPosition at, GroupView group, WardMember[] members, IReadOnlyDictionary<string, MemberAnswer> answers)
    {
        // While a group rebalances it names no assignment: then the members' own words count.
        var owner = group.Members.FirstOrDefault(member => member.Partitions.Contains(at.Partition))?.Id
            ?? answers.FirstOrDefault(answer => answer.Value.Status?.Shards.Any(shard => shard.Shard == at.Partition) == true).Key;
        var own = owner is null ? null : answers.GetValueOrDefault(owner)?.Status?.Shards.FirstOrDefault(shard => shard.Shard == at.Partition);
        return new WardShard(
            at.Partition, Array.FindIndex(members, member => member.Id == owner) is var index and >= 0 ? index + 1 : null, at.End, at.Committed,
            Math.Max(0, at.End - Math.Max(at.Committed ?? at.First, at.First)), own);
    }
}

/// <summary>A member of the group.</summary>
/// <param name="Id">Its id in the group.</param>
/// <param name="InstanceId">Its static name; null when it has none.</param>
/// <param name="Host">Where the brokers see it.</param>
/// <param name="Address">Where its actor system is reached, HOST:PORT; null when it does not say.</param>
/// <param name="Fault">Why nothing is known from itself; null when it answered.</param>
/// <param name="Unready">Why it does not work at present; null when it does.</param>
/// <param name="Partitions">Its partitions, ascending.</param>
internal sealed record WardMember(string Id, string? InstanceId, string Host, string? Address, string? Fault, string? Unready, IReadOnlyList<int> Partitions)
{
    public static WardMember From(GroupMember member, MemberAnswer? answer) => new(
        member.Id, member.InstanceId, member.Host, ClusterAddress.Read(member.ClientId) is { Address: var at } ? WardStatus.NameOf(at) : null,
        answer is null ? "not asked" : answer.Fault, answer?.Status?.Unready(), member.Partitions);
}

/// <summary>A shard of the ward.</summary>
/// <param name="Shard">Partition of the input topic.</param>
/// <param name="Owner">Number of its owner in the list of members, from 1; null when it has none.</param>
/// <param name="End">Offset behind the last record.</param>
/// <param name="Committed">Offset up to which everything is done; null when the group never committed.</param>
/// <param name="UncommittedRecords">Records that are not done.</param>
/// <param name="Own">What the owner says; null when it did not answer.</param>
internal sealed record WardShard(int Shard, int? Owner, long End, long? Committed, long UncommittedRecords, ShardStatus? Own);

/// <summary>What a member answered.</summary>
/// <param name="Status">Its status; null when it did not answer.</param>
/// <param name="Fault">Why it did not.</param>
internal sealed record MemberAnswer(ProcessStatus? Status, string? Fault);
