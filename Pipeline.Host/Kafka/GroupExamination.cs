using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Host.Kafka;

/// <summary>The consumer group and where it stands in the input topic.</summary>
internal static class GroupExamination
{
    /// <summary>The group's members, and of each partition of the input topic its ends and the group's offset.</summary>
    /// <exception cref="KafkaException">The brokers do not answer, or there is no input topic.</exception>
    public static async Task<(GroupView Group, IReadOnlyList<PartitionPosition> Positions)> AskAsync(KafkaOptions options, TimeProvider time, CancellationToken stop)
    {
        using var admin = new KafkaAdmin(options, time);
        var partitions = (await admin.MetadataAsync(stop)).Topics.FirstOrDefault(topic => topic.Topic == options.SamplesTopic)?.Partitions.Count ?? 0;
        if (partitions == 0)
            throw new KafkaException(new Error(ErrorCode.UnknownTopicOrPart, $"There is no topic '{options.SamplesTopic}': ./pipeline topics creates it."));
        var group = await admin.GroupAsync();
        TopicPartition[] all = [.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(options.SamplesTopic, partition))];
        var first = await admin.OffsetsAsync(all, OffsetSpec.Earliest());
        var end = await admin.OffsetsAsync(all, OffsetSpec.Latest());
        var committed = await admin.CommittedAsync(all);
        return (group, [.. all.Select(at => new PartitionPosition(
            at.Partition.Value, first[at], end[at], committed.TryGetValue(at, out var offset) ? offset : null))]);
    }
}
