using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// Where the snapshots of patients lie that are not in memory: what a shard was restored with, until their next record, and the idle. Of one process,
/// and no longer than it: the changelog has all of it. A file of the machine, or memory for recordings and tests. Thread-safe.
/// </summary>
public interface IPassivePatients
{
    /// <summary>Keeps snapshots, each in the place of an earlier one of its patient: all, or none when it throws.</summary>
    /// <exception cref="IOException">The disk does not take them.</exception>
    void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots);

    /// <summary>The snapshot of a patient, which stays; null when there is none.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    PatientSnapshot? Find(int shard, PatientId patient);

    /// <summary>Some patients, at most <paramref name="most"/>, whose snapshots were seen no later than <paramref name="seen"/>: by time and by record.</summary>
    /// <exception cref="IOException">The disk does not say.</exception>
    IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most);

    /// <summary>Drops snapshots; those that are not there are passed over.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    void Drop(int shard, IReadOnlyCollection<PatientId> patients);

    /// <summary>Drops all of a shard.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    void Clear(int shard);
}

/// <summary>Passive patients in memory. Thread-safe.</summary>
public sealed class MemoryPatients : IPassivePatients
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Dictionary<PatientId, PatientSnapshot>> _shards = [];

    /// <inheritdoc/>
    public void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots)
    {
        ArgumentNullException.ThrowIfNull(snapshots);
        lock (_lock)
            foreach (var snapshot in snapshots)
                Of_NeedsLock(shard)[snapshot.Patient] = snapshot;
    }

    /// <inheritdoc/>
    public PatientSnapshot? Find(int shard, PatientId patient)
    {
        lock (_lock)
            return Of_NeedsLock(shard).GetValueOrDefault(patient);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most)
    {
        lock (_lock)
            return [.. Of_NeedsLock(shard).Values.Where(s => s.Seen.Time <= seen.Time && s.Seen.Offset <= seen.Offset).Select(s => s.Patient).Take(most)];
    }

    /// <inheritdoc/>
    public void Drop(int shard, IReadOnlyCollection<PatientId> patients)
    {
        ArgumentNullException.ThrowIfNull(patients);
        lock (_lock)
            foreach (var patient in patients)
                Of_NeedsLock(shard).Remove(patient);
    }

    /// <inheritdoc/>
    public void Clear(int shard)
    {
        lock (_lock)
            _shards.Remove(shard);
    }

    private Dictionary<PatientId, PatientSnapshot> Of_NeedsLock(int shard) =>
        _shards.TryGetValue(shard, out var patients) ? patients : _shards[shard] = [];
}
