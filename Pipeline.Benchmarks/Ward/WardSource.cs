using Pipeline.Actors;

namespace Pipeline.Benchmarks.Ward;

/// <summary>Makes the messages, decodes them and posts the chunks to shard p mod 8, as a consumer of eight partitions would.</summary>
internal sealed class WardSource(WardSignal signal, int seconds) : ISampleSource
{
    private const int ShardCount = 8;

    public long MessageCount { get; private set; }

    public async Task RunAsync(Partitions shards, CancellationToken stop)
    {
        var decoder = new WardDecoder();
        for (var shard = 0; shard < ShardCount; shard++)
            shards.Assign(shard, "ward");
        foreach (var (patient, chunk) in signal.Order(seconds))
        {
            var record = new ShardRecord(MessageCount++, decoder.Decode(signal.Message(patient, chunk)));
            while (!shards.TryPost(patient % ShardCount, record))
                await shards.WaitForSpaceAsync(patient % ShardCount, stop);
        }
        for (var shard = 0; shard < ShardCount; shard++)
            await shards.RevokeAsync(shard, stop);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
