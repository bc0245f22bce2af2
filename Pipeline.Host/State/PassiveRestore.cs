using System.Runtime.InteropServices;
using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Host.State;

/// <summary>
/// Takes a shard's snapshots as they are read, a later one of a patient in the place of an earlier one, and puts them where the passive patients lie: no
/// more than some are in memory at a time. One thread.
/// </summary>
internal sealed class PassiveRestore
{
    /// <summary>Most bytes in memory at a time: of a shard of some hundred patients only the newest snapshots are decoded and kept.</summary>
    private const long MostHeld = 16 << 20;

    private readonly ShardLease _lease;
    private readonly IPassivePatients _passive;
    private readonly Dictionary<string, byte[]> _held = new(StringComparer.Ordinal);    // empty: forgotten
    private readonly Dictionary<string, long> _kept = new(StringComparer.Ordinal);      // bytes of each patient's snapshot
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private long _heldBytes;

    /// <summary>Begins with nothing of the shard in <paramref name="passive"/>.</summary>
    public PassiveRestore(ShardLease lease, IPassivePatients passive)
    {
        (_lease, _passive) = (lease, passive);
        passive.Clear(lease.Shard);
    }

    /// <summary>Patients so far, but for those still held.</summary>
    public int Count => _kept.Count;

    /// <summary>Bytes of their snapshots.</summary>
    public long Bytes => _kept.Values.Sum();

    /// <summary>A snapshot, or nothing where the patient is forgotten.</summary>
    public void Take(string patient, byte[]? value)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_held, patient, out _);
        _heldBytes += (value?.Length ?? 0) - (held?.Length ?? 0);
        held = value ?? [];
        if (_heldBytes >= MostHeld)
            Flush();
    }

    /// <summary>That was all.</summary>
    public ShardRestore End(byte[]? mark)
    {
        Flush();
        var refused = _refused.Select(one => new RefusedSnapshot(one.Key, one.Value)).ToList();
        ShardMark? through = null;
        if (mark is not null && (through = SnapshotCodec.DecodeMark(mark, out var fault)) is null)
            refused.Add(new RefusedSnapshot("the shard's mark", fault ?? ""));
        return new ShardRestore(_lease, through?.Through, [], refused, through?.Time, through?.Networks ?? default, _kept.Count);
    }

    private void Flush()
    {
        var (snapshots, forgotten) = (new List<PatientSnapshot>(_held.Count), new List<PatientId>());
        foreach (var (patient, bytes) in _held)
        {
            _refused.Remove(patient);
            var wasKept = _kept.Remove(patient);
            if (bytes.Length == 0)
            {
                if (wasKept)
                    forgotten.Add(new PatientId(patient));
            }
            else if (SnapshotCodec.Decode(bytes, out var reason) is not { } snapshot)
                _refused[patient] = reason ?? "";
            else if (snapshot.Patient.Value != patient)
                _refused[patient] = $"the snapshot of {snapshot.Patient} in the place of {patient}";
            else
            {
                snapshots.Add(snapshot);
                _kept[patient] = bytes.Length;
            }
        }
        _held.Clear();
        _heldBytes = 0;
        if (snapshots.Count > 0)
            _passive.Keep(_lease.Shard, snapshots);
        if (forgotten.Count > 0)
            _passive.Drop(_lease.Shard, forgotten);
    }
}
