using Pipeline.Actors;

namespace Pipeline.Host.Store;

/// <summary>Gives every batch to several sinks at once; acknowledged when all of them have. Owns them.</summary>
/// <param name="sinks">One or more.</param>
internal sealed class FanOutSink(params IPatientSink[] sinks) : IPatientSink
{
    /// <inheritdoc/>
    public Task WriteAsync(OutputBatch batch, CancellationToken stop) =>
        sinks.Length == 1 ? sinks[0].WriteAsync(batch, stop) : Task.WhenAll(sinks.Select(sink => sink.WriteAsync(batch, stop)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var sink in sinks)
            await sink.DisposeAsync();
    }
}
