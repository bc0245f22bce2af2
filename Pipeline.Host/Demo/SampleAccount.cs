namespace Pipeline.Host.Demo;

/// <summary>Where every published sample (one of one channel) went: none may be missing.</summary>
/// <param name="Published">Handed to the producer.</param>
/// <param name="Taken">Taken into windows.</param>
/// <param name="Dropped">Dropped because they had been taken before, or their place had been given up.</param>
/// <param name="DeadLetters">In chunks that were refused, kept as dead letters.</param>
internal sealed record SampleAccount(long Published, long Taken, long Dropped, long DeadLetters)
{
    /// <summary>Published and nowhere to be found.</summary>
    public long Lost => Published - Taken - Dropped - DeadLetters;
}
