namespace Pipeline.Host.Kafka;

/// <summary>What the parts of a source share.</summary>
internal sealed record SourceParts(KafkaOptions Options, KafkaMetrics Metrics, ILogger Log, TimeProvider Time);
