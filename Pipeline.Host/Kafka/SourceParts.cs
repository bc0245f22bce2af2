using Pipeline.Actors;

namespace Pipeline.Host.Kafka;

/// <summary>What the parts of a source share. <paramref name="Letters"/> takes dead letters that no partition's graph writes; null: nobody does.</summary>
internal sealed record SourceParts(KafkaOptions Options, KafkaMetrics Metrics, ILogger Log, TimeProvider Time, Action<DeadLetter>? Letters = null)
{
    /// <summary>Memory for a record's value; a test's own, which fails.</summary>
    public Func<int, byte[]>? Allocate { get; init; }
}
