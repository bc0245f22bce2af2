using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Actors;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Records on their way from the client to the shards. Those of one partition that came in a row are posted together: the shard is woken once for
/// all of them. Those that find its mailbox full are held, in order, and the partition is paused. On the consumer's thread.
/// </summary>
internal sealed class RecordRun(IConsumer<Null, RawRecord> consumer, string topic, KafkaMetrics metrics, ILogger log)
{
    /// <summary>Records after which the consumer looks at the rest of its work.</summary>
    public const int Length = 64;

    private const int FullWaits = 20;
    private const long MostBytes = 1 << 20;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly List<ShardRecord> _run = new(Length);
    private PartitionProgress? _progress;
    private long _bytes;
    private int _heldPartitions;

    /// <summary>Whether so much waits that it has to be posted before more is read.</summary>
    public bool IsFull => _bytes >= MostBytes;

    /// <summary>Whether records wait to be posted.</summary>
    public bool IsEmpty => _run.Count == 0;

    /// <summary>Whether some partition is paused because its shard's mailbox is full.</summary>
    public bool HoldsSome => _heldPartitions > 0;

    /// <summary>Whether the records that wait are of this partition.</summary>
    public bool IsOf(PartitionProgress progress) => ReferenceEquals(_progress, progress);

    /// <summary>Takes a record that follows those of the same partition that wait.</summary>
    public void Add(PartitionProgress progress, long offset, RawRecord read)
    {
        _progress = progress;
        _bytes += read.Payload.Length;
        _run.Add(new ShardRecord(offset, null, Payload: read.Payload, Key: read.Key));
    }

    /// <summary>Posts what waits, and waits some moments for a mailbox that is full: pausing throws away what the client has fetched ahead.</summary>
    public void Post(CancellationToken stop)
    {
        if (_run.Count == 0 || _progress is not { } progress)
            return;
        Measure();
        var rest = CollectionsMarshal.AsSpan(_run);
        for (var waits = 0; !rest.IsEmpty && progress.Held.Count == 0;)
        {
            rest = rest[progress.Offer(rest)..];
            if (!rest.IsEmpty && (waits++ == FullWaits || stop.WaitHandle.WaitOne(Moment)))
                break;
        }
        foreach (ref readonly var record in rest)
            Hold(progress, record);
        _run.Clear();
    }

    /// <summary>Posts what is held of a partition, as far as there is room; when nothing is left it is read on.</summary>
    public void Release(PartitionProgress progress)
    {
        while (progress.Held.TryPeek(out var record))
        {
            if (progress.Offer([record]) == 0)
                return;
            progress.Held.Dequeue();
        }
        if (!progress.IsPaused)
            return;
        progress.IsPaused = false;
        _heldPartitions--;
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
        if (progress.IsPaused)
            _heldPartitions--;
        // The client would keep it paused when it comes back.
        if (progress is { IsPaused: true } or { PassedOver: not null })
            consumer.Resume([new TopicPartition(topic, progress.Partition)]);
    }

    private void Hold(PartitionProgress progress, in ShardRecord record)
    {
        progress.Held.Enqueue(record);
        if (progress.IsPaused)
            return;
        progress.IsPaused = true;
        _heldPartitions++;
        metrics.Paused.Add(1);
        log.Paused(topic, progress.Partition);
        consumer.Pause([new TopicPartition(topic, progress.Partition)]);
    }

    private void Measure()
    {
        metrics.Read.Add(_run.Count);
        metrics.ReadBytes.Add(_bytes);
        _bytes = 0;
    }
}
