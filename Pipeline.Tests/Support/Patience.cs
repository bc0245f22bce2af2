using Pipeline.Actors;

namespace Pipeline.Tests.Support;

/// <summary>
/// Turns in which a test waits for a shard, by asking again. After more of them than a shard of this size can need, however busy the machine, the test fails and
/// says what the shard is about, instead of never ending.
/// </summary>
internal sealed class Patience(Partitions shards)
{
    private const long Most = 10_000_000;      // ten seconds of one core at least
    private long _turns;

    /// <summary>Lets others run.</summary>
    public async Task WaitAsync()
    {
        if (shards.Failure.IsFaulted)
            await shards.Failure;   // it never takes a record again
        if (++_turns > Most)
            throw new InvalidOperationException($"Shard 0 stands still: {shards.Describe(0)}");
        await Task.Yield();
    }
}
