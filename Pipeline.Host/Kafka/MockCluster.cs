using System.Runtime.InteropServices;
using System.Text;

namespace Pipeline.Host.Kafka;

/// <summary>
/// The part of librdkafka's C interface (rdkafka.h, rdkafka_mock.h; 2.11 or newer) that the embedded broker and the check of settings need.
/// </summary>
internal static partial class MockCluster
{
    public const int Producer = 0;
    public const int NoError = 0;

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_version")]
    public static partial int Version();

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_new")]
    public static partial nint NewConfiguration();

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_destroy")]
    public static partial void DestroyConfiguration(nint configuration);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(nint configuration, string name, string value, Span<byte> error, nuint errorSize);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_new")]
    public static partial nint NewHandle(int type, nint configuration, Span<byte> error, nuint errorSize);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_destroy")]
    public static partial void DestroyHandle(nint handle);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_cluster_new")]
    public static partial nint NewCluster(nint handle, int brokers);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_cluster_destroy")]
    public static partial void DestroyCluster(nint cluster);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    public static partial nint Bootstraps(nint cluster);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int CreateTopic(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
    public static partial void SetRebalanceDelay(nint cluster, int milliseconds);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_broker_set_down")]
    public static partial int SetDown(nint cluster, int broker);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_broker_set_up")]
    public static partial int SetUp(nint cluster, int broker);

    /// <summary>What librdkafka says of a setting; null when it takes it.</summary>
    public static string? FindFault(string name, string value)
    {
        Span<byte> error = stackalloc byte[512];
        error.Clear();
        var configuration = NewConfiguration();
        try
        {
            return Set(configuration, name, value, error, (nuint)error.Length) == NoError ? null : Text(error);
        }
        finally
        {
            DestroyConfiguration(configuration);
        }
    }

    /// <summary>A C string.</summary>
    public static string Text(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
