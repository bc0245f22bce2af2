using Pipeline.Actors;
using Pipeline.Actors.Serving;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

/// <summary>
/// A few patients on one or two shards, their chunks cut and mixed at random. Now and then shard 0 is lost at the end of the records, and begun
/// again: where it was acknowledged, or at its last checkpoint with its patients' states. With <paramref name="next"/>, these models take
/// over one after the other at random moments.
/// </summary>
internal sealed class InterleavingCase(int seed, NetworkRegistry models, TimeProvider time, IReadOnlyList<RateModel>? next = null)
{
    private readonly Random _random = new(seed);
    private readonly HeldSink _sink = new();
    private readonly List<(int Shard, ShardRecord Record)> _records = [];
    private readonly List<ModelSwitch> _switches = [];
    private readonly Dictionary<PatientId, PatientSnapshot> _snapshots = [];    // of shard 0, as they were committed
    private RecordPosition? _through;

    /// <summary>Runs it and compares every patient's series with <see cref="NaiveSeries"/>.</summary>
    public async Task RunAsync()
    {
        var (shardCount, patientCount, isLost) = (_random.Next(1, 3), _random.Next(1, 6), _random.Next(3) == 0);
        var isKept = next is null && _random.Next(2) == 0;
        models.Switched += Remember;
        await using var shards = TestPartitions.Of(RandomOptions(), [_sink], time, AskingStage.Factory(Trouble), models);
        for (var shard = 0; shard < shardCount; shard++)
            shards.Assign(shard, "t", isKept ? new ShardRestore(new ShardLease(shard, 1), null, [], []) : null);

        await PostAllAsync(shards, Mix(patientCount), shardCount, isKept);
        if (isLost && isKept)
            await LoseAndRestoreAsync(shards);
        else if (isLost)
            await LoseAndResumeAsync(shards);
        foreach (var shard in shards.Assigned)
            await shards.RevokeAsync(shard, default);

        models.Switched -= Remember;
        Assert.True(shards.Total().IsSettled, $"seed {seed}: something is left open");
        for (var shard = isLost ? 1 : 0; shard < shardCount; shard++)
            foreach (var patient in PatientsOf(shard))
                Assert.True(Expected(patient).SequenceEqual(Series(patient)), $"seed {seed}: {patient}");
    }

    private TopologyOptions RandomOptions() => new()
    {
        MailboxCapacity = 16,
        MaxBatchPoints = _random.Next(1, 20),
        MaxWaitingWindows = _random.Next(1, 20),
    };

    private static AskingStage.Trouble Trouble(string patient, long start) => ((patient[1] * 31 + start) % 97) switch
    {
        < 2 => AskingStage.Trouble.Poison,
        < 4 => AskingStage.Trouble.NotANumber,
        _ => AskingStage.Trouble.None,
    };

    private static string PatientOf(in ShardRecord record) => record.Chunk!.Patient.Value;  // every record here has one

    private void Remember(ModelSwitch change)
    {
        lock (_switches)
            _switches.Add(change);
    }

    /// <summary>Chunks of 1 to 60 samples, some missing between them, in a random order between patients.</summary>
    private List<SampleChunk> Mix(int patients)
    {
        var ends = Enumerable.Range(0, patients).Select(_ => _random.Next(80, 300)).ToArray();
        var sent = new int[patients];
        var chunks = new List<SampleChunk>();
        while (Enumerable.Range(0, patients).Where(p => sent[p] < ends[p]).ToArray() is { Length: > 0 } left)
        {
            var (patient, count) = (left[_random.Next(left.Length)], _random.Next(1, 61));
            chunks.Add(Chunks.Of(sent[patient], count, $"P{patient}"));
            sent[patient] += count + (_random.Next(30) == 0 ? 100 : 0);
        }
        return chunks;
    }

    private async Task PostAllAsync(Partitions shards, List<SampleChunk> chunks, int shardCount, bool isKept)
    {
        var changes = (next ?? []).Select(model => (At: _random.Next(chunks.Count), Model: model)).ToList();
        var offsets = new long[shardCount];
        for (var i = 0; i < chunks.Count; i++)
        {
            foreach (var (_, model) in changes.Where(change => change.At == i))
                models.Replace(model);
            var shard = (chunks[i].Patient.Value[1] - '0') % shardCount;
            _records.Add((shard, new ShardRecord(offsets[shard]++, chunks[i])));
            await PostAsync(shards, shard, _records[^1].Record);
            if (isKept && shard == 0 && _random.Next(5) == 0)
                await CommitAsync(shards);
        }
    }

