using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>
/// The snapshots of patients that are not in memory: those a shard was restored with, until their next record, and the idle ones. It
/// belongs to one process and ends with it: the shard log has a copy of all of it. A local file, or memory for recordings and tests.
/// Thread-safe. Calls of the file may block on the disk: they are made from a background task, never from a thread that handles records.
/// </summary>
public interface IPassivePatients
{
    /// <summary>Keeps snapshots; each replaces an earlier one of its patient. All are kept, or none when it throws.</summary>
    /// <exception cref="IOException">The disk cannot be written.</exception>
    void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots);

    /// <summary>
    /// The snapshots of many patients, which stay in the store; a patient without one is left out. One query, whatever the count.
    /// </summary>
    /// <exception cref="UnreadablePatientsException">Some cannot be read: it names them, and carries the snapshots of the
    /// others.</exception>
    IReadOnlyDictionary<PatientId, PatientSnapshot> FindMany(int shard, IReadOnlyCollection<PatientId> patients);

    /// <summary>
    /// At most <paramref name="most"/> patients that were seen no later than <paramref name="seen"/>, both by time and by record.
    /// </summary>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most);

    /// <summary>Removes the snapshots of patients; a patient without one is ignored.</summary>
    /// <exception cref="IOException">The disk cannot be written.</exception>
    void Drop(int shard, IReadOnlyCollection<PatientId> patients);

    /// <summary>Removes all snapshots of a shard.</summary>
    /// <exception cref="IOException">The disk cannot be written.</exception>
    void Clear(int shard);
}

/// <summary>Snapshots of some patients cannot be read. Only these patients are concerned: the others' snapshots come with it.</summary>
/// <param name="found">The snapshots that could be read.</param>
/// <param name="unreadable">For each patient whose snapshot could not be read, the reason. At least one.</param>
public sealed class UnreadablePatientsException(
    IReadOnlyDictionary<PatientId, PatientSnapshot> found, IReadOnlyDictionary<PatientId, string> unreadable)
    : IOException($"Snapshots of idle patients cannot be read: {string.Join("; ", unreadable.Select(one => $"{one.Key}: {one.Value}"))}")
{
    /// <summary>The snapshots that could be read.</summary>
    public IReadOnlyDictionary<PatientId, PatientSnapshot> Found { get; } = found;

    /// <summary>For each patient whose snapshot could not be read, the reason.</summary>
    public IReadOnlyDictionary<PatientId, string> Unreadable { get; } = unreadable;
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
    public IReadOnlyDictionary<PatientId, PatientSnapshot> FindMany(int shard, IReadOnlyCollection<PatientId> patients)
    {
        ArgumentNullException.ThrowIfNull(patients);
        var found = new Dictionary<PatientId, PatientSnapshot>(patients.Count);
        lock (_lock)
            foreach (var patient in patients)
                if (Of_NeedsLock(shard).TryGetValue(patient, out var snapshot))
                    found[patient] = snapshot;
        return found;
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
