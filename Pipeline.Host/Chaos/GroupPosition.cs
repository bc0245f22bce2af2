using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Chaos;

/// <summary>How far the consumer group has committed the samples topic.</summary>
internal sealed class GroupPosition : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly KafkaOptions _options;
    private readonly IAdminClient _admin;

    /// <summary>Connects in the background.</summary>
    public GroupPosition(KafkaOptions options)
    {
        _options = options;
        _admin = new AdminClientBuilder(ClientSettings.Admin(options)).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>Records that are not committed, of all partitions. An answer that fails counts as one record: ask again.</summary>
    public async Task<long> BehindAsync()
    {
        try
        {
            var topic = _admin.GetMetadata(_options.SamplesTopic, Patience).Topics.Single();
            TopicPartition[] partitions = [.. topic.Partitions.Select(partition => new TopicPartition(_options.SamplesTopic, partition.PartitionId))];
            var ends = await _admin.ListOffsetsAsync(partitions.Select(partition => new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = OffsetSpec.Latest() }),
                new ListOffsetsOptions { RequestTimeout = Patience });
            var groups = await _admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(_options.GroupId, [.. partitions])],
                new ListConsumerGroupOffsetsOptions { RequestTimeout = Patience });
            var committed = groups.Single().Partitions.ToDictionary(at => at.Partition, at => Math.Max(0, at.Offset.Value));
            return ends.ResultInfos.Sum(end => end.TopicPartitionOffsetError.Offset.Value - committed.GetValueOrDefault(end.TopicPartitionOffsetError.Partition));
        }
        catch (KafkaException)
        {
            return 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _admin.Dispose();
}