    /// <summary>Asks shard 0, which has a record that it has not been asked about, until its checkpoint is there.</summary>
    private async Task CommitAsync(Partitions shards)
    {
        ShardCheckpoint? checkpoint;
        while ((checkpoint = shards.TakeCheckpoint(0)) is null)
        {
            shards.RequestCheckpoint(0);
            await Task.Yield();
        }
        _through = checkpoint.Through;
        foreach (var snapshot in checkpoint.Changed)
            _snapshots[snapshot.Patient] = snapshot;
    }

    private static async Task PostAsync(Partitions shards, int shard, ShardRecord record)
    {
        while (!shards.TryPost(shard, record))
            await shards.WaitForSpaceAsync(shard, default);
    }

    /// <summary>
    /// What shard 0 gave before its loss must be the beginning of each series, with all of what is acknowledged; its next owner begins behind
    /// that, without state.
    /// </summary>
    private async Task LoseAndResumeAsync(Partitions shards)
    {
        var resumed = await shards.RevokeAsync(0, new CancellationToken(canceled: true)) ?? 0;
        foreach (var patient in PatientsOf(0))
        {
            var (found, expected) = (Series(patient), Expected(patient));
            Assert.True(expected.Take(found.Count).SequenceEqual(found), $"seed {seed}: {patient} before the loss");
            Assert.True(found.Count >= Expected(patient, to: resumed).Count, $"seed {seed}: {patient} has not all that is acknowledged");
        }

        var before = _sink.Points.Count(p => p.Origin.Partition == 0);
        lock (_switches)
            _switches.RemoveAll(change => change.Shard == 0);
        shards.Assign(0, "t");
        foreach (var (shard, record) in _records.Where(r => r.Shard == 0 && r.Record.Offset >= resumed))
            await PostAsync(shards, shard, record);
        await shards.RevokeAsync(0, default);
        foreach (var patient in PatientsOf(0))
            Assert.True(Expected(patient, from: resumed).SequenceEqual(Series(patient, before)), $"seed {seed}: {patient} after the loss");
    }

    /// <summary>With its checkpoint, the next owner gives what is left of the same series; what is given twice is the same.</summary>
    private async Task LoseAndRestoreAsync(Partitions shards)
    {
        await shards.RevokeAsync(0, new CancellationToken(canceled: true));
        shards.Assign(0, "t", new ShardRestore(new ShardLease(0, 2), _through, [.. _snapshots.Values], []));
        foreach (var (shard, record) in _records.Where(r => r.Shard == 0 && r.Record.Offset > (_through?.Offset ?? -1)))
            await PostAsync(shards, shard, record);
        await shards.RevokeAsync(0, default);
        foreach (var patient in PatientsOf(0))
        {
            var (found, expected) = (Series(patient), Expected(patient));
            Assert.True(found.Distinct().Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal)), $"seed {seed}: {patient} restored at {_through?.Offset}");
        }
    }

    private IEnumerable<string> PatientsOf(int shard) => _records.Where(r => r.Shard == shard).Select(r => PatientOf(r.Record)).Distinct();

    private List<string> Series(string patient, int behind = 0) =>
    [
        .. _sink.Points.Where(p => p.Origin.Partition == _records.First(r => PatientOf(r.Record) == patient).Shard).Skip(behind).Where(p => p.Patient.Value == patient)
            .Select(p => NaiveSeries.Text(p.WindowId, p.Estimate.Signal, p.Estimate.Value, p.Estimate.Quality, p.Estimate.Model)),
    ];

    private List<string> Expected(string patient, long from = 0, long to = long.MaxValue)
    {
        var own = _records.Where(r => PatientOf(r.Record) == patient).ToList();
        List<ModelSwitch> switches;
        lock (_switches)
            switches = [.. _switches.Where(change => change.Shard == own[0].Shard)];
        return NaiveSeries.Of(
            own.Where(r => r.Record.Offset >= from && r.Record.Offset < to).Select(r => (r.Record.Offset, r.Record.Chunk!)),
            offset => switches.LastOrDefault(change => change.Offset <= offset).Model ?? "", Trouble);
    }
}
