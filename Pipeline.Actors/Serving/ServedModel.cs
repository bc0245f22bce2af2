using Pipeline.Actors.Inference;
using Pipeline.Models.Packages;

namespace Pipeline.Actors.Serving;

/// <summary>A network in service: what it is, and the workers that run it.</summary>
/// <param name="model">Becomes this one's own.</param>
/// <param name="workers">Become this one's own.</param>
internal sealed class ServedModel(RateModel model, InferenceWorkers workers) : IAsyncDisposable
{
    /// <summary>What it is.</summary>
    public RateModel Model { get; } = model;

    /// <summary>Its workers.</summary>
    public InferenceWorkers Workers { get; } = workers;

    /// <summary>Shards that may still ask it; changed by <see cref="ServedModels"/> under its lock.</summary>
    public int UserCount { get; set; }

    /// <summary>Ends the workers, when the last request is answered.</summary>
    public async ValueTask DisposeAsync()
    {
        await Workers.DisposeAsync();
        Model.Dispose();
    }
}
