namespace Pipeline.Actors;

/// <summary>Where output goes: a store, a topic, a file, a page.</summary>
public interface IPatientSink : IAsyncDisposable
{
    /// <summary>
    /// Takes one batch and completes when all of it is stored for good: that is the acknowledgement on which offsets are committed. A store
    /// that is down is waited for, without end; what the store refuses by name goes to the dead letters; so the task fails only by
    /// cancellation. Several batches may be under way at once, of one shard too; they may complete in any order.
    /// </summary>
    Task WriteAsync(OutputBatch batch, CancellationToken stop);
}
