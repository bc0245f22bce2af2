using System.Text;
using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>Reads one partition of the changelog to its end: of each patient the newest committed snapshot, and the newest mark.</summary>
internal sealed class Changelog(KafkaOptions options, ClientHealth health, ILogger log, TimeProvider time, StateMetrics? metrics)
{
    // The client's calls block; how often one that found nothing looks whether it should end.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What is committed of a partition. "The end" is where a reader of committed records stands: the transaction of a process that died may
    /// still be open behind it, and is not waited for, as its outcome changes nothing (the mark says from where to go on).
    /// </summary>
    public ShardRestore Read(ShardLease lease, IProgress<double>? progress, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.ChangelogReader(options))
            .SetErrorHandler((_, error) => health.Note(error))
            .SetLogHandler((_, message) => health.NoteLibrary(message))
            .Build();
        var partition = new TopicPartition(options.StateTopic, lease.Shard);
        consumer.Assign(new TopicPartitionOffset(partition, Beginning(consumer, partition)));
        var newest = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        byte[]? mark = null;
        DateTimeOffset? markedAt = null;
        var read = 0L;
        for (var count = 0L; Next(consumer, stop) is { IsPartitionEOF: false } record; count++)
        {
            read += record.Message.Value?.Length ?? 0;
            if (record.Message.Key.AsSpan().SequenceEqual(SnapshotCodec.MarkKey))
                (mark, markedAt) = (record.Message.Value, record.Message.Timestamp.UtcDateTime);
            else if (record.Message.Value is { Length: > 0 } value)
                newest[Encoding.UTF8.GetString(record.Message.Key)] = value;
            else
                newest.Remove(Encoding.UTF8.GetString(record.Message.Key));
            if (count % 256 == 0 && consumer.GetWatermarkOffsets(partition) is { High.IsSpecial: false, High.Value: > 0 } there)
                progress?.Report(Math.Min(1, (double)(record.Offset.Value + 1) / there.High.Value));
        }
        progress?.Report(1);
        health.NoteReached();
        var restore = SnapshotDecoding.Decode(lease, [.. newest.Select(pair => (pair.Key, pair.Value))], mark);
        log.Restored(options.StateTopic, lease.Shard, restore.Patients.Count, newest.Values.Sum(v => (long)v.Length), read, (long)time.GetElapsedTime(started).TotalMilliseconds);
        metrics?.NoteRestored(lease.Shard, restore.Patients.Count, read, markedAt);
        foreach (var refused in restore.Refused)
            log.SnapshotRefused(options.StateTopic, lease.Shard, refused.Patient, refused.Reason);
        return restore;
    }

    /// <summary>The first offset there is. Named by its number it is fetched at once; "the beginning" the client asks for, and half a second later.</summary>
    private Offset Beginning(IConsumer<byte[], byte[]> consumer, TopicPartition partition)
    {
        try
        {
            return consumer.QueryWatermarkOffsets(partition, Patience).Low;
        }
        catch (KafkaException fault)
        {
            health.Note(fault.Error);
            return Offset.Beginning;
        }
    }

    private ConsumeResult<byte[], byte[]> Next(IConsumer<byte[], byte[]> consumer, CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                if (consumer.Consume(Look) is { } result)
                    return result;
            }
            catch (ConsumeException fault) when (!fault.Error.IsFatal)
            {
                health.Note(fault.Error);
            }
        }
    }
}
