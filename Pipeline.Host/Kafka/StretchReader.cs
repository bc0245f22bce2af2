using Confluent.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Reads a patient's samples of a stretch of time from the input topic, beside any group: what a page shows or takes away of the past. The topic keeps them for <c>Kafka:Retention</c>, and
/// is read from where its records were written at that time, so a recording that was replayed later is not found by its own times.
/// </summary>
internal static class StretchReader
{
    /// <summary>Records may be written so much before or after the time of their samples.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Most bytes of a patient's records that are kept: 15 min of twelve leads at 1 kHz.</summary>
    private const long MostBytes = 32L << 20;

    /// <summary>The chunks that touch the stretch, in order of the records.</summary>
    /// <exception cref="KafkaException">The brokers do not answer, or refuse.</exception>
    /// <exception cref="IOException">The stretch holds too much.</exception>
    public static async Task<IReadOnlyList<SampleChunk>> ReadAsync(KafkaOptions options, PatientId patient, DateTimeOffset from, DateTimeOffset to, TimeProvider time, CancellationToken stop)
    {
        using var admin = new KafkaAdmin(options, time);
        var partitions = (await admin.MetadataAsync(stop)).Topics.FirstOrDefault(found => found.Topic == options.SamplesTopic)?.Partitions.Count ?? 0;
        if (partitions == 0)
            throw new KafkaException(new Error(ErrorCode.UnknownTopicOrPart, $"There is no topic '{options.SamplesTopic}': ./pipeline topics creates it."));
        var key = SampleEncoder.Key(patient);
        var partition = new TopicPartition(options.SamplesTopic, KeyPartition.Of(key, partitions));
        // The client's calls block.
        return await Task.Factory.StartNew(() => Read(options, partition, key, from, to, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static List<SampleChunk> Read(KafkaOptions options, TopicPartition partition, byte[] key, DateTimeOffset from, DateTimeOffset to, CancellationToken stop)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Reader(options)).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        var there = consumer.QueryWatermarkOffsets(partition, Patience);
        // The embedded broker knows no times; it keeps little, and is read from its first record.
        var begin = options.PaceByGroup
            ? there.Low
            : consumer.OffsetsForTimes([new TopicPartitionTimestamp(partition, new Confluent.Kafka.Timestamp((from - Slack).UtcDateTime))], Patience)[0].Offset;
        var found = new List<SampleChunk>();
        if (begin == Offset.End || begin.Value < 0 || begin.Value >= there.High.Value)
            return found;
        consumer.Assign(new TopicPartitionOffset(partition, begin));
        var (decoder, bytes, last) = (new SampleDecoder(options.MaxPayloadBytes), 0L, (to + Slack).UtcDateTime);
        while (true)
        {
            var result = consumer.Consume(stop);
            if (result.IsPartitionEOF)
                return found;
            if (result.Message.Key is { } own && own.AsSpan().SequenceEqual(key) && decoder.Decode(own, result.Message.Value, out _) is { Command: null, SampleCount: > 0 } chunk && Touches(chunk))
            {
                found.Add(chunk);
                if ((bytes += result.Message.Value.Length) > MostBytes)
                    throw new IOException($"The stretch holds more than {MostBytes >> 20} MiB: ask for a shorter one.");
            }
            if (result.Offset.Value >= there.High.Value - 1 || (!options.PaceByGroup && result.Message.Timestamp.UtcDateTime > last))
                return found;
        }

        bool Touches(SampleChunk chunk)
        {
            var begins = chunk.FirstSampleTime.ToDateTimeOffset();
            return begins < to && begins + TimeSpan.FromSeconds(chunk.SampleCount / chunk.RateHz) > from;
        }
    }
}
