using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.State;

namespace Pipeline.Host.Kafka;

/// <summary>Reads one partition of the changelog to its end: of each patient the newest committed snapshot, and the newest mark.</summary>
internal sealed class Changelog(
    KafkaOptions options, ClientHealth health, ILogger log, TimeProvider time, StateMetrics? metrics, StandbyReader? standby = null, AbandonedTransactions? abandoned = null)
{
    private const int RecordsBetweenReports = 64;

    // The client's calls block; how often one that found nothing looks whether it should end.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), TellEvery = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What a shard begins with; its snapshots are put into <paramref name="passive"/> as they are read. Behind a mark that is not yet
    /// <paramref name="last"/> the last checkpoint may wait.
    /// </summary>
    /// <exception cref="IOException">They cannot be put there.</exception>
    public ShardRestore Read(ShardLease lease, IPassivePatients passive, Awaited last, IProgress<double>? progress, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        var patients = new PassiveRestore(lease, passive);
        var warm = standby?.TakeAsync(lease.Shard, stop).GetAwaiter().GetResult();      // its own thread
        if (warm is not null && !last.IsIn(warm, stop))
            warm = null;    // what is behind a transaction that is open there has to be waited for
        var marks = warm ?? new ChangelogContent();
        var read = 0L;
        if (warm is null)
            read = Read(lease.Shard, Take, () => patients.Count, () => last.IsIn(marks, stop), () => marks.Writer, progress, stop);
        else
            foreach (var (patient, snapshot) in warm.Snapshots)
                patients.Take(patient, snapshot);
        var restore = patients.End(marks.Mark);
        progress?.Report(1);
        log.Restored(options.StateTopic, lease.Shard, restore.KeptCount, patients.Bytes, read, (long)time.GetElapsedTime(started).TotalMilliseconds);
        metrics?.NoteRestored(lease.Shard, restore.KeptCount, read, marks.MarkedAt);
        foreach (var refused in restore.Refused)
            log.SnapshotRefused(options.StateTopic, lease.Shard, refused.Patient, refused.Reason);
        return restore;

        void Take(Message<byte[], byte[]> record)
        {
            if (ChangelogContent.PatientOf(record) is { } patient)
                patients.Take(patient, record.Value);
            else
                marks.Take(record);
        }
    }

    /// <summary>All that is committed of a partition, in memory.</summary>
    public ChangelogContent ReadNewest(int partition, CancellationToken stop)
    {
        var content = new ChangelogContent();
        Read(partition, content.Take, () => content.Snapshots.Count, () => content.Mark is not null, () => null, null, stop);
        return content;
    }

    /// <summary>
    /// Reads what is committed of a partition; answers how many bytes of values that was. "The end" is where a reader of committed records stands: the
    /// transaction of a process that died may still be open behind it, and is not waited for where the mark is the last one. Otherwise a checkpoint is
    /// committed and does not show yet, behind such a transaction or for some milliseconds: all that is there is waited for, and what <paramref name="writer"/>, the
    /// last mark's, has left open is ended.
    /// </summary>
    private long Read(
        int partition, Action<Message<byte[], byte[]>> take, Func<int> count, Func<bool> isMarked, Func<string?> writer, IProgress<double>? progress, CancellationToken stop)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.ChangelogReader(options))
            .SetErrorHandler((_, error) => health.Note(error))
            .SetLogHandler((_, message) => health.NoteLibrary(message))
            .Build();
        var at = new TopicPartition(options.StateTopic, partition);
        // Where compaction leaves nothing at 0 the fetch goes on behind it; to ask for the first offset costs half a second more.
        consumer.Assign(new TopicPartitionOffset(at, 0));
        var (read, toldAt) = (0L, time.GetTimestamp());
        var reading = new ChangelogEnd(time);
        for (var records = 0L; ; records++)
        {
            if (Next(consumer, stop) is not { } record)
            {
                if (reading.IsAbandoned() && writer() is { } open)
                    abandoned?.End(open);
                continue;
            }
            if (record.IsPartitionEOF)
            {
                if (reading.IsReached(isMarked(), consumer.GetWatermarkOffsets(at).High.Value <= record.Offset.Value))
                    break;
                continue;
            }
            reading.NoteRecord();
            read += record.Message.Value?.Length ?? 0;
            take(record.Message);
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
        return read;
    }

    /// <summary>The next record or end; null when there is none for a moment.</summary>
    private ConsumeResult<byte[], byte[]>? Next(IConsumer<byte[], byte[]> consumer, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        try
        {
            return consumer.Consume(Look);
        }
        catch (ConsumeException fault) when (!fault.Error.IsFatal)
        {
            health.Note(fault.Error);
            return null;
        }
    }
}

/// <summary>The last checkpoint of a shard, as far as it is known before it is read.</summary>
/// <param name="Committed">The group's offset, which goes with each checkpoint; 0 when there is none, null when nobody says.</param>
/// <param name="Topic">Id of the samples topic, whose checkpoint it has to be; null: of whichever.</param>
internal readonly record struct Awaited(long? Committed, Task<Guid>? Topic)
{
    /// <summary>Whether the newest mark is that of the last checkpoint. The caller's thread waits for the topic's id.</summary>
    public bool IsIn(ChangelogContent content, CancellationToken stop)
    {
        if (content.Mark is not { } mark)
            return false;
        if (SnapshotCodec.DecodeMark(mark, out _) is not { Through: var through })
            return true;    // of a newer program: refused, whatever follows
        return Is(through, Topic?.WaitAsync(stop).GetAwaiter().GetResult());
    }

    /// <summary>Whether a checkpoint through a record is the last one. <paramref name="topic"/>: id of the samples topic; null: of whichever.</summary>
    public bool Is(RecordPosition through, Guid? topic) => through.Offset + 1 >= Committed && (topic is null || through.TopicId == topic);
}
