using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Pipeline.Host.Kafka;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>The library behind Confluent.Kafka and behind our own calls.</summary>
public sealed class LibrdkafkaTests
{
    [Fact]
    public void Our_own_calls_reach_the_library_that_the_client_has_loaded()
    {
        var partition = KeyPartition.Of("P000001"u8, 8);    // a call of ours

        using var process = Process.GetCurrentProcess();
        var loaded = process.Modules.Cast<ProcessModule>().Select(module => module.FileName).Where(Librdkafka.IsLibrary).Distinct().ToList();

        Assert.Single(loaded);
        Assert.Equal(Murmur2.PartitionOf("P000001", 8), partition);
        Assert.Equal(Library.Version, MockCluster.Version());
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("lz4")]
    [InlineData("snappy")]
    [InlineData("gzip")]
    [InlineData("none")]
    public async Task A_record_is_read_with_every_codec_of_Kafka(string codec)
    {
        using var broker = new EmbeddedBroker();
        broker.CreateTopic("records", 1);
        var value = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a chunk that compresses well. ", 400)));
        var settings = new ProducerConfig { BootstrapServers = broker.BootstrapServers, CompressionType = Enum.Parse<CompressionType>(codec, ignoreCase: true) };
        using (var producer = new ProducerBuilder<byte[], byte[]>(settings).Build())
        {
            await producer.ProduceAsync("records", new Message<byte[], byte[]> { Key = [1], Value = value });
        }

        var records = await TopicReading.ReadAllAsync(broker.Reach(new KafkaOptions()), "records", partitions: 1);

        Assert.Equal(value, Assert.Single(records).Message.Value);
    }

    [Theory]
    [InlineData("/usr/lib/librdkafka.so.1", true)]
    [InlineData("/app/runtimes/linux-x64/native/centos8-librdkafka.so", true)]
    [InlineData("/app/runtimes/osx-arm64/native/librdkafka.dylib", true)]
    [InlineData("/opt/librdkafka/lib/libssl.so", false)]
    public void A_build_of_the_library_is_known_by_its_file_name(string path, bool isLibrary) =>
        Assert.Equal(isLibrary, Librdkafka.IsLibrary(path));
}
