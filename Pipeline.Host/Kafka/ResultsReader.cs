using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>Reads the results topic, or that of the events: one point for each <see cref="ResultIdentity"/>, however often it was delivered.</summary>
internal static class ResultsReader
{
    /// <summary>All points, in order within a partition.</summary>
    /// <exception cref="Confluent.Kafka.KafkaException">The brokers do not answer, or there is no such topic.</exception>
    public static async Task<IReadOnlyList<VitalPoint>> ReadAsync(KafkaOptions options, TimeProvider time, CancellationToken stop, string? topic = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var seen = new HashSet<ResultIdentity>();
        var points = new List<VitalPoint>();
        await TopicScan.ReadAsync(options, topic ?? options.ResultsTopic, record =>
        {
            if (ResultCodec.Decode(record.Message.Value, out _) is { } point && seen.Add(ResultIdentity.Of(point)))
                points.Add(point);
        }, time, stop);
        return points;
    }
}
