using Pipeline.Actors.Inference;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>A version of a network in service, and the workers that run it.</summary>
/// <param name="network">Becomes this one's own.</param>
/// <param name="workers">Become this one's own; null: the network runs within a stage.</param>
internal sealed class ServedNetwork(INetwork network, InferenceWorkers? workers) : IAsyncDisposable
{
    /// <summary>What it is.</summary>
    public INetwork Network { get; } = network;

    /// <summary>Its workers, of a network that is asked in batches.</summary>
    public InferenceWorkers? Workers { get; } = workers;

    /// <summary>Partitions that may still ask it; changed by <see cref="NetworkVersions"/> under its lock.</summary>
    public int UserCount { get; set; }

    /// <summary>Ends the workers, when the last request is answered.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Workers is not null)
            await Workers.DisposeAsync();
        (Network as IDisposable)?.Dispose();
    }
}
