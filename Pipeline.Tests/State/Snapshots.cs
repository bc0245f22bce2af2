using Pipeline.Actors;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Tests.State;

/// <summary>Snapshots and checkpoints for the tests of shard logs: small, each told from the others by its bytes.</summary>
internal static class Snapshots
{
    public static readonly Guid Topic = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly ChannelLayout Channels = new(new Channel("PLETH", SignalKind.Ppg, "1"));

    public static PatientSnapshot Of(string patient, int shard, long offset, int size = 100)
    {
        var bytes = new byte[size];
        new Random(HashCode.Combine(patient.Length, (int)offset)).NextBytes(bytes);
        var stream = new DeviceSnapshot(
            "d1", 3, 125, SampleFormat.Int16, Channels, WindowShape.Default, [new StateBlock(StateBlock.Stream, 1, "", bytes), new StateBlock("ppg", 1, "net 2", new byte[] { 1 })]);
        return new PatientSnapshot(new PatientId(patient), new RecordPosition(Topic, shard, offset), [new PlacedDevice(stream, "w1", "b1", new Timestamp(offset))]);
    }

    public static ShardCheckpoint Checkpoint(ShardLease lease, long through, string[] changed, params string[] forgotten) => new(
        lease, new RecordPosition(Topic, lease.Shard, through), [.. changed.Select(patient => Of(patient, lease.Shard, through))],
        [.. forgotten.Select(patient => new PatientId(patient))]);

    /// <summary>The snapshot of one patient; null when there is none.</summary>
    public static PatientSnapshot? Find(this IPassivePatients passive, int shard, PatientId patient) => passive.FindMany(shard, [patient]).GetValueOrDefault(patient);

    /// <summary>What a restore gave, in one line: how far, and each patient with its last record.</summary>
    public static string Text(ShardRestore restore) =>
        $"{restore.Through?.Offset.ToString() ?? "nothing"}:{string.Concat(restore.Patients.OrderBy(p => p.Patient.Value, StringComparer.Ordinal).Select(p => $" {p.Patient}@{p.Applied.Offset}"))}"
        + string.Concat(restore.Refused.Select(r => $" refused {r.Patient}: {r.Reason}"));
}
