namespace Pipeline.Actors;

/// <summary>
/// Which checkpoint of a partition is committed next: one at a time; one that was refused, because the group is between two generations,
/// goes with the next, or alone when there is none. Pure; one thread.
/// </summary>
internal sealed class CheckpointPlan
{
    private ShardCheckpoint? _waiting;

    /// <summary>The checkpoint whose outcome is not known; null when there is none.</summary>
    public ShardCheckpoint? Committing { get; private set; }

    /// <summary>Whether a checkpoint waits that was not tried yet.</summary>
    public bool HasUntried { get; private set; }

    /// <summary>A checkpoint has passed the graph. Returns what is to be committed now; null while another one is.</summary>
    public ShardCheckpoint? Take(ShardCheckpoint passed)
    {
        _waiting = passed.Following(_waiting);
        HasUntried = true;
        return Next();
    }

    /// <summary>The next one that waits, when none is under way: after a refusal, when it is tried again.</summary>
    public ShardCheckpoint? Next()
    {
        if (Committing is not null || _waiting is null)
            return null;
        (Committing, _waiting, HasUntried) = (_waiting, null, false);
        return Committing;
    }

    /// <summary>What became of the one under way. Returns it when it is the partition's last one now; null when it was refused, and waits
    /// again.</summary>
    public ShardCheckpoint? End(bool isCommitted)
    {
        var ended = Committing ?? throw new InvalidOperationException("No checkpoint is being committed.");
        Committing = null;
        if (isCommitted)
            return ended;
        _waiting = _waiting?.Following(ended) ?? ended;
        return null;
    }

    /// <summary>The graph starts again from the last checkpoint: what was not committed comes again.</summary>
    public void Forget() => (_waiting, Committing, HasUntried) = (null, null, false);
}
