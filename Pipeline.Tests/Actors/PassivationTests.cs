using Pipeline.Actors;
using Pipeline.Host.State;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>Who is in memory changes nothing in what comes out; who is forgotten follows from the shard's records alone.</summary>
public sealed class PassivationTests
{
    // One patient's chunks of a second, by the seconds at which they begin.
    private static readonly TopologyOptions Short = new()
    {
        IdleAfter = TimeSpan.FromMinutes(1),
        IdleRounds = 10,
        ForgetAfter = TimeSpan.FromMinutes(10),
        ForgetRecords = 300,
    };

    [Fact]
    public async Task Patients_that_lie_in_a_file_come_back_as_they_were()
    {
        using var folder = new TemporaryFolder();
        using var store = SnapshotStore.Create(folder.Path);
        var random = new Random(5);
        // Five beds, of which one or two send at a time.
        var chunks = SimulatedChunks.Of(beds: 5, seconds: 900).Where(chunk => (long)chunk.FirstSampleTime.SecondsSince(Points.Start) / 150 % 5 == chunk.Patient.Value[^1] - '0' || random.Next(900) == 0).ToList();

        var (expected, _) = await RunAsync(new TopologyOptions { IdleRounds = 100_000 }, chunks, null);
        var (actual, counts) = await RunAsync(new TopologyOptions { IdleAfter = Short.IdleAfter, IdleRounds = Short.IdleRounds }, chunks, store);

        Assert.Equal(expected, actual);
        Assert.True(counts[Count.PatientsPassivated] > 0, $"{counts[Count.PatientsPassivated]} left the memory");
    }

    [Fact]
    public async Task A_patient_is_forgotten_after_its_time_and_begins_anew_when_it_comes_back()
    {
        var (kept, _) = await RunAsync(Short, Away(seconds: 600), null, SumStage.Factory);
        var (forgotten, counts) = await RunAsync(Short, Away(seconds: 601), null, SumStage.Factory);

        // The anchor tells: it is kept, or taken anew from the chunk, whose clock is half a second ahead by then.
        Assert.Equal("P0 311 +0", kept.Last(line => line.StartsWith("P0", StringComparison.Ordinal)));
        Assert.Equal("P0 311 +0.5", forgotten.Last(line => line.StartsWith("P0", StringComparison.Ordinal)));
        Assert.Equal(1, counts[Count.PatientsForgotten]);
    }

    [Fact]
    public async Task One_wrong_clock_makes_nobody_forgotten_who_sends()
    {
        var chunks = Away(seconds: 5);
        chunks.Insert(30, Chunks.Of(0, 10, "P9", time: Chunks.Start.AddSeconds(40 * 86_400)));

        var (_, counts) = await RunAsync(Short, chunks, null, SumStage.Factory);

        Assert.Equal(0, counts[Count.PatientsForgotten]);
    }

    [Fact]
    public async Task It_makes_no_difference_to_the_forgotten_when_the_shard_is_restarted_or_who_is_in_memory()
    {
        foreach (var seconds in (int[])[590, 600, 601, 602, 700])
        {
            var chunks = Away(seconds);
            var (expected, _) = await RunAsync(Short, chunks, null, SumStage.Factory);
            Assert.Equal(expected, (await RunAsync(Lazy(), chunks, null, SumStage.Factory)).Series);
            foreach (var cut in (int[])[11, 40, 400, chunks.Count - 3, chunks.Count - 1])
                Assert.Equal(expected, await RestartedAsync(chunks, cut));
        }
    }

