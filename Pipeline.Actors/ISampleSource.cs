namespace Pipeline.Actors;

/// <summary>Where records come from: a Kafka consumer, recordings, a simulation.</summary>
public interface ISampleSource : IAsyncDisposable
{
    /// <summary>
    /// Assigns shards to <paramref name="shards"/>, posts their records in offset order, takes revoked shards back, and commits what
    /// <paramref name="shards"/> says may be committed. A full mailbox is waited for (the shard's partition is paused). Ends at the
    /// source's end, with everything acknowledged, or when <paramref name="stop"/> is cancelled.
    /// </summary>
    Task RunAsync(Partitions shards, CancellationToken stop);
}
