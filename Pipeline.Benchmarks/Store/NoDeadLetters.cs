using Pipeline.Actors;

namespace Pipeline.Benchmarks.Store;

/// <summary>For runs in which nothing is refused: a dead letter ends the benchmark with its reason.</summary>
internal sealed class NoDeadLetters : IPatientSink
{
    public Task WriteAsync(OutputBatch batch, CancellationToken stop) => throw new InvalidOperationException(batch.DeadLetters[0].Reason);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
