using Pipeline.Actors;
using Pipeline.Actors.Serving;
using Pipeline.Host.Wire;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

/// <summary>
/// A shard's state says which model is asked about the records behind it. However often processes crash, and new versions come, each series is in the end
/// that of the versions that the marks say.
/// </summary>
[Collection(nameof(SimulationTests))]     // many lives one after the other, which wait by asking again: they want both cores
public sealed class KeptModelTests : IDisposable
{
    private static readonly Guid TopicId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly string[] Patients = ["P0", "P1", "P2"];

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly List<ShardRecord> _records =
        [.. Enumerable.Range(0, 360).Select(i => new ShardRecord(i, Chunks.Of(10 * (i / 3), 10, Patients[i % 3])))];

    public KeptModelTests()
    {
        foreach (var version in (string[])["1", "2", "3"])
            TestModels.Write(FolderOf(version), version);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Wherever_processes_crash_each_version_is_asked_about_the_records_that_the_marks_say()
    {
        for (var seed = 1; seed <= 6; seed++)
        {
            var (log, written, random) = (new Log(seed), new Written(), new Random(seed));
            for (var life = 0; log.Next < _records.Count; life++)
                await LiveAsync(log, written, random, life, isFound: true, mayCrash: life < 15);

            AssertAsked(log, written, seed);
        }
    }

    [Fact]
    public async Task A_crash_behind_a_new_version_changes_no_point_that_was_written()
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var (log, written, random, switched) = (new Log(seed), new Written(), new Random(seed), false);
            foreach (var version in (string[])["1", "2"])
            {
                await using var models = Serve(version, isFound: true);
                models.Switched += change => Volatile.Write(ref switched, change.Before is not null || switched);
                await using var shards = Shards(models, written);
                var kept = await BeginAsync(shards, log);
                if (version == "2")
                {
                    await PostAsync(shards, kept, (int)log.Next, _records.Count, random);
                    await kept.DrainAsync(CancellationToken.None);
                    break;
                }
                var to = await FirstAsync(shards, kept, log) + random.Next(1, 100);
                await PostAsync(shards, kept, 30, to, random);
                models.Replace(Open("2"));
                for (; !Volatile.Read(ref switched); to++)
                    await PostAsync(shards, kept, to, to + 1, random);
                for (var end = to + random.Next(90); to < end; to++)
                    await PostAsync(shards, kept, to, to + 1, random);
            }

            Assert.True(written.Changed.Count == 0, $"seed {seed}: {string.Join("; ", written.Changed)}");
            AssertAsked(log, written, seed);
        }
    }

    [Fact]
    public async Task A_version_that_is_gone_is_replaced_behind_the_state_and_the_series_is_that_of_the_marks()
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            var (log, written, random) = (new Log(seed), new Written(), new Random(seed));
            for (var life = 0; log.Next < _records.Count; life++)
                await LiveAsync(log, written, random, life, isFound: false, mayCrash: life < 15);

            AssertAsked(log, written, seed);
        }
    }

    [Fact]
    public async Task A_shard_that_waits_for_its_new_model_leaves_the_other_records_to_its_next_owner()
    {
        var (log, written) = (new Log(0) { Refuses = true }, new Written());
        await using var models = Serve("1", isFound: true);
        await using var shards = Shards(models, written);
        var kept = await BeginAsync(shards, log);
        await PostAsync(shards, kept, 0, 60, new Random(1));
        while (shards.Total()[Count.Records] < 60)
            await Task.Yield();
        models.Replace(Open("2"));
        Assert.Equal(1, kept.Offer([_records[60]]));
        while (log.RefusedModel != "heart-rate@2")
            await Task.Yield();
        Assert.Equal(1, kept.Offer([_records[61]]));

        log.Refuses = false;
        await kept.DrainAsync(CancellationToken.None);

        Assert.Equal(60L, log.Next);
        Assert.Equal("heart-rate@2", log.Restore().Networks[RateModel.Task]);
        Assert.All(written.Models, model => Assert.Equal("heart-rate@1", model));
    }

    [Fact]
    public void A_mark_keeps_the_networks()
    {
        var mark = new ShardMark(new RecordPosition(TopicId, 3, 17), new Timestamp(9), new NetworkNames((RateModel.Task, "heart-rate@2"), (QrsModel.Task, "qrs@3"), ("spo2", "oxygen@1")));

        Assert.Equal(mark, SnapshotCodec.DecodeMark(SnapshotCodec.EncodeMark(mark), out _));
        Assert.Equal(mark with { Time = null, Networks = default }, SnapshotCodec.DecodeMark(SnapshotCodec.EncodeMark(mark with { Time = null, Networks = default }), out _));
    }

    [Fact]
    public void The_networks_of_a_mark_of_two_tasks_are_where_every_program_reads_them()
    {
        var mark = new ShardMark(new RecordPosition(TopicId, 3, 17), null, new NetworkNames((RateModel.Task, "heart-rate@2"), (QrsModel.Task, "qrs@3")));

        var bytes = SnapshotCodec.EncodeMark(mark);

        byte[] last = [(6 << 3) | 2, 12, .. "heart-rate@2"u8, (7 << 3) | 2, 5, .. "qrs@3"u8];     // fields 6 and 7, length-delimited
        Assert.Equal(last, bytes[^last.Length..]);
    }

    /// <summary>One process's life, with version 1 before the fourth and version 2 after, and sometimes a new version while it runs.</summary>
    private async Task LiveAsync(Log log, Written written, Random random, int life, bool isFound, bool mayCrash)
    {
        await using var models = Serve(life < 4 ? "1" : "2", isFound);
        models.Switched += log.Note;
        await using var shards = Shards(models, written);
        var kept = await BeginAsync(shards, log);
        var (from, to) = ((int)log.Next, (int)Math.Min(_records.Count, log.Next + random.Next(20, 90)));
        var replaceAt = life > 0 && random.Next(3) == 0 ? random.Next(from, to) : -1;
        if (life == 0)
            to = await FirstAsync(shards, kept, log);
        else
            for (var i = from; i < to; i++)
            {
                if (i == replaceAt)
                    models.Replace(Open(life % 2 == 0 ? "3" : "2"));
                await PostAsync(shards, kept, i, i + 1, random);
            }
        if (mayCrash && random.Next(3) > 0)
            return;     // disposing takes everything away as it is
        log.Refuses = false;
        await kept.DrainAsync(CancellationToken.None);
    }

    /// <summary>A shard that nothing is kept of begins with whatever model is there: so the first life ends with a checkpoint.</summary>
    private async Task<int> FirstAsync(Partitions shards, OwnedPartition kept, Log log)
    {
        await PostAsync(shards, kept, 0, 30, new Random(1));
        for (var patience = new Patience(shards); log.Next < 30; await patience.WaitAsync())
            kept.RequestCheckpoint();
        return 30;
    }

    private async Task PostAsync(Partitions shards, OwnedPartition kept, int from, int to, Random random)
    {
        var patience = new Patience(shards);
        for (var i = from; i < to; i++)
        {
            for (; kept.Offer([_records[i]]) == 0; await patience.WaitAsync())
                kept.RequestCheckpoint();
            if (random.Next(4) == 0)
                kept.RequestCheckpoint();
        }
    }

    private static async Task<OwnedPartition> BeginAsync(Partitions shards, Log log)
    {
        var kept = shards.Assign(new PartitionAssignment(
            0, "t", log, TimeSpan.FromDays(1), async (committed, stop) => (await log.AssignAsync(0, committed, null, stop), TopicId)));
        for (var patience = new Patience(shards); kept.Phase != PartitionPhase.Running; await patience.WaitAsync())
            if (kept.Phase == PartitionPhase.Ready)
                kept.Begin();
        return kept;
    }

    private string FolderOf(string version) => Path.Combine(_folder.Path, version);

    private RateModel Open(string version) => new(ModelPackage.Load(FolderOf(version)));

    private Partitions Shards(NetworkRegistry models, Written written) =>
        TestPartitions.Of(new TopologyOptions { MailboxCapacity = 16, MaxBatchPoints = 5 }, [written], _time, AskingStage.Factory(), models);

    private NetworkRegistry Serve(string version, bool isFound) => TestModels.Serve(Open(version), find: identity => isFound ? Open(identity.Split('@')[1]) : null);

    private void AssertAsked(Log log, Written written, int seed)
    {
        foreach (var patient in Patients)
        {
            var expected = NaiveSeries.Of(_records.Where(r => r.Chunk!.Patient.Value == patient).Select(r => (r.Offset, r.Chunk!)), log.ModelAt);
            Assert.True(expected.Order(StringComparer.Ordinal).SequenceEqual(written.Series(patient)), $"seed {seed}: {patient}");
        }
    }

    /// <summary>Checkpoints in memory, some of which are refused, as by a group between two generations.</summary>
    private sealed class Log(int seed) : IShardLog
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<string, byte[]> _snapshots = [];
        private readonly List<(long Through, string Model)> _marks = [];
        private ShardMark? _mark;

        public volatile bool Refuses;

        public volatile string? RefusedModel;

        public long Next
        {
            get
            {
                lock (_snapshots)
                    return (_mark?.Through.Offset ?? -1) + 1;
            }
        }

        public string ModelAt(long offset)
        {
            lock (_snapshots)
                return _marks.LastOrDefault(mark => mark.Through < offset, (-1, "heart-rate@1")).Model;
        }

        /// <summary>A life begins behind the state: with the version that it names or, where that is gone, with what is there; an earlier life may have begun there with another.</summary>
        public void Note(ModelSwitch change)
        {
            lock (_snapshots)
                if (change.Before is null || change.IsGone)
                    _marks.Add((Next - 1, change.Model));
        }

        public ShardRestore Restore() => new(
            new ShardLease(0, 1), _mark?.Through, [.. _snapshots.Values.Select(bytes => SnapshotCodec.Decode(bytes, out _)!)], [], _mark?.Time, _mark?.Networks ?? default);

        public Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop) => Task.FromResult(Restore());

        public Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
        {
            if (Refuses || (seed > 0 && _random.Next(4) == 0))
            {
                RefusedModel = checkpoint.Networks[RateModel.Task];
                return Task.FromResult(CommitOutcome.Fenced);
            }
            lock (_snapshots)
            {
                _mark = SnapshotCodec.DecodeMark(SnapshotCodec.EncodeMark(ShardMark.Of(checkpoint)), out _);
                _marks.Add((checkpoint.Through.Offset, checkpoint.Networks[RateModel.Task]!));
                foreach (var snapshot in checkpoint.Changed)
                    _snapshots[snapshot.Patient.Value] = SnapshotCodec.Encode(snapshot);
            }
            return Task.FromResult(CommitOutcome.Committed);
        }

        public void Revoke(ShardLease lease)
        {
            // One owner at a time here.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>What a store holds in the end, and what it held differently before.</summary>
    private sealed class Written : IPatientSink
    {
        private readonly Dictionary<string, string> _points = [];
        private readonly Dictionary<string, string> _patients = [];

        public List<string> Changed { get; } = [];

        public List<string> Models { get; } = [];

        public IEnumerable<string> Series(string patient)
        {
            lock (_points)
                return [.. _points.Where(point => _patients[point.Key] == patient).Select(point => point.Value).Order(StringComparer.Ordinal)];
        }

        public Task WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            lock (_points)
                foreach (var point in batch.Points)
                {
                    var (key, text) = ($"{point.Patient} {point.WindowId} {point.Estimate.Signal}", NaiveSeries.Text(point.WindowId, point.Estimate.Signal, point.Estimate.Value, point.Estimate.Quality, point.Estimate.Model));
                    if (_points.TryGetValue(key, out var before) && before != text)
                        Changed.Add($"{key}: {before}, then {text}");
                    (_points[key], _patients[key]) = (text, point.Patient.Value);
                    if (point.Estimate.Signal == SignalKind.Ppg)
                        Models.Add(point.Estimate.Model);
                }
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
