using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// Where the shards' checkpoints are kept: the patients' snapshots and the offset that they belong to, always both or none: Kafka's
/// changelog, or what a simulation takes for it. Thread-safe. Storage that is down is waited for without end.
/// </summary>
public interface IShardLog : IAsyncDisposable
{
    /// <summary>
    /// Takes a shard and reads what was committed of it last; what may have been written and not committed is never seen.
    /// <paramref name="committed"/>: the group's offset of the shard, 0 when there is none, null when nobody says: a checkpoint
    /// that does not go so far is not the last one, which may be about to show, and is waited for.
    /// <paramref name="progress"/>: the part that was read, 0 to 1.
    /// </summary>
    Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop);

    /// <summary>
    /// Makes a checkpoint the last one of its shard: all of it or nothing, whenever the process dies. Whoever holds the lease commits one
    /// after the other. To be called when all output up to the checkpoint is acknowledged.
    /// </summary>
    Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop);

    /// <summary>The shard leaves this process: what is committed by this lease from now on is refused.</summary>
    void Revoke(ShardLease lease);
}

/// <summary>One ownership of a shard by this process; a shard that comes back has another lease.</summary>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Number">Grows with every ownership in this process.</param>
public readonly record struct ShardLease(int Shard, long Number);

/// <summary>A checkpoint of a shard.</summary>
/// <param name="Lease">The ownership under which it was made.</param>
/// <param name="Through">The last record whose output is acknowledged and whose effect is in the snapshots.</param>
/// <param name="Changed">The patients that changed since the checkpoint before.</param>
/// <param name="Forgotten">The patients that are to be forgotten.</param>
/// <param name="Time">Latest event time of the shard's records; null when none had one.</param>
/// <param name="Networks">The networks that are asked about the windows of the records behind.</param>
public sealed record ShardCheckpoint(
    ShardLease Lease, RecordPosition Through, IReadOnlyList<PatientSnapshot> Changed, IReadOnlyList<PatientId> Forgotten, Timestamp? Time = null,
    NetworkNames Networks = default)
{
    /// <summary>This checkpoint with what changed in <paramref name="earlier"/> too, which was not committed: a patient's later snapshot
    /// counts.</summary>
    public ShardCheckpoint Following(ShardCheckpoint? earlier)
    {
        if (earlier is null)
            return this;
        var known = Changed.Select(snapshot => snapshot.Patient).Concat(Forgotten).ToHashSet();
        return this with
        {
            Changed = [.. earlier.Changed.Where(snapshot => !known.Contains(snapshot.Patient)), .. Changed],
            Forgotten = [.. earlier.Forgotten.Where(patient => !known.Contains(patient)), .. Forgotten],
        };
    }
}

/// <summary>What became of a checkpoint.</summary>
public enum CommitOutcome
{
    /// <summary>It is the shard's last one.</summary>
    Committed,

    /// <summary>Nothing of it is or will be visible: the shard has left, or the group has another owner or generation by now.</summary>
    Fenced,
}

/// <summary>What was committed of a shard.</summary>
/// <param name="Lease">The ownership that begins.</param>
/// <param name="Through">The last record of the last checkpoint; null when there was none: then the group's own offset counts.</param>
/// <param name="Patients">The patients, in no order.</param>
/// <param name="Refused">Those whose snapshot cannot be read. The shard is not to run without them.</param>
/// <param name="Time">Latest event time of the shard's records through that one.</param>
/// <param name="Networks">See <see cref="ShardCheckpoint.Networks"/>.</param>
/// <param name="KeptCount">Further patients, whose snapshots were put where the passive ones lie
/// (<see cref="Partitions.Passive"/>).</param>
public sealed record ShardRestore(
    ShardLease Lease, RecordPosition? Through, IReadOnlyList<PatientSnapshot> Patients, IReadOnlyList<RefusedSnapshot> Refused,
    Timestamp? Time = null, NetworkNames Networks = default, int KeptCount = 0)
{
    /// <summary>The record to go on with in topic <paramref name="topicId"/>, the one after the mark; null when there is no mark of that
    /// topic.</summary>
    public long? NextOffset(Guid topicId) => Through is { } through && through.TopicId == topicId ? through.Offset + 1 : null;
}

/// <summary>A snapshot that cannot be read.</summary>
/// <param name="Patient">Pseudonym, or what stands in its place.</param>
/// <param name="Reason">What was found and what was wanted.</param>
public sealed record RefusedSnapshot(string Patient, string Reason);