    [Fact]
    public async Task A_tombstone_goes_with_the_checkpoint_and_none_for_who_came_back()
    {
        await using var shards = TestPartitions.Of(Short, [], TimeProvider.System, SumStage.Factory);
        shards.Assign(0, "t", new ShardRestore(new ShardLease(0, 1), null, [], []));
        var chunks = Away(seconds: 1300);
        chunks.InsertRange(5, [Chunks.Of(0, 10, "P5"), Chunks.Of(0, 10, "P6")]);
        var patience = new Patience(shards);
        for (var posted = 0; posted < chunks.Count; posted += 100)
        {
            await PostAsync(shards, chunks, posted, Math.Min(chunks.Count, posted + 100));
            while (posted == 600 && shards.Total()[Count.PatientsPassivated] < 3)     // the disk is not waited for by the records
                await patience.WaitAsync();
        }
        while (shards.Total()[Count.PatientsForgotten] < 2)     // P0 may come back before it is noticed
            await patience.WaitAsync();

        var (_, last) = await shards.ReleaseAsync(0, CancellationToken.None);

        Assert.Equal(["P5", "P6"], last!.Forgotten.Select(patient => patient.Value).Order());
        Assert.Equal(["P0", "P1"], last.Changed.Select(snapshot => snapshot.Patient.Value).Order());
        Assert.Equal(chunks.Max(chunk => chunk.FirstSampleTime), last.Time);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_leaves_the_idle_in_memory()
    {
        var chunks = Away(seconds: 400);
        var (expected, _) = await RunAsync(Short, chunks, null, SumStage.Factory);

        var (actual, counts) = await RunAsync(Short, chunks, new FullDisk(), SumStage.Factory, counts => counts[Count.PatientsNotPassivated] > 0);

        Assert.Equal(expected, actual);
        Assert.True(counts[Count.PatientsNotPassivated] > 0);
        Assert.Equal(0, counts[Count.PatientsPassivated]);
    }

    [Fact]
    public async Task A_snapshot_that_the_disk_does_not_give_is_asked_for_again_and_holds_up_its_patient_alone()
    {
        var chunks = Enumerable.Range(0, 100).SelectMany(second => (SampleChunk[])[Chunks.Of(10 * second, 10, "P0"), Chunks.Of(10 * second, 10, "P1")]).ToList();
        var (expected, _) = await RunAsync(Short, chunks, null, SumStage.Factory);
        var (disk, sink) = (new DamagedDisk(), new RecordingSink());
        ShardCheckpoint last;
        await using (var before = TestPartitions.Of(Short, [sink], TimeProvider.System, SumStage.Factory))
        {
            before.Assign(0, "t", new ShardRestore(new ShardLease(0, 1), null, [], []));
            await PostAsync(before, chunks, 0, 80);
            last = (await before.ReleaseAsync(0, CancellationToken.None)).Last!;    // records came
        }
        await using var shards = TestPartitions.Of(Short, [sink], TimeProvider.System, SumStage.Factory, passive: disk);
        shards.Assign(0, "t", new ShardRestore(new ShardLease(0, 2), last.Through, last.Changed, [], last.Time));
        var patience = new Patience(shards);

        await PostAsync(shards, chunks, 80, chunks.Count);
        while (disk.RefusedCount < 2 || LastWindow(sink, "P1") < 40)
            await patience.WaitAsync();
        var meanwhile = LastWindow(sink, "P0");
        disk.IsDamaged = false;
        await shards.ReleaseAsync(0, CancellationToken.None);

        Assert.True(meanwhile < 20, $"P0 is at window {meanwhile}");
        Assert.Equal(expected, Series(sink));
    }

    [Fact]
    public void A_snapshot_of_before_says_by_its_devices_when_the_patient_was_seen()
    {
        var snapshot = State.Snapshots.Of("P1", 2, 17);

        Assert.Equal(new LastSeen(new Timestamp(17), 17), snapshot.Seen);
        Assert.Equal(new LastSeen(new Timestamp(9), 3), SnapshotCodec.Decode(SnapshotCodec.Encode(snapshot with { Seen = new LastSeen(new Timestamp(9), 3) }), out _)?.Seen);
    }

    /// <summary>P0 sends 10 s, is away for some, and comes back with a clock half a second ahead; P1 sends all the time.</summary>
    private static List<SampleChunk> Away(int seconds)
    {
        var chunks = new List<SampleChunk>();
        for (var second = 0; second < seconds + 30; second++)
        {
            if (second < 10)
                chunks.Add(Chunks.Of(10 * second, 10, "P0"));
            else if (second >= 9 + seconds)
                chunks.Add(Chunks.Of(10 * second, 10, "P0", time: Chunks.Start.AddSeconds(second + 0.5)));
            chunks.Add(Chunks.Of(10 * second, 10, "P1"));
        }
        return chunks;
    }

    /// <summary>The same, but that nobody leaves the memory.</summary>
    private static TopologyOptions Lazy() => new() { IdleAfter = Short.IdleAfter, IdleRounds = 100_000, ForgetAfter = Short.ForgetAfter, ForgetRecords = Short.ForgetRecords };

    private static async Task<(List<string> Series, Counts Counts)> RunAsync(TopologyOptions options, List<SampleChunk> chunks, IPassivePatients? passive, Models.StageFactory? stages = null, Func<Counts, bool>? until = null)
    {
        var sink = new RecordingSink();
        await using var shards = TestPartitions.Of(options, [sink], TimeProvider.System, stages ?? State.PatientRun.Stages, passive: passive);
        shards.Assign(0, "t");
        var patience = new Patience(shards);
        for (var from = 0; from < chunks.Count; from += 200)
        {
            await PostAsync(shards, chunks, from, Math.Min(chunks.Count, from + 200));
            while (passive is not null && shards.Total()[Count.Records] < Math.Min(chunks.Count, from + 200))
                await patience.WaitAsync();
        }
        while (until?.Invoke(shards.Total()) == false)
            await patience.WaitAsync();
        await shards.RevokeAsync(0, CancellationToken.None);
        return (Series(sink), shards.Total());
    }

    private static async Task<List<string>> RestartedAsync(List<SampleChunk> chunks, int cut)
    {
        var sink = new RecordingSink();
        ShardCheckpoint? last = null;
        foreach (var (from, to) in ((int, int)[])[(0, cut), (cut, chunks.Count)])
        {
            await using var shards = TestPartitions.Of(Short, [sink], TimeProvider.System, SumStage.Factory);
            shards.Assign(0, "t", new ShardRestore(new ShardLease(0, 1), last?.Through, last?.Changed ?? [], [], last?.Time));
            await PostAsync(shards, chunks, from, to);
            last = (await shards.ReleaseAsync(0, CancellationToken.None)).Last;
        }
        return Series(sink);
    }

    private static async Task PostAsync(Partitions shards, List<SampleChunk> chunks, int from, int to)
    {
        for (var i = from; i < to; i++)
            while (!shards.TryPost(0, new ShardRecord(i, chunks[i])))
                await shards.WaitForSpaceAsync(0, CancellationToken.None);
    }

    /// <summary>Patient, window and how far the window's end lies from where the first anchor would have it.</summary>
    private static List<string> Series(RecordingSink sink) => [.. sink.Points.OrderBy(p => p.Patient.Value, StringComparer.Ordinal).ThenBy(p => p.Device, StringComparer.Ordinal)
        .ThenBy(p => p.WindowId).ThenBy(p => p.Estimate.Signal).ThenBy(p => p.Estimate.Metric)
        .Select(p => FormattableString.Invariant($"{p.Patient} {p.WindowId} +{p.Time.SecondsSince(Chunks.Start.AddSeconds(2 * p.WindowId + 8)):0.#}"))];

    private static long LastWindow(RecordingSink sink, string patient) =>
        sink.Points.Where(point => point.Patient.Value == patient).Select(point => point.WindowId).DefaultIfEmpty(-1).Max();

    /// <summary>Does not give the snapshot of P0 while it is damaged.</summary>
    private sealed class DamagedDisk : IPassivePatients
    {
        private static readonly PatientId Refused = new("P0");
        private readonly MemoryPatients _patients = new();
        private volatile int _refusedCount;

        public bool IsDamaged { get; set; } = true;

        public int RefusedCount => _refusedCount;

        public void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots) => _patients.Keep(shard, snapshots);

        public IReadOnlyDictionary<PatientId, PatientSnapshot> FindMany(int shard, IReadOnlyCollection<PatientId> patients)
        {
            if (!IsDamaged || !patients.Contains(Refused))
                return _patients.FindMany(shard, patients);
            Interlocked.Increment(ref _refusedCount);
            var others = _patients.FindMany(shard, [.. patients.Where(patient => patient != Refused)]);
            throw new UnreadablePatientsException(others, new Dictionary<PatientId, string> { [Refused] = "damaged" });
        }

        public IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most) => _patients.FindUnseen(shard, seen, most);

        public void Drop(int shard, IReadOnlyCollection<PatientId> patients) => _patients.Drop(shard, patients);

        public void Clear(int shard) => _patients.Clear(shard);
    }

    private sealed class FullDisk : IPassivePatients
    {
        public void Keep(int shard, IReadOnlyCollection<PatientSnapshot> snapshots) => throw new IOException("full");

        public IReadOnlyDictionary<PatientId, PatientSnapshot> FindMany(int shard, IReadOnlyCollection<PatientId> patients) =>
            new Dictionary<PatientId, PatientSnapshot>();

        public IReadOnlyList<PatientId> FindUnseen(int shard, LastSeen seen, int most) => [];

        public void Drop(int shard, IReadOnlyCollection<PatientId> patients)
        {
            // Nothing is there.
        }

        public void Clear(int shard)
        {
            // As above.
        }
    }
}
