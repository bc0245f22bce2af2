using System.Diagnostics.Metrics;

namespace Pipeline.Host.Kafka;

/// <summary>What the Kafka edge measures; one object a process.</summary>
public sealed class KafkaMetrics : IDisposable
{
    private readonly Meter _meter = new("Pipeline.Kafka");
    private volatile PartitionLag[] _lags = [];

    /// <summary>Starts the instruments; <paramref name="time"/> for ages, the system's clock when null.</summary>
    public KafkaMetrics(TimeProvider? time = null)
    {
        State = new StateMetrics(_meter, time ?? TimeProvider.System);
        Read = _meter.CreateCounter<long>("pipeline.kafka.read", "{record}", "Records read from the input topic.");
        ReadBytes = _meter.CreateCounter<long>("pipeline.kafka.read.bytes", "By", "Bytes of samples read.");
        Refused = _meter.CreateCounter<long>("pipeline.kafka.refused", "{record}", "Records that the decoder refused.");
        LostToRetention = _meter.CreateCounter<long>("pipeline.kafka.lost_to_retention", "{record}", "Records that the broker deleted before they were read.");
        ReadFaults = _meter.CreateCounter<long>("pipeline.kafka.read_faults", "{fault}", "Times that a partition's next record could not be read, by partition; it is read again.");
        Paused = _meter.CreateCounter<long>("pipeline.kafka.paused", "{pause}", "Times that a partition was paused because its mailbox was full.");
        CommitFailures = _meter.CreateCounter<long>("pipeline.kafka.commit_failures", "{commit}", "Commits that failed; they are made again.");
        Delivered = _meter.CreateCounter<long>("pipeline.kafka.delivered", "{record}", "Records that the brokers acknowledged, by topic.");
        _meter.CreateObservableGauge("pipeline.kafka.lag", () => _lags.Select(lag =>
            new Measurement<long>(lag.Records, new KeyValuePair<string, object?>("partition", lag.Partition))), "{record}", "Records of owned partitions that are not yet read.");
        _meter.CreateObservableGauge("pipeline.kafka.partitions", () => _lags.Length, "{partition}", "Partitions of the input topic that this process owns.");
    }

    /// <summary>Restores and checkpoints.</summary>
    internal StateMetrics State { get; }

    internal Counter<long> Read { get; }

    internal Counter<long> ReadBytes { get; }

    internal Counter<long> Refused { get; }

    internal Counter<long> LostToRetention { get; }

    internal Counter<long> ReadFaults { get; }

    internal Counter<long> Paused { get; }

    internal Counter<long> CommitFailures { get; }

    internal Counter<long> Delivered { get; }

    internal void SetLags(PartitionLag[] lags) => _lags = lags;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}

/// <summary>How far behind a partition is.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Records">Records that are in it and not yet read.</param>
/// <param name="Uncommitted">Records that are in it and whose output is not yet committed.</param>
public readonly record struct PartitionLag(int Partition, long Records, long Uncommitted);
