using Pipeline.Actors;

namespace Pipeline.Host.Demo;

/// <summary>Stands before a store: measures when its points are stored, and shows them to those who watch. Owns the store.</summary>
/// <param name="store">The store.</param>
/// <param name="sinceProduced">How long ago a point's last samples were handed to the producer; null when that is not known.</param>
/// <param name="stored">Called with each batch that is stored; from any thread.</param>
internal sealed class LatencyProbe(IPatientSink store, Func<VitalPoint, TimeSpan?> sinceProduced, Action<OutputBatch>? stored = null) : IPatientSink
{
    /// <summary>
    /// From the window's last chunk handed to the producer to its point stored; one value a point. Events and alarms are left out: their points stand at a begin that is certain later.
    /// </summary>
    public LatencyHistogram Latency { get; } = new();

    /// <inheritdoc/>
    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        await store.WriteAsync(batch, stop);
        foreach (var point in batch.Points)
            if (point is { Event: null, Alarm: null } && sinceProduced(point) is { } latency)
                Latency.Record(latency);
        stored?.Invoke(batch);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => store.DisposeAsync();
}
