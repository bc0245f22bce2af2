namespace Pipeline.Actors;

/// <summary>The whole flow of a process: source → partitions' graphs (<see cref="PartitionGraph"/>) → sinks.</summary>
public static class Topology
{
    /// <summary>
    /// Runs <paramref name="source"/> through <paramref name="partitions"/> until the source ends (everything is acknowledged then) or
    /// <paramref name="stop"/> is cancelled. Returns what was counted. Both stay the caller's.
    /// </summary>
    public static async Task<Counts> RunAsync(ISampleSource source, Partitions partitions, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(partitions);
        using var stopOrFailure = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = source.RunAsync(partitions, stopOrFailure.Token);
        if (await Task.WhenAny(running, partitions.Failure) == partitions.Failure)
        {
            await stopOrFailure.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);   // it was told to stop; the failure is what counts
            await partitions.Failure;
        }
        await running;
        if (partitions.Failure.IsFaulted)
            await partitions.Failure;     // a graph that failed with its last record
        return partitions.Total();
    }
}
