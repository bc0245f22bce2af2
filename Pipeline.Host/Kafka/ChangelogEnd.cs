namespace Pipeline.Host.Kafka;

/// <summary>
/// When a partition of the changelog has been read to its end. A reader of committed records stands before the first transaction that is open. Where the
/// checkpoint that it has read is the last one, what is behind that does not matter; otherwise all that is there is waited for, and a transaction that stays
/// open is ended. No I/O; one thread.
/// </summary>
internal sealed class ChangelogEnd(TimeProvider time)
{
    // A transaction that is committed is shown within milliseconds; one that is open for longer than this is somebody's who died, or stands still.
    private static readonly TimeSpan Abandoned = TimeSpan.FromMilliseconds(300);

    private long? _standsSince;

    /// <summary>A record came.</summary>
    public void NoteRecord() => _standsSince = null;

    /// <summary>The reader stands before what it cannot see, or at the end. Returns whether it has read enough.</summary>
    /// <param name="isLast">Whether it has read the last checkpoint (<see cref="Awaited"/>).</param>
    /// <param name="isAll">Whether there is nothing behind.</param>
    public bool IsReached(bool isLast, bool isAll)
    {
        if (isLast || isAll)
            return true;
        _standsSince ??= time.GetTimestamp();
        return false;
    }

    /// <summary>Nothing came for a moment. Returns whether the transaction before which the reader stands is to be ended; true once for each time that it stays open.</summary>
    public bool IsAbandoned()
    {
        if (_standsSince is not { } since || time.GetElapsedTime(since) < Abandoned)
            return false;
        _standsSince = time.GetTimestamp();
        return true;
    }
}
