using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Host.Kafka;

namespace Pipeline.Chaos.Servers;

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
            return (await AskAsync()).Sum(partition => partition.Behind);
        }
        catch (KafkaException)
        {
            return 1;
        }
    }

    /// <summary>The same by partition, for a person.</summary>
    public async Task<string> DescribeAsync()
    {
        try
        {
            return string.Join(", ", (await AskAsync()).OrderBy(partition => partition.Partition).Select(partition => string.Create(CultureInfo.InvariantCulture, $"{partition.Partition}: {partition.Behind} of {partition.End}")));
        }
        catch (KafkaException fault)
        {
            return fault.Error.Reason;
        }
    }

    private async Task<IEnumerable<(int Partition, long Behind, long End)>> AskAsync()
    {
        var topic = _admin.GetMetadata(_options.SamplesTopic, Patience).Topics.Single();
        TopicPartition[] partitions = [.. topic.Partitions.Select(partition => new TopicPartition(_options.SamplesTopic, partition.PartitionId))];
        var ends = await _admin.ListOffsetsAsync(partitions.Select(partition => new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = OffsetSpec.Latest() }),
            new ListOffsetsOptions { RequestTimeout = Patience });
        var groups = await _admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(_options.GroupId, [.. partitions])],
            new ListConsumerGroupOffsetsOptions { RequestTimeout = Patience });
        var committed = groups.Single().Partitions.ToDictionary(at => at.Partition, at => Math.Max(0, at.Offset.Value));
        return ends.ResultInfos.Select(end => end.TopicPartitionOffsetError)
            .Select(end => (end.Partition.Value, Behind(end.Offset.Value, committed.GetValueOrDefault(end.Partition)), end.Offset.Value));
    }

    /// <summary>Records from <paramref name="committed"/> to <paramref name="end"/>; an offset past the end is that of a topic that was deleted.</summary>
    internal static long Behind(long end, long committed) => committed <= end ? end - committed : end;

    /// <inheritdoc/>
    public void Dispose() => _admin.Dispose();
}
