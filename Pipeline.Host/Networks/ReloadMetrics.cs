using System.Diagnostics.Metrics;

namespace Pipeline.Host.Networks;

/// <summary>What became of new packages of the models in service.</summary>
internal sealed class ReloadMetrics : IDisposable
{
    private readonly Meter _meter = new("Pipeline.Models");
    private readonly Counter<long> _reloads;

    public ReloadMetrics() => _reloads = _meter.CreateCounter<long>("pipeline.model.reloads", "{package}", "New packages of the models in service, by task and by what became of them");

    /// <summary>One is in service.</summary>
    public void Taken(string task) => Add(task, "taken");

    /// <summary>One is refused.</summary>
    public void Refused(string task) => Add(task, "refused");

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Add(string task, string fate) =>
        _reloads.Add(1, new KeyValuePair<string, object?>("task", task), new KeyValuePair<string, object?>("fate", fate));
}
