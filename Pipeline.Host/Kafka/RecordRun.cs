using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Actors;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Records on their way from the client to the shards. Those of one partition that came in a row are posted together: the shard is woken once for
/// all of them. Those that find its mailbox full are held, in order, so that the other shards get theirs, which come behind; when as many are held as a
/// fetch brings, the partition is paused. On the consumer's thread.
/// </summary>
internal sealed class RecordRun(PatientShards shards, IConsumer<Null, SampleRecord> consumer, string topic, KafkaMetrics metrics, ILogger log)
{
    /// <summary>Records after which the consumer looks at the rest of its work.</summary>
    public const int Length = 64;

    private const int FullWaits = 20;

    /// <summary>Records of a partition that are held before it is paused.</summary>
    private const int MostHeld = 512;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly List<ShardRecord> _run = new(Length);
    private PartitionProgress? _progress;
    private long _bytes;
    private int _heldPartitions;

    /// <summary>Whether records wait to be posted.</summary>
    public bool IsEmpty => _run.Count == 0;

    /// <summary>Whether records of some partition are held because its shard's mailbox is full.</summary>
    public bool HoldsSome => _heldPartitions > 0;

    /// <summary>Whether the records that wait are of this partition.</summary>
    public bool IsOf(PartitionProgress progress) => ReferenceEquals(_progress, progress);

    /// <summary>Takes a record that follows those of the same partition that wait.</summary>
    public void Add(PartitionProgress progress, long offset, SampleRecord read)
    {
        _progress = progress;
        _bytes += read.Payload.Length;
        _run.Add(read.Chunk is { } chunk
            ? new ShardRecord(offset, chunk, Payload: read.Payload)
            : new ShardRecord(offset, null, new DeadLetter(
                "decode", read.Refused ?? "", new Origin(topic, progress.Partition, offset), read.Key, read.Payload)));
    }

    /// <summary>
    /// Posts what waits, behind what is held of the partition. With too much held it waits some moments for the shard: pausing throws away what the client
    /// has fetched ahead.
    /// </summary>
    public void Post(CancellationToken stop)
    {
        if (_run.Count == 0 || _progress is not { } progress)
            return;
        Measure();
        var run = CollectionsMarshal.AsSpan(_run);
        var posted = progress.Held.Count == 0 ? Post(progress, run) : 0;
        if (posted < run.Length && progress.Held.Count == 0)
            _heldPartitions++;
        progress.Held.AddRange(run[posted..]);
        _run.Clear();
        for (var waits = 0; progress.Held.Count > MostHeld && waits < FullWaits && !stop.WaitHandle.WaitOne(Moment); waits++)
            Release(progress);
        if (progress.Held.Count > MostHeld)
            Pause(progress);
    }

    /// <summary>Posts what is held of a partition, as far as there is room; when nothing is left it is read on.</summary>
    public void Release(PartitionProgress progress)
    {
        if (progress.Held.Count == 0)
            return;
        progress.Held.RemoveRange(0, Post(progress, CollectionsMarshal.AsSpan(progress.Held)));
        if (progress.Held.Count > 0)
            return;
        _heldPartitions--;
        if (!progress.IsPaused)
            return;
        progress.IsPaused = false;
        consumer.Resume([new TopicPartition(topic, progress.Partition)]);
    }

    /// <summary>The partition leaves: what was read of it and not posted is read again by its next owner.</summary>
    public void Forget(PartitionProgress progress)
    {
        if (IsOf(progress))
        {
            _run.Clear();
            (_progress, _bytes) = (null, 0);
        }
        if (progress.Held.Count > 0)
            _heldPartitions--;
        // The client would keep it paused when it comes back.
        if (progress is { IsPaused: true } or { PassedOver: not null })
            consumer.Resume([new TopicPartition(topic, progress.Partition)]);
    }

    private int Post(PartitionProgress progress, ReadOnlySpan<ShardRecord> records)
    {
        var posted = shards.Post(progress.Partition, records);
        if (posted > 0)
            progress.NotePosted(records[posted - 1].Offset);
        return posted;
    }

    private void Pause(PartitionProgress progress)
    {
        if (progress.IsPaused)
            return;
        progress.IsPaused = true;
        metrics.Paused.Add(1);
        log.Paused(topic, progress.Partition);
        consumer.Pause([new TopicPartition(topic, progress.Partition)]);
    }

    private void Measure()
    {
        var refused = 0;
        foreach (ref readonly var record in CollectionsMarshal.AsSpan(_run))
            refused += record.Chunk is null ? 1 : 0;
        metrics.Read.Add(_run.Count);
        metrics.ReadBytes.Add(_bytes);
        if (refused > 0)
            metrics.Refused.Add(refused);
        _bytes = 0;
    }
}
