using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Tests.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

/// <summary>
/// A shard's state says which QRS network decides behind it, as it does of heart-rate networks (<see cref="KeptModelTests"/>): however often processes crash while new
/// versions come, the series is that of a plain loop over the patient's chunks with the versions that the marks say.
/// </summary>
[Collection(nameof(SimulationTests))]     // many lives one after the other, which wait by asking again: they want both cores
public sealed class KeptQrsTests : IDisposable
{
    private static readonly Guid TopicId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly List<SampleChunk> Ward =
        [.. SimulatedChunks.Of(beds: 2, seconds: 90).Where(chunk => chunk.Channels.IndicesOf(SignalKind.Ecg).Length > 0)];

    private readonly TestModels _versions = new();
    private readonly Dictionary<string, QrsModel> _qrs;

    public KeptQrsTests() => _qrs = new[] { _versions.OpenQrs("1"), _versions.OpenQrs("2", isDeaf: true), _versions.OpenQrs("3") }.ToDictionary(model => model.Identity);

    public void Dispose() => _versions.Dispose();

    [Fact]
    public async Task Wherever_processes_crash_each_network_decides_about_the_records_that_the_marks_say()
    {
        var changes = 0;
        for (var seed = 1; seed <= 6; seed++)
        {
            var (log, written, random) = (new Log(), new Written(), new Random(seed));
            for (var life = 0; log.Next < Ward.Count; life++)
                await LiveAsync(log, written, random, life);
            changes += log.Marks.Zip(log.Marks.Skip(1)).Count(pair => pair.First.Qrs != pair.Second.Qrs);

            var (expected, found) = (Expected(log), written.Series());
            Assert.True(expected.SequenceEqual(found), $"seed {seed}: {string.Join(", ", log.Marks)}; {string.Join("; ", expected.Except(found).Take(3))}; found {string.Join("; ", found.Except(expected).Take(3))}");
        }
        Assert.True(changes > 6, $"{changes} changes");
    }

    /// <summary>One process's life: the first has one network and ends with a checkpoint, so that there is a state that names it.</summary>
    private async Task LiveAsync(Log log, Written written, Random random, int life)
    {
        await using var qrs = TestModels.ServeQrs(_qrs[life == 0 ? "qrs@1" : $"qrs@{random.Next(1, 4)}"], _qrs.GetValueOrDefault);
        await using var shards = TestPartitions.Of(new TopologyOptions { MailboxCapacity = 16, MaxBatchPoints = 5 }, [written], TimeProvider.System, networks: qrs);
        shards.Assign(0, "t", log.Restore(), TopicId);
        var to = (int)Math.Min(Ward.Count, log.Next + random.Next(20, 90));
        var replaceAt = random.Next((int)log.Next, to + 30);
        var patience = new Patience(shards);
        for (var i = (int)log.Next; i < to; i++)
        {
            if (i == replaceAt && life > 0)
                qrs.Replace(_qrs[$"qrs@{random.Next(1, 4)}"]);
            while (!shards.TryPost(0, new ShardRecord(i, Ward[i])))
            {
                Commit(shards, log);
                await patience.WaitAsync();
            }
            if (random.Next(12) == 0)
                shards.RequestCheckpoint(0);
            Commit(shards, log);
        }
        if (life > 0 && random.Next(3) > 0)
            return;     // disposing takes everything away as it is
        var (_, last) = await shards.ReleaseAsync(0, CancellationToken.None);
        if (last is not null)
            log.Commit(last);
    }

    private static void Commit(Partitions shards, Log log)
    {
        if (shards.TakeCheckpoint(0) is not { } ready)
            return;
        log.Commit(ready);
        shards.NoteCommitted(ready);
    }

    /// <summary>Each patient's chunks alone, one after the other.</summary>
    private List<string> Expected(Log log)
    {
        var (series, streams, output) = (new List<string>(), new Dictionary<PatientId, DeviceStream>(), new StageOutput());
        for (var offset = 0; offset < Ward.Count; offset++)
        {
            var chunk = Ward[offset];
            var qrs = _qrs[log.QrsAt(offset)];
            if (!streams.TryGetValue(chunk.Patient, out var stream))
                streams.Add(chunk.Patient, stream = new DeviceStream(WindowShape.Default, first => Stages.Create(first.Channels, first.RateHz, [qrs]), chunk));
            stream.Use(qrs);
            stream.Accept(chunk);
            for (; stream.TryNext(output, out var window); output.Clear())
                series.AddRange(output.Estimates.Select(estimate => Text(chunk.Patient, window.Id, estimate)));
        }
        return [.. series.Order(StringComparer.Ordinal)];
    }

    private static string Text(PatientId patient, long window, in Estimate estimate) =>
        FormattableString.Invariant($"{patient} {window} {estimate.Signal} {estimate.Value:R} {estimate.Sigma:R} {estimate.Quality:R} {estimate.Status} {estimate.Model}");

    private sealed class Log
    {
        private readonly Dictionary<string, byte[]> _snapshots = [];
        private ShardMark? _mark;

        public List<(long Through, string Qrs)> Marks { get; } = [];

        public long Next => (_mark?.Through.Offset ?? -1) + 1;

        public string QrsAt(long offset) => Marks.LastOrDefault(mark => mark.Through < offset, (-1, "qrs@1")).Qrs;

        public ShardRestore Restore() => new(
            new ShardLease(0, 1), _mark?.Through, [.. _snapshots.Values.Select(bytes => SnapshotCodec.Decode(bytes, out _)!)], [], _mark?.Time, _mark?.Networks ?? default);

        public void Commit(ShardCheckpoint checkpoint)
        {
            _mark = SnapshotCodec.DecodeMark(SnapshotCodec.EncodeMark(ShardMark.Of(checkpoint)), out _);
            Marks.Add((checkpoint.Through.Offset, checkpoint.Networks[QrsModel.Task]!));
            foreach (var snapshot in checkpoint.Changed)
                _snapshots[snapshot.Patient.Value] = SnapshotCodec.Encode(snapshot);
        }
    }

    /// <summary>What a store holds in the end: a point that is written again replaces the one before.</summary>
    private sealed class Written : IPatientSink
    {
        private readonly Dictionary<string, string> _points = [];

        public List<string> Series()
        {
            lock (_points)
                return [.. _points.Values.Order(StringComparer.Ordinal)];
        }

        public Task WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            lock (_points)
                foreach (var point in batch.Points.Where(point => point.Event is null))
                    _points[$"{point.Patient} {point.WindowId} {point.Estimate.Signal}"] = Text(point.Patient, point.WindowId, point.Estimate);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
