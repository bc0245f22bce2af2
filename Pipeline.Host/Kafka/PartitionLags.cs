using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Pipeline.Host.Kafka;

/// <summary>
/// How far behind the owned partitions are. The client knows a partition's end from its last fetch, and fetches nothing of one that is paused, as all are
/// while a store is away: the brokers are asked for their ends, one question at a time. On the consumer's thread.
/// </summary>
internal sealed class PartitionLags(KafkaOptions options, IConsumer<Null, RawRecord> consumer, ClientHealth health, TimeProvider time) : IDisposable
{
    private KafkaAdmin? _admin;     // most processes never pause
    private Task<Dictionary<TopicPartition, long>>? _asking;
    private Dictionary<TopicPartition, long> _ends = [];

    /// <summary>The lags as they are known now; to be called every second or so.</summary>
    public PartitionLag[] Of(IReadOnlyCollection<PartitionProgress> owned)
    {
        TakeAnswer();
        TopicPartition[] still = [.. owned.Where(IsStill).Select(At)];
        if (_asking is null && still.Length > 0)
            _asking = (_admin ??= new KafkaAdmin(options, time)).OffsetsAsync(still, OffsetSpec.Latest(), IsolationLevel.ReadCommitted);
        return [.. owned.Select(LagOf)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = _asking?.ContinueWith(asked => asked.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);   // seen
        _admin?.Dispose();
    }

    private static bool IsStill(PartitionProgress progress) => progress.IsPaused || progress.PassedOver is not null;

    private void TakeAnswer()
    {
        if (_asking is not { IsCompleted: true } asked)
            return;
        _asking = null;
        if (asked.IsCompletedSuccessfully)
            _ends = asked.GetAwaiter().GetResult();
        else if (asked.Exception?.InnerException is KafkaException fault)
            health.Note(fault.Error);
    }

    private PartitionLag LagOf(PartitionProgress progress)
    {
        // As of the last fetch: the client remembers it, no broker is asked.
        var (high, low) = consumer.GetWatermarkOffsets(At(progress)) is var there ? (there.High, there.Low) : default;
        if (high.IsSpecial)
            return new PartitionLag(progress.Partition, 0, 0);
        // A partition of which no record was read is read from its first one on.
        var next = progress.Expected ?? (low.IsSpecial ? 0 : low.Value);
        var end = IsStill(progress) ? Math.Max(high.Value, _ends.GetValueOrDefault(At(progress))) : high.Value;
        return new PartitionLag(progress.Partition, Math.Max(0, end - next), Math.Max(0, end - (progress.Stored ?? next)));
    }

    private TopicPartition At(PartitionProgress progress) => new(options.SamplesTopic, progress.Partition);
}
