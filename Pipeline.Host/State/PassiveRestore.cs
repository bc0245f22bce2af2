using System.Runtime.InteropServices;
using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Host.State;

/// <summary>
/// Decodes the snapshots of a shard as they are read, and puts them into the store of the passive patients in batches, so that memory stays
/// bounded. A later snapshot of a patient replaces an earlier one. One thread.
/// </summary>
internal sealed class PassiveRestore
{
    /// <summary>Bytes of a batch. Within one, only the newest snapshot of a patient is decoded and stored.</summary>
    private const long MostHeld = 16 << 20;

    private readonly ShardLease _lease;
    private readonly IPassivePatients _passive;
    private readonly Dictionary<string, byte[]> _held = new(StringComparer.Ordinal);    // empty: forgotten
    private readonly Dictionary<string, long> _kept = new(StringComparer.Ordinal);      // bytes of each patient's snapshot
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private long _heldBytes;

    /// <summary>Removes what <paramref name="passive"/> has of the shard.</summary>
    public PassiveRestore(ShardLease lease, IPassivePatients passive)
    {
        (_lease, _passive) = (lease, passive);
        passive.Clear(lease.Shard);
    }

    /// <summary>Patients in the store so far, without those of the present batch.</summary>
    public int Count => _kept.Count;

    /// <summary>Bytes of their snapshots.</summary>
    public long Bytes => _kept.Values.Sum();

    /// <summary>Adds an encoded snapshot; null: the patient was forgotten.</summary>
    public void Take(string patient, byte[]? value)
    {
        ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_held, patient, out _);
        _heldBytes += (value?.Length ?? 0) - (held?.Length ?? 0);
        held = value ?? [];
        if (_heldBytes >= MostHeld)
            Flush();
    }

    /// <summary>Stores the last batch, and reads the encoded mark of the shard; null: the shard has none.</summary>
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
