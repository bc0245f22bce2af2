using Pipeline.Actors;
using Pipeline.Host.State;

namespace Pipeline.Host.Kafka;

/// <summary>What became of one attempt to commit checkpoints in a transaction.</summary>
internal enum CommitAttempt
{
    /// <summary>All of them are committed.</summary>
    Committed,

    /// <summary>A lease ended before the commit: nothing is committed.</summary>
    LeaseEnded,

    /// <summary>The group has another generation, or knows this member no more: nothing is committed, and nothing will be.</summary>
    Fenced,

    /// <summary>The brokers failed: nothing is committed, or all of it without an answer.</summary>
    Failed,
}

/// <summary>
/// Which of some checkpoints a transaction takes, and whether it is tried again: until each is committed or fenced. A checkpoint whose lease has ended is
/// fenced, and the others go without it. No I/O; one thread.
/// </summary>
/// <param name="leases">Those of this process.</param>
/// <param name="waiting">The checkpoints; emptied.</param>
internal sealed class CommitRound(ShardLeases leases, List<WaitingCheckpoint> waiting)
{
    /// <summary>The checkpoints of the next attempt; none when the round has ended.</summary>
    public ShardCheckpoint[] Next()
    {
        foreach (var gone in waiting.Where(one => !leases.IsStanding(one.Checkpoint.Lease)))
            gone.Outcome.TrySetResult(CommitOutcome.Fenced);
        waiting.RemoveAll(one => one.Outcome.Task.IsCompleted);
        return [.. waiting.Select(one => one.Checkpoint)];
    }

    /// <summary>Takes the outcome of an attempt: what is committed or fenced is told so.</summary>
    public void Note(CommitAttempt attempt)
    {
        if (attempt is CommitAttempt.LeaseEnded or CommitAttempt.Failed)
            return;     // tried again
        foreach (var ended in waiting)
            ended.Outcome.TrySetResult(attempt == CommitAttempt.Committed ? CommitOutcome.Committed : CommitOutcome.Fenced);
        waiting.Clear();
    }
}
