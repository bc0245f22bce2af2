using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>A shard that is ended at any moment and goes on from its last checkpoint writes what one that was never ended writes.</summary>
public sealed class CheckpointTests
{
    private static readonly Guid TopicId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly List<SampleChunk> Ward = WithCommands(SimulatedChunks.Of(beds: 3, seconds: 60));

    /// <summary>So narrow that the ward's healthy patients have alarms that come and go.</summary>
    private static readonly AlarmRules Alarms = new()
    {
        HeartRateLow = 70,
        HeartRateHigh = 72,
        LimitDelay = default,
        ContradictedDelay = default,
        Hysteresis = 0,
        OffDelay = default,
        MinDuration = default,
        LostDelay = TimeSpan.FromSeconds(2),
        PoorDelay = TimeSpan.FromSeconds(2),
        SilentDelay = TimeSpan.FromSeconds(5),
        EscalateAfter = TimeSpan.FromSeconds(10),
    };

    [Fact]
    public async Task A_shard_that_crashes_at_any_moment_writes_the_same_series_in_the_end()
    {
        var expected = await UninterruptedAsync(Ward);
        Assert.True(expected.Count(one => one.Key.Contains("alarm", StringComparison.Ordinal)) > 20);
        Assert.True(expected.Count(one => one.Value.Contains("By = n", StringComparison.Ordinal)) > 10);
        for (var seed = 1; seed <= 12; seed++)
        {
            var (log, written) = (new MemoryLog(), new Dictionary<string, string>());
            var random = new Random(seed);
            for (var life = 0; log.Next < Ward.Count; life++)
                await LiveAsync(log, written, random, life > 20 ? Ward.Count : random.Next(1, 150), crash: random.Next(3) > 0);

            Assert.Equal(expected, written);
        }
    }

