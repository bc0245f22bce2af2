using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>
/// Every sample of a stream holds a number that says whose it is: patient, device and epoch. Whatever becomes of a shard (patients leave the memory and
/// come back, processes end and others go on, devices restart, patients move), no point holds another's.
/// </summary>
public sealed class IdentityTests
{
    private static readonly TopologyOptions Options = new() { IdleAfter = TimeSpan.FromMinutes(1), IdleRounds = 10, MaxBatchPoints = 9 };

    [Fact]
    public void No_value_is_ever_anothers_and_each_carries_the_bed_of_its_time()
    {
        using var folder = new TemporaryFolder();
        using var passive = SnapshotStore.Create(folder.Path);
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed => RunAsync(seed, passive).GetAwaiter().GetResult()).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_patient_that_moves_keeps_its_state()
    {
        var (moved, stayed) = (new RecordingSink(), new RecordingSink());
        foreach (var (sink, bed) in ((RecordingSink, string)[])[(moved, "b9"), (stayed, "b1")])
        {
            await using var shards = TestPartitions.Of(Options, [sink], TimeProvider.System, State.PatientRun.Stages);
            shards.Assign(0, "t");
            var chunks = SimulatedChunks.Of(beds: 1, seconds: 60);
            for (var i = 0; i < chunks.Count; i++)
            {
                var isLater = chunks[i].FirstSampleTime.SecondsSince(Points.Start) > 30;
                while (!shards.TryPost(0, new ShardRecord(i, chunks[i] with { Bed = isLater ? bed : "b1" })))
                    await shards.WaitForSpaceAsync(0, CancellationToken.None);
            }
            await shards.RevokeAsync(0, CancellationToken.None);
        }

        Assert.Equal(Texts(stayed), Texts(moved));
        Assert.Equal(["b1", "b9"], moved.Points.Select(point => point.Bed).Distinct().Order());
    }

    private static async Task RunAsync(int seed, SnapshotStore passive)
    {
        var (random, sink) = (new Random(seed), new RecordingSink());
        var chunks = Ward(random);
        var snapshots = new Dictionary<string, byte[]>();
        ShardCheckpoint? last = null;
        for (var at = 0; at < chunks.Count;)
        {
            await using var shards = TestPartitions.Of(Options, [sink], TimeProvider.System, SumStage.Factory, passive: passive);
            var patients = snapshots.Values.Select(bytes => SnapshotCodec.Decode(bytes, out _)!).ToArray();
            shards.Assign(0, "t", new ShardRestore(new ShardLease(0, 1), last?.Through, patients, [], last?.Time));
            for (var to = Math.Min(chunks.Count, at + random.Next(1, 2_000)); at < to; at++)
                while (!shards.TryPost(0, new ShardRecord(at, chunks[at])))
                    await shards.WaitForSpaceAsync(0, CancellationToken.None);
            last = (await shards.ReleaseAsync(0, CancellationToken.None)).Last;
            foreach (var snapshot in last!.Changed)
                snapshots[snapshot.Patient.Value] = SnapshotCodec.Encode(snapshot);
        }

        var points = sink.Points.ToList();
        Assert.NotEmpty(points);
        foreach (var point in points)
        {
            var held = point.Estimate.Value / (point.Estimate.Coverage * 80);
            Assert.True(Math.Abs(held - NumberOf(point.Patient.Value, point.Device, point.Epoch)) < 1e-6, $"seed {seed}: {point.Patient} {point.Device} {point.Epoch} holds {held}");
            var chunk = chunks[(int)point.Origin.Offset];
            Assert.Equal(point.Patient, chunk.Patient);
            Assert.True(point.Bed == chunk.Bed || point.Epoch < chunk.Epoch || point.Time < chunk.FirstSampleTime.AddSeconds(1), $"seed {seed}: {point} in {point.Bed}, not {chunk.Bed}");
        }
    }

    /// <summary>Patients with one or two devices, of whom some are away for minutes, restart their devices, and move.</summary>
    private static List<SampleChunk> Ward(Random random)
    {
        var streams = Enumerable.Range(0, random.Next(2, 7)).SelectMany(p => Enumerable.Range(0, random.Next(1, 3)).Select(d => new Stream($"P{p}", $"d{d}"))).ToArray();
        var chunks = new List<SampleChunk>();
        for (var second = 0; second < 600; second++)
            foreach (var stream in streams)
            {
                if (random.Next(200) == 0)
                    stream.AwayUntil = second + random.Next(5, 200);
                if (random.Next(300) == 0)
                    (stream.Epoch, stream.Began) = (stream.Epoch + 1, second);
                if (random.Next(300) == 0)
                    stream.Bed = $"b{random.Next(50)}";
                if (second < stream.AwayUntil)
                    continue;
                var samples = new short[10];
                Array.Fill(samples, (short)NumberOf(stream.Patient, stream.Device, stream.Epoch));
                chunks.Add(Chunks.Of(samples, 10L * (second - stream.Began), 10, stream.Patient, stream.Device, stream.Epoch, time: Chunks.Start.AddSeconds(second), bed: stream.Bed));
            }
        return chunks;
    }

    private static int NumberOf(string patient, string device, long epoch) => 1 + 1000 * (patient[1] - '0') + 100 * (device[1] - '0') + (int)epoch;

    private static IEnumerable<string> Texts(RecordingSink sink) => sink.Points.Select(point => $"{point.Device} {point.WindowId} {point.Time} {point.Estimate}");

    private sealed class Stream(string patient, string device)
    {
        public string Patient { get; } = patient;

        public string Device { get; } = device;

        public string Bed { get; set; } = "b0";

        public long Epoch { get; set; }

        public int Began { get; set; }

        public int AwayUntil { get; set; }
    }
}
