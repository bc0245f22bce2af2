namespace Pipeline.Actors;

/// <summary>The shards that this process owns. Thread-safe: called by the source's thread.</summary>
public sealed class PatientShards
{
    /// <summary>Starts a shard; its records follow. <paramref name="topic"/>: the input topic, or the recording's name, for <see cref="Origin"/>.</summary>
    public void Assign(int shard, string topic) => throw new NotImplementedException();

    /// <summary>Places a record in the shard's mailbox; false when the mailbox is full (pause the partition and try again).</summary>
    public bool TryPost(int shard, in ShardRecord record) => throw new NotImplementedException();

    /// <summary>Completes when the shard's mailbox has space again (half of it), or the shard is gone; for a source without a poll loop.</summary>
    public ValueTask WaitForSpaceAsync(int shard, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Offset after the last record of the shard whose output is all acknowledged; null when nothing was since the assignment.</summary>
    public long? CommittableOffset(int shard) => throw new NotImplementedException();

    /// <summary>Lets the shard finish what is in its mailbox, waits for the acknowledgements (until <paramref name="stop"/>), and forgets it.</summary>
    public Task<long?> RevokeAsync(int shard, CancellationToken stop) => throw new NotImplementedException();
}
