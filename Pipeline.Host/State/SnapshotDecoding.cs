using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.State;

namespace Pipeline.Host.State;

/// <summary>Stored bytes → what a shard begins with.</summary>
internal static class SnapshotDecoding
{
    /// <summary>Decodes snapshots, each under its patient, and the mark.</summary>
    public static ShardRestore Decode(ShardLease lease, IReadOnlyCollection<(string Patient, byte[] Value)> stored, byte[]? mark)
    {
        var patients = new List<PatientSnapshot>(stored.Count);
        var refused = new List<RefusedSnapshot>();
        foreach (var (patient, bytes) in stored)
            if (SnapshotCodec.Decode(bytes, out var reason) is not { } snapshot)
                refused.Add(new RefusedSnapshot(patient, reason ?? ""));
            else if (snapshot.Patient.Value != patient)
                refused.Add(new RefusedSnapshot(patient, $"the snapshot of {snapshot.Patient} in the place of {patient}"));
            else
                patients.Add(snapshot);
        RecordPosition? through = null;
        if (mark is not null && (through = SnapshotCodec.DecodeMark(mark, out var fault)) is null)
            refused.Add(new RefusedSnapshot("the shard's mark", fault ?? ""));
        return new ShardRestore(lease, through, patients, refused);
    }
}
