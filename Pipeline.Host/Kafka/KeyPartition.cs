using System.Runtime.InteropServices;

namespace Pipeline.Host.Kafka;

/// <summary>The partition of a key: librdkafka's own partitioner <c>murmur2</c>, which every publisher of ours uses, and Java's clients by default.</summary>
internal static partial class KeyPartition
{
    /// <summary>The partition, of <paramref name="partitions"/>, that <paramref name="key"/> goes to.</summary>
    public static int Of(ReadOnlySpan<byte> key, int partitions) => Murmur2(0, key, (nuint)key.Length, partitions, 0, 0);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_msg_partitioner_murmur2")]
    private static partial int Murmur2(nint topic, ReadOnlySpan<byte> key, nuint length, int partitions, nint topicOpaque, nint messageOpaque);
}
