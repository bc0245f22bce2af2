using Pipeline.Actors;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Support;

/// <summary>
/// Posts given records to their shards, offsets in the given order, waits while a mailbox is full, and at the end revokes every shard. What
/// each shard then says may be committed stands in <see cref="Committed"/>.
/// </summary>
internal sealed class InMemorySource(IEnumerable<(int Shard, ShardRecord Record)> records) : ISampleSource
{
    public const string Topic = "memory";

    public InMemorySource(IEnumerable<SampleChunk> chunks, Func<SampleChunk, int>? shardOf = null)
        : this(Number(chunks, shardOf ?? (_ => 0)))
    {
    }

    public Dictionary<int, long?> Committed { get; } = [];

    public async Task RunAsync(Partitions shards, CancellationToken stop)
    {
        foreach (var (shard, record) in records)
        {
            if (Committed.TryAdd(shard, null))
                shards.Assign(shard, Topic);
            while (!shards.TryPost(shard, record))
                await shards.WaitForSpaceAsync(shard, stop);
        }
        foreach (var shard in Committed.Keys)
            Committed[shard] = await shards.RevokeAsync(shard, stop);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IEnumerable<(int, ShardRecord)> Number(IEnumerable<SampleChunk> chunks, Func<SampleChunk, int> shardOf)
    {
        var offsets = new Dictionary<int, long>();
        foreach (var chunk in chunks)
        {
            var shard = shardOf(chunk);
            var offset = offsets.GetValueOrDefault(shard);
            offsets[shard] = offset + 1;
            yield return (shard, new ShardRecord(offset, chunk));
        }
    }
}
