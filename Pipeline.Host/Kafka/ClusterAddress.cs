using System.Globalization;
using Akka.Actor;
using Pipeline.Actors.Cluster;

namespace Pipeline.Host.Kafka;

/// <summary>
/// How a member of the consumer group says where its actor system is reached: in its client's id, which every description of the group shows:
/// <c>pipeline@akka.tcp://pipeline@10.0.0.7:4053/1764530000123</c>. The number is when its process started, in ms of Unix time.
/// </summary>
internal static class ClusterAddress
{
    private const string IdSetting = "client.id", DefaultId = "pipeline", Begin = "@akka.";

    /// <summary>Adds the address to the consumer's id.</summary>
    /// <param name="options">Changed.</param>
    /// <param name="node">The address, and when the process started.</param>
    public static void Announce(KafkaOptions options, GroupNode node)
    {
        var id = Find(options.ConsumerProperties) ?? Find(options.Properties) ?? DefaultId;
        foreach (var other in options.ConsumerProperties.Keys.Where(key => ClientSettings.NameOf(key) == IdSetting).ToArray())
            options.ConsumerProperties.Remove(other);
        options.ConsumerProperties[IdSetting] = string.Create(CultureInfo.InvariantCulture, $"{id}@{node.Address}/{node.Started}");
    }

    /// <summary>What a client's id says; null when it says nothing.</summary>
    public static GroupNode? Read(string clientId)
    {
        var begin = clientId.IndexOf(Begin, StringComparison.Ordinal);
        var end = clientId.LastIndexOf('/');
        return begin >= 0 && end > begin && ActorPath.TryParseAddress(clientId[(begin + 1)..end], out var address) && address.HasGlobalScope
            && long.TryParse(clientId[(end + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var started)
            ? new GroupNode(address, started)
            : null;
    }

    /// <summary>
    /// The members of a group as one of them needs them. A loopback address is known to members on the same machine only: who would be cut off by that is left out, on
    /// either side, and is no part of the cluster.
    /// </summary>
    /// <param name="group">As the brokers describe it.</param>
    /// <param name="self">The member that asks; by its time too, as others may have the same loopback address.</param>
    /// <param name="askedAt">Timestamp before the brokers were asked.</param>
    /// <param name="unreachable">Members that were left out for their loopback address, or for one's own.</param>
    public static GroupMembers Members(GroupView group, GroupNode self, long askedAt, out int unreachable)
    {
        var nodes = group.Members.Select(member => (member.Host, Node: Read(member.ClientId))).Where(member => member.Node is not null)
            .Select(member => (member.Host, Node: member.Node.GetValueOrDefault())).ToArray();
        var here = nodes.FirstOrDefault(member => member.Node == self).Host;
        var near = nodes.Where(member => member.Host == here || !(IsLoopback(self.Address) || IsLoopback(member.Node.Address))).Select(member => member.Node).ToArray();
        unreachable = here is null ? 0 : nodes.Length - near.Length;     // while this member is not in the group, nothing is known
        return new GroupMembers(group.State == "Stable", near, askedAt);
    }

    private static bool IsLoopback(Address address) => address.Host is { } host && ClusterOptions.IsLoopback(host);

    private static string? Find(Dictionary<string, string> settings) => settings.FirstOrDefault(setting => ClientSettings.NameOf(setting.Key) == IdSetting).Value;
}
