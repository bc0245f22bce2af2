using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>The broker inside the process, with the publisher and a plain reader.</summary>
public sealed class EmbeddedBrokerTests : IDisposable
{
    private readonly EmbeddedBroker _broker = new();
    private readonly KafkaOptions _options;

    public EmbeddedBrokerTests() => _options = _broker.Prepare(new KafkaOptions());

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Chunks_of_a_patient_arrive_in_order_in_the_partition_that_Java_would_choose()
    {
        await using (var publisher = Publisher())
        {
            for (var second = 0; second < 5; second++)
                for (var p = 0; p < 20; p++)
                    await publisher.PublishAsync(Chunks.Of(10 * second, 10, patient: $"P{p:D6}"), CancellationToken.None);
            await publisher.FlushAsync(CancellationToken.None);
            Assert.Equal(100, publisher.DeliveredCount);
        }

        var records = await TopicReading.ReadAllAsync(_options, _options.SamplesTopic);

        Assert.Equal(100, records.Count);
        foreach (var patient in records.GroupBy(record => Encoding.UTF8.GetString(record.Message.Key)))
        {
            Assert.Equal(Murmur2.PartitionOf(patient.Key, _options.Partitions), Assert.Single(patient.Select(record => record.Partition.Value).Distinct()));
            Assert.Equal(
                Enumerable.Range(0, 5).Select(second => 10L * second),
                patient.OrderBy(record => record.Offset.Value).Select(record => new SampleDecoder().Decode(record.Message.Key, record.Message.Value, out _)?.FirstSampleIndex ?? -1));
        }
    }

    /// <summary>40 MiB to one partition, which keeps 5: a publisher that did not wait for the group would lose most of it.</summary>
    [Fact]
    public async Task A_publisher_waits_for_the_group_so_that_nothing_is_lost()
    {
        const int Count = 640;
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var publisher = Publisher();
        var value = new byte[64 << 10];
        new Random(5).NextBytes(value);
        var publishing = PublishAllAsync();

        var offsets = await Task.Factory.StartNew(() => ReadAndCommit(Count, stop.Token), TaskCreationOptions.LongRunning);
        await publishing;

        Assert.Equal(Enumerable.Range(0, Count).Select(i => (long)i), offsets);

        async Task PublishAllAsync()
        {
            for (var i = 0; i < Count; i++)
                await publisher.PublishAsync("P1"u8.ToArray(), value, stop.Token);
            await publisher.FlushAsync(stop.Token);
        }
    }

    [Fact]
    public async Task What_is_published_while_the_broker_is_down_arrives_when_it_is_back()
    {
        await using var publisher = Publisher();
        await publisher.PublishAsync(Chunks.Of(0, 10), CancellationToken.None);
        await publisher.FlushAsync(CancellationToken.None);
        _broker.GoDown();
        for (var second = 1; second < 50; second++)
            await publisher.PublishAsync(Chunks.Of(10 * second, 10), CancellationToken.None);
        var flushed = publisher.FlushAsync(CancellationToken.None);
        Assert.False(flushed.IsCompleted);

        _broker.ComeBack();
        await flushed.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(50, (await TopicReading.ReadAllAsync(_options, _options.SamplesTopic)).Count);
    }

    private KafkaPublisher Publisher() => new(_options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);

    private List<long> ReadAndCommit(int count, CancellationToken stop)
    {
        var offsets = new List<long>();
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(ClientSettings.Reader(_options)).Build();
        consumer.Assign(new TopicPartitionOffset(_options.SamplesTopic, Murmur2.PartitionOf("P1", _options.Partitions), Offset.Beginning));
        while (offsets.Count < count)
        {
            var result = consumer.Consume(stop);
            if (result.IsPartitionEOF)
                continue;
            offsets.Add(result.Offset.Value);
            if (offsets.Count % 20 == 0)
                consumer.Commit(result);
        }
        consumer.Close();
        return offsets;
    }
}
