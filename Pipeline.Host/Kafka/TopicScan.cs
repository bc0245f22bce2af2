using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Pipeline.Host.Kafka;

/// <summary>Reads a whole topic, from the first record to the one that was the last when it began, beside any group.</summary>
internal static class TopicScan
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Hands every record to <paramref name="take"/>, in order within a partition.</summary>
    /// <exception cref="KafkaException">The brokers do not answer, or refuse; a topic that is missing is named.</exception>
    public static async Task ReadAsync(KafkaOptions options, string topic, Action<ConsumeResult<byte[], byte[]>> take, TimeProvider time, CancellationToken stop)
    {
        using var admin = new KafkaAdmin(options, time);
        var partitions = (await admin.MetadataAsync(stop)).Topics.FirstOrDefault(found => found.Topic == topic)?.Partitions.Count ?? 0;
        if (partitions == 0)
            throw new KafkaException(new Error(ErrorCode.UnknownTopicOrPart, $"There is no topic '{topic}': ./pipeline topics creates it."));
        // The client's calls block.
        await Task.Factory.StartNew(() => Read(options, topic, partitions, take, time, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static void Read(KafkaOptions options, string topic, int partitions, Action<ConsumeResult<byte[], byte[]>> take, TimeProvider time, CancellationToken stop)
    {
        var health = new ClientHealth("reader", options, NullLogger.Instance, time);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Reader(options))
            .SetErrorHandler((_, error) => health.Note(error))
            .SetLogHandler((_, _) => { })
            .Build();
        var ends = new Dictionary<int, long>();
        for (var partition = 0; partition < partitions; partition++)
            if (consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), Patience) is var there && there.High > there.Low)
                ends[partition] = there.High.Value;
        consumer.Assign(ends.Keys.Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        while (ends.Count > 0)
        {
            var result = consumer.Consume(stop);
            var partition = result.Partition.Value;
            // Some records end a transaction or are gone meanwhile: the end may be passed without being met.
            if (!result.IsPartitionEOF && ends.ContainsKey(partition))
                take(result);
            if (ends.TryGetValue(partition, out var end) && result.Offset.Value >= end - (result.IsPartitionEOF ? 0 : 1))
                ends.Remove(partition);
        }
    }
}
