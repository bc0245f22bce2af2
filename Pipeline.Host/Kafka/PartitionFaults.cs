using System.Globalization;
using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>Faults that keep one partition from being read while the others are: logged once a minute, counted, and kept for readiness as long as they come again.</summary>
internal sealed class PartitionFaults(string topic, KafkaMetrics metrics, ILogger log, TimeProvider time)
{
    // librdkafka tries again, and says so, after half a second.
    private static readonly TimeSpan Over = TimeSpan.FromSeconds(15), Repeat = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(int Partition, ErrorCode Code), long> _logged = [];

    /// <summary>The record at <paramref name="offset"/>, or one near it, cannot be read.</summary>
    public void Note(PartitionProgress progress, long offset, ErrorCode code, string reason)
    {
        var now = time.GetTimestamp();
        progress.NoteFault(string.Create(CultureInfo.InvariantCulture, $"cannot be read from offset {offset} on ({code}: {reason}). {AdviceFor(code)}"), now);
        metrics.ReadFaults.Add(1, new KeyValuePair<string, object?>("partition", progress.Partition));
        if (_logged.TryGetValue((progress.Partition, code), out var last) && time.GetElapsedTime(last, now) < Repeat)
            return;
        _logged[(progress.Partition, code)] = now;
        log.PartitionFault(topic, progress.Partition, offset, code, reason, AdviceFor(code));
    }

    /// <summary>What keeps a partition from being read at present, for a person; null when nothing does.</summary>
    public string? Of(PartitionProgress progress)
    {
        if (progress.Fault is { } fault && time.GetElapsedTime(fault.At) >= Over)
            progress.ForgetFault();
        return progress.Fault?.Reason;
    }

    private static string AdviceFor(ErrorCode code) => code switch
    {
        ErrorCode.Local_KeyDeserialization or ErrorCode.Local_ValueDeserialization =>
            "It is read again until it can be taken: give the process more memory, or lower Topology:MaxMailboxBytes and Kafka:ConsumerProperties:queued.max.messages.kbytes",
        ErrorCode.Local_NotImplemented or ErrorCode.Local_UnsupportedFeature or ErrorCode.UnsupportedCompressionType =>
            "This build of librdkafka does not know the batch's compression: set compression.type of the topic to lz4, and delete the records up to there (kafka-delete-records) if they can be spared",
        ErrorCode.Local_BadCompression or ErrorCode.Local_BadMsg or ErrorCode.InvalidMsg =>
            "The batch is damaged: look at the broker's disk (kafka-dump-log), or delete the records up to there (kafka-delete-records) if they can be spared",
        _ => "It is tried again; the other partitions go on",
    };
}
