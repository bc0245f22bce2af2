namespace Pipeline.Actors;

/// <summary>What happens to an actor that throws: the one policy of the system.</summary>
/// <param name="FirstDelay">Wait before the first new attempt; doubles with each further one. More than 0.</param>
/// <param name="MaxDelay">Longest wait.</param>
/// <param name="MaxAttempts">How often one message is tried before it goes to the dead letters; 1 or more.</param>
public sealed record RestartPolicy(TimeSpan FirstDelay, TimeSpan MaxDelay, int MaxAttempts)
{
    /// <summary>
    /// Wait after <paramref name="failedCount"/> failed attempts (1 or more) of one message, or null when it is to be given up.
    /// </summary>
    public TimeSpan? DelayAfter(int failedCount)
    {
        if (failedCount >= MaxAttempts)
            return null;
        var delay = FirstDelay * Math.Pow(2, Math.Min(failedCount - 1, 30));
        return delay < MaxDelay ? delay : MaxDelay;
    }
}