    [Fact]
    public async Task An_idle_patient_leaves_the_memory_and_comes_back_as_it_was()
    {
        var chunks = SimulatedChunks.Of(beds: 2, seconds: 240)
            .Where(chunk => chunk.Patient.Value != "P-0" || chunk.FirstSampleTime.SecondsSince(Points.Start) is < 20 or > 200).ToList();
        var expected = await UninterruptedAsync(chunks);
        var written = new Dictionary<string, string>();
        var options = new TopologyOptions { IdleRounds = 10, IdleAfter = TimeSpan.FromMinutes(1) };
        await using var shards = TestPartitions.Of(options, [new Written(written)], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t", new MemoryLog().Restore(), TopicId);

        var back = chunks.FindIndex(chunk => chunk.Patient.Value == "P-0" && chunk.FirstSampleTime.SecondsSince(Points.Start) > 200);
        await PostAsync(shards, chunks, 0, back);
        var patience = new Patience(shards);
        for (shards.RequestCheckpoint(0); shards.Total()[Count.PatientsPassivated] == 0;)
            await patience.WaitAsync();
        await PostAsync(shards, chunks, back, chunks.Count);
        await shards.ReleaseAsync(0, CancellationToken.None);

        Assert.Equal(1, shards.Total()[Count.PatientsPassivated]);
        Assert.Equal(expected, written);
    }

    [Fact]
    public async Task Nothing_is_ready_before_the_sinks_have_acknowledged_it()
    {
        await using var held = new HeldSink();
        held.Hold();
        await using var shards = TestPartitions.Of(new TopologyOptions(), [held], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t", new MemoryLog().Restore(), TopicId);
        await PostAsync(shards, Ward, 0, 200);
        await held.Given;
        shards.RequestCheckpoint(0);
        Assert.Null(shards.TakeCheckpoint(0));

        held.Release();
        var (committable, last) = await shards.ReleaseAsync(0, CancellationToken.None);

        Assert.Equal(200, committable);
        Assert.Equal(199, last?.Through.Offset);
        Assert.Equal(["P-0", "P-1", "P-2"], last?.Changed.Select(s => s.Patient.Value).Order());
    }

    [Fact]
    public async Task Records_that_are_in_a_snapshot_are_passed_over_in_the_same_partition_of_the_same_topic()
    {
        var log = new MemoryLog();
        var written = new Dictionary<string, string>();
        await LiveAsync(log, written, new Random(1), 300, crash: false);
        var before = written.Count;
        await using var shards = TestPartitions.Of(new TopologyOptions(), [new Written(written)], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t", log.Restore(), TopicId);

        await PostAsync(shards, Ward, 0, (int)log.Next);
        await shards.ReleaseAsync(0, CancellationToken.None);

        Assert.Equal(log.Next, shards.Total()[Count.RecordsInSnapshots]);
        Assert.Equal(before, written.Count);
    }

    [Fact]
    public async Task In_a_topic_that_was_made_anew_sample_indices_say_what_is_known()
    {
        var log = new MemoryLog();
        var written = new Dictionary<string, string>();
        await LiveAsync(log, written, new Random(1), 300, crash: false);
        await using var shards = TestPartitions.Of(new TopologyOptions(), [new Written(written)], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t", log.Restore(), Guid.NewGuid());

        await PostAsync(shards, Ward, 0, Ward.Count);
        await shards.ReleaseAsync(0, CancellationToken.None);

        Assert.Equal(0, shards.Total()[Count.RecordsInSnapshots]);
        Assert.Equal(await UninterruptedAsync(Ward), written);
    }

    [Fact]
    public async Task A_checkpoint_that_was_not_committed_goes_with_the_next_one()
    {
        await using var shards = TestPartitions.Of(new TopologyOptions(), [new Written([])], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t", new MemoryLog().Restore(), TopicId);
        var first = Ward.FindIndex(c => c.Patient.Value == "P-1");
        await PostAsync(shards, Ward, 0, first);        // P-0 alone
        ShardCheckpoint? refused = null;
        while (refused?.Through.Offset != first - 1)
        {
            shards.RequestCheckpoint(0);
            await Task.Yield();
            refused = shards.TakeCheckpoint(0)?.Following(refused) ?? refused;
        }
        await PostAsync(shards, [.. Ward.Where(c => c.Patient.Value == "P-1").Take(3)], 0, 3, offset: first);
        var (_, last) = await shards.ReleaseAsync(0, CancellationToken.None);

        var together = last!.Following(refused);

        Assert.Equal(["P-0"], refused.Changed.Select(s => s.Patient.Value));
        Assert.Equal(["P-1"], last.Changed.Select(s => s.Patient.Value));
        Assert.Equal(["P-0", "P-1"], together.Changed.Select(s => s.Patient.Value));
        Assert.Equal(first + 2, together.Through.Offset);
        Assert.Equal(refused.Through, together.Changed[0].Applied);
    }

    /// <summary>What nurses want of the patients' alarms, among the chunks.</summary>
    private static List<SampleChunk> WithCommands(List<SampleChunk> chunks)
    {
        var random = new Random(3);
        for (var i = 0; i < 30; i++)
        {
            var kind = (AlarmCommandKind)random.Next(1, 4);
            chunks.Insert(random.Next(chunks.Count), SampleChunk.Of(new PatientId($"P-{random.Next(3)}"), new AlarmCommand(kind, Points.Start.AddSeconds(i), $"n{i}", "")
            {
                Id = i + 1,
                Time = TimeSpan.FromSeconds(random.Next(40)),
                Limits = new LimitChange { HeartRateHigh = random.Next(71, 80) },
            }));
        }
        return chunks;
    }

    /// <summary>One process's life: it takes over, handles some records with checkpoints now and then, and crashes or hands over.</summary>
    private static async Task LiveAsync(MemoryLog log, Dictionary<string, string> written, Random random, int records, bool crash)
    {
        await using var shards = TestPartitions.Of(new TopologyOptions { MaxBatchPoints = 7 }, [new Written(written)], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t", log.Restore(), TopicId);
        var to = (int)Math.Min(Ward.Count, log.Next + records);
        for (var at = (int)log.Next; at < to;)
        {
            var next = Math.Min(to, at + random.Next(1, 40));
            await PostAsync(shards, Ward, at, next);
            at = next;
            if (random.Next(3) == 0)
                shards.RequestCheckpoint(0);
            if (shards.TakeCheckpoint(0) is { } ready)
                log.Commit(ready);
        }
        if (crash)
            return;     // disposing takes everything away as it is
        var (_, last) = await shards.ReleaseAsync(0, CancellationToken.None);
        if (last is not null)
            log.Commit(last);
    }

    private static async Task PostAsync(Partitions shards, List<SampleChunk> chunks, int from, int to, long offset = 0)
    {
        for (var i = from; i < to; i++)
            while (!shards.TryPost(0, new ShardRecord(offset + i, chunks[i])))
                await shards.WaitForSpaceAsync(0, CancellationToken.None);
    }

    private static async Task<Dictionary<string, string>> UninterruptedAsync(List<SampleChunk> chunks)
    {
        var written = new Dictionary<string, string>();
        await using var shards = TestPartitions.Of(new TopologyOptions(), [new Written(written)], TimeProvider.System, PatientRun.Stages, alarms: Alarms);
        shards.Assign(0, "t");
        await PostAsync(shards, chunks, 0, chunks.Count);
        await shards.RevokeAsync(0, CancellationToken.None);
        return written;
    }

    /// <summary>A changelog in memory: snapshots by patient, as bytes, and where they stand.</summary>
    private sealed class MemoryLog
    {
        private readonly Dictionary<string, byte[]> _snapshots = [];
        private RecordPosition? _through;

        public long Next => (_through?.Offset ?? -1) + 1;

        public ShardRestore Restore() =>
            new(new ShardLease(0, 1), _through, [.. _snapshots.Values.Select(bytes => SnapshotCodec.Decode(bytes, out _)!)], []);

        public void Commit(ShardCheckpoint checkpoint)
        {
            Assert.True(checkpoint.Through.Offset >= Next);
            foreach (var snapshot in checkpoint.Changed)
                _snapshots[snapshot.Patient.Value] = SnapshotCodec.Encode(snapshot);
            _through = checkpoint.Through;
        }
    }

    /// <summary>What a store holds in the end: a point that is written again replaces the one before.</summary>
    private sealed class Written(Dictionary<string, string> points) : IPatientSink
    {
        public Task WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            lock (points)
                foreach (var p in batch.Points)
                    points[FormattableString.Invariant($"{p.Patient} {p.Device} {p.Epoch} {p.WindowId} {p.Estimate.Signal} {(p.Alarm is null ? "" : $"alarm {p.Time}")}")] =
                        FormattableString.Invariant($"{p.Alarm} {p.Alarm?.Alarm} {p.Alarm?.Open.Count} {p.Time} {p.Ward} {p.Bed} {p.Origin.Offset} {p.Estimate.Value:R} {p.Estimate.Sigma:R} {p.Estimate.Quality:R} {p.Estimate.Coverage:R} {p.Estimate.Status}");
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
