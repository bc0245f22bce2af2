using Pipeline.Actors;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Tests.Simulation;

/// <summary>Where a process's idle patients lie: memory, of which the snapshot of one patient may not be readable for a while.</summary>
internal sealed class SimulatedDisk : IPassivePatients
{
    private readonly MemoryPatients _kept = new();

    /// <summary>The patient whose snapshot cannot be read at present; null when all can.</summary>
    public PatientId? Unreadable { get; set; }

    public void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots) => _kept.Keep(shard, snapshots);

    public IReadOnlyDictionary<PatientId, PatientSnapshot> FindMany(int shard, IReadOnlyCollection<PatientId> patients)
    {
        var found = _kept.FindMany(shard, patients);
        return Unreadable is { } bad && patients.Contains(bad)
            ? throw new UnreadablePatientsException(
                found.Where(one => one.Key != bad).ToDictionary(), new Dictionary<PatientId, string> { [bad] = "a bad sector" })
            : found;
    }

    public IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most) => _kept.FindUnseen(shard, seen, most);

    public void Drop(int shard, IReadOnlyCollection<PatientId> patients) => _kept.Drop(shard, patients);

    public void Clear(int shard) => _kept.Clear(shard);
}
