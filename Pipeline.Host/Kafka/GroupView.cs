namespace Pipeline.Host.Kafka;

/// <summary>A consumer group as the brokers describe it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Stable, Empty, PreparingRebalance, …</param>
/// <param name="Protocol"><c>classic</c> or <c>consumer</c>.</param>
/// <param name="Members">Its members.</param>
internal sealed record GroupView(string Id, string State, string Protocol, IReadOnlyList<GroupMember> Members);

/// <summary>A member of a group.</summary>
/// <param name="Id">Its id in the group.</param>
/// <param name="InstanceId">Its static name; null when it has none.</param>
/// <param name="ClientId">The client's id.</param>
/// <param name="Host">Where the brokers see it.</param>
/// <param name="Partitions">Its partitions of the input topic, ascending.</param>
internal sealed record GroupMember(string Id, string? InstanceId, string ClientId, string Host, IReadOnlyList<int> Partitions);

/// <summary>Where a partition and the group stand.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="First">Offset of the first record that is kept.</param>
/// <param name="End">Offset behind the last record.</param>
/// <param name="Committed">The group's offset; null when there is none.</param>
internal sealed record PartitionPosition(int Partition, long First, long End, long? Committed);
