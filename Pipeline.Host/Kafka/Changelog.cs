using System.Text;
using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>What is committed of a partition of the changelog.</summary>
/// <param name="Snapshots">Of each patient the newest one.</param>
/// <param name="Mark">The newest mark; null when there is none.</param>
/// <param name="MarkedAt">When it was written.</param>
/// <param name="BytesRead">Bytes of all values that were read.</param>
internal sealed record ChangelogContent(Dictionary<string, byte[]> Snapshots, byte[]? Mark, DateTimeOffset? MarkedAt, long BytesRead);

/// <summary>Reads one partition of the changelog to its end: of each patient the newest committed snapshot, and the newest mark.</summary>
internal sealed class Changelog(KafkaOptions options, ClientHealth health, ILogger log, TimeProvider time, StateMetrics? metrics)
{
    private const int RecordsBetweenReports = 64;

    // The client's calls block; how often one that found nothing looks whether it should end.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), TellEvery = TimeSpan.FromSeconds(5);

    /// <summary>What a shard begins with; its snapshots are put into <paramref name="passive"/> as they are read.</summary>
    /// <exception cref="IOException">They cannot be put there.</exception>
    public ShardRestore Read(ShardLease lease, IPassivePatients passive, IProgress<double>? progress, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        var patients = new PassiveRestore(lease, passive);
        var (mark, markedAt, read) = Read(lease.Shard, patients.Take, () => patients.Count, progress, stop);
        var restore = patients.End(mark);
        progress?.Report(1);
        log.Restored(options.StateTopic, lease.Shard, restore.KeptCount, patients.Bytes, read, (long)time.GetElapsedTime(started).TotalMilliseconds);
        metrics?.NoteRestored(lease.Shard, restore.KeptCount, read, markedAt);
        foreach (var refused in restore.Refused)
            log.SnapshotRefused(options.StateTopic, lease.Shard, refused.Patient, refused.Reason);
        return restore;
    }

    /// <summary>All that is committed of a partition, in memory.</summary>
    public ChangelogContent ReadNewest(int partition, IProgress<double>? progress, CancellationToken stop)
    {
        var newest = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var (mark, markedAt, read) = Read(partition, Take, () => newest.Count, progress, stop);
        return new ChangelogContent(newest, mark, markedAt, read);

        void Take(string patient, byte[]? value)
        {
            if (value is { Length: > 0 })
                newest[patient] = value;
            else
                newest.Remove(patient);
        }
    }

    /// <summary>
    /// Reads what is committed of a partition. "The end" is where a reader of committed records stands: the transaction of a process that died may
    /// still be open behind it, and is not waited for, as its outcome changes nothing (the mark says from where to go on).
    /// </summary>
    private (byte[]? Mark, DateTimeOffset? MarkedAt, long BytesRead) Read(
        int partition, Action<string, byte[]?> take, Func<int> count, IProgress<double>? progress, CancellationToken stop)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.ChangelogReader(options))
            .SetErrorHandler((_, error) => health.Note(error))
            .SetLogHandler((_, message) => health.NoteLibrary(message))
            .Build();
        var at = new TopicPartition(options.StateTopic, partition);
        // Where compaction leaves nothing at 0 the fetch goes on behind it; to ask for the first offset costs half a second more.
        consumer.Assign(new TopicPartitionOffset(at, 0));
        byte[]? mark = null;
        DateTimeOffset? markedAt = null;
        var (read, toldAt) = (0L, time.GetTimestamp());
        for (var records = 0L; Next(consumer, stop) is { IsPartitionEOF: false } record; records++)
        {
            read += record.Message.Value?.Length ?? 0;
            if (record.Message.Key.AsSpan().SequenceEqual(SnapshotCodec.MarkKey))
                (mark, markedAt) = (record.Message.Value, record.Message.Timestamp.UtcDateTime);
            else
                take(Encoding.UTF8.GetString(record.Message.Key), record.Message.Value);
            if (records % RecordsBetweenReports != 0 || consumer.GetWatermarkOffsets(at) is not { High: { IsSpecial: false, Value: > 0 } end })
                continue;
            var part = Math.Min(1, (double)(record.Offset.Value + 1) / end.Value);
            progress?.Report(part);
            if (time.GetElapsedTime(toldAt) < TellEvery)
                continue;
            toldAt = time.GetTimestamp();
            log.Restoring(options.StateTopic, partition, (int)(100 * part), count());
        }
        health.NoteReached();
        return (mark, markedAt, read);
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
