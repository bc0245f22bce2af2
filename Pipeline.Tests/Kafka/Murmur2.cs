using System.Buffers.Binary;
using System.Text;

namespace Pipeline.Tests.Kafka;

/// <summary>The hash of Java's default partitioner (org.apache.kafka.common.utils.Utils.murmur2), written anew to check librdkafka's.</summary>
internal static class Murmur2
{
    public static int PartitionOf(string key, int partitions) => (Hash(Encoding.UTF8.GetBytes(key)) & 0x7fffffff) % partitions;

    public static int Hash(ReadOnlySpan<byte> bytes)
    {
        const uint M = 0x5bd1e995;
        var hash = 0x9747b28c ^ (uint)bytes.Length;
        for (; bytes.Length >= 4; bytes = bytes[4..])
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(bytes) * M;
            hash = (hash * M) ^ ((k ^ (k >> 24)) * M);
        }
        if (bytes.Length > 0)
        {
            for (var i = bytes.Length - 1; i >= 0; i--)
                hash ^= (uint)bytes[i] << (8 * i);
            hash *= M;
        }
        hash = (hash ^ (hash >> 13)) * M;
        return (int)(hash ^ (hash >> 15));
    }
}
