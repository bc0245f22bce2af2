using Confluent.Kafka;
using Pipeline.Host.Kafka;

namespace Pipeline.Tests.Kafka;

/// <summary>Reads a whole topic as it is now.</summary>
internal static class TopicReading
{
    public static Task<List<ConsumeResult<byte[], byte[]>>> ReadAllAsync(KafkaOptions options, string topic, int? partitions = null) =>
        Task.Factory.StartNew(() => ReadAll(options, topic, partitions ?? options.Partitions), TaskCreationOptions.LongRunning);

    private static List<ConsumeResult<byte[], byte[]>> ReadAll(KafkaOptions options, string topic, int partitions)
    {
        var records = new List<ConsumeResult<byte[], byte[]>>();
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Reader(options)).Build();
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        for (var ended = 0; ended < partitions;)
        {
            var result = consumer.Consume(late.Token);
            if (result.IsPartitionEOF)
                ended++;
            else
                records.Add(result);
        }
        return records;
    }
}
