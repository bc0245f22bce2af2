using System.Text;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Simulation;

/// <summary>A point's identity in the store: its tags and its time.</summary>
internal sealed record PointKey(string Patient, Timestamp Time, SignalKind Signal, Metric Metric, string Device, string Ward, string Bed)
{
    public PointKey(VitalPoint point)
        : this(point.Patient.Value, point.Time, point.Estimate.Signal, point.Estimate.Metric, point.Device, point.Ward, point.Bed)
    {
    }

    /// <summary>Of what tells most points apart: hashing all the texts would take longer than what the point stands for.</summary>
    public override int GetHashCode() => HashCode.Combine(Time, Patient[^1], Signal);
}

/// <summary>A dead letter's identity; several windows of one record can be refused, by the network or by the store: hence the reason, but for the network's name, and the line.</summary>
internal sealed record LetterKey(int Partition, long Offset, string Stage, string About)
{
    public LetterKey(DeadLetter letter)
        : this(letter.Origin.Partition, letter.Origin.Offset, letter.Stage, letter.Stage switch
        {
            "inference" => letter.Reason[letter.Reason.IndexOf(' ', StringComparison.Ordinal)..],
            RefusedPoints.Stage => Encoding.UTF8.GetString(letter.Payload.Span),
            _ => letter.Reason,
        })
    {
    }
}

/// <summary>
/// What one worker that nothing happens to makes of the same records: all points and dead letters, and, of each partition, which of them must be
/// stored before which offset may be committed.
/// </summary>
internal sealed class Expected : IPatientSink
{
    private const int MostSteps = 5_000_000;

    private readonly List<(long Offset, PointKey? Point, LetterKey? Letter)>[] _byOffset =
        [.. Enumerable.Range(0, Workload.PartitionCount).Select(_ => new List<(long, PointKey?, LetterKey?)>())];

    public Dictionary<PointKey, VitalPoint> Points { get; } = new(2048);

    public HashSet<LetterKey> Letters { get; } = [];

    /// <summary>Of a partition, ascending by the record that gave it.</summary>
    public IReadOnlyList<(long Offset, PointKey? Point, LetterKey? Letter)> Of(int partition) => _byOffset[partition];

    /// <param name="workload">The records.</param>
    /// <param name="asked">Of a partition, which networks are asked, each from a record on; the first where it does not say.</param>
    public static Expected Of(Workload workload, Func<int, IReadOnlyList<(long From, string Model)>> asked)
    {
        var expected = new Expected();
        var steps = new Steps(0);
        var process = new SimulatedProcess(steps, "alone", inlines: true);
        var run = process.Start(() => RunAsync(workload, expected, process, asked));
        while (!run.IsCompleted && steps.Count < MostSteps && steps.TryStep())
        {
        }
        if (!run.IsCompleted)
            throw new InvalidOperationException("The uninterrupted run does not end.");
        run.GetAwaiter().GetResult();
        foreach (var made in expected._byOffset)
            made.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        process.Bury();
        return expected;
    }

    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        foreach (var point in batch.Points)
        {
            var key = new PointKey(point);
            if (SimulatedStore.IsRefused(key))
            {
                Add(SimulatedSink.LetterOf(point, ""));
                continue;
            }
            if (!Points.TryAdd(key, point))
                throw new InvalidOperationException($"{key} twice");
            _byOffset[batch.Shard].Add((point.Origin.Offset, key, null));
        }
        foreach (var letter in batch.DeadLetters)
            Add(letter);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Add(DeadLetter letter)
    {
        var key = new LetterKey(letter);
        if (!Letters.Add(key))
            throw new InvalidOperationException($"{key} twice");
        _byOffset[letter.Origin.Partition].Add((letter.Origin.Offset, null, key));
    }

    private static async Task RunAsync(Workload workload, Expected expected, SimulatedProcess process, Func<int, IReadOnlyList<(long From, string Model)>> asked)
    {
        var options = new TopologyOptions();
        var serving = new InferenceOptions { MaxBatch = 16 };
        await using var first = SimulatedModels.Serve(process, serving, SimulatedModels.First);
        await using var second = SimulatedModels.Serve(process, serving, SimulatedModels.Second);
        await using var shards = Partitions(first);
        await using var others = Partitions(second);
        await Task.WhenAll(Enumerable.Range(0, Workload.PartitionCount).Select(partition => RunAsync(workload.Partitions[partition], partition, shards, others, asked(partition))));

        Partitions Partitions(NetworkRegistry models) => process.Partitions(options, expected, new PartitionParts
        {
            Actors = (process.Actors.System, new LocalPatientRegion(process.Actors.System)),
            Stages = SimulatedStage.Factory,
            Alarms = Workload.Alarms,
            Networks = models,
            Scheduler = process,
        });
    }

    private static async Task RunAsync(List<(long At, ShardRecord Record)> partition, int number, Partitions first, Partitions second, IReadOnlyList<(long From, string Model)> asked)
    {
        var restore = new ShardRestore(new ShardLease(number, 1), null, [], []);
        (long From, string Model)[] legs = [(0, SimulatedModels.First.Identity), .. asked, (long.MaxValue, "")];
        for (var leg = 0; leg + 1 < legs.Length; leg++)
        {
            var (from, to, model) = (legs[leg].From, legs[leg + 1].From, legs[leg].Model);
            var last = await RunAsync(
                model == SimulatedModels.First.Identity ? first : second, restore with { Networks = new((RateModel.Task, model)) },
                partition.Select(one => one.Record).Where(record => record.Offset >= from && record.Offset < to));
            var changed = last?.Changed.Select(patient => patient.Patient).ToHashSet() ?? [];
            restore = restore with
            {
                Through = last?.Through ?? restore.Through,
                Time = last?.Time ?? restore.Time,
                Patients = [.. restore.Patients.Where(patient => !changed.Contains(patient.Patient)), .. last?.Changed ?? []],
            };
        }
    }

    private static async Task<ShardCheckpoint?> RunAsync(Partitions shards, ShardRestore restore, IEnumerable<ShardRecord> records)
    {
        var partition = restore.Lease.Shard;
        shards.Assign(partition, Workload.Topic, restore);
        foreach (var record in records)
            while (!shards.TryPost(partition, record))
                await shards.WaitForSpaceAsync(partition, CancellationToken.None);
        var (_, last) = await shards.ReleaseAsync(partition, CancellationToken.None);
        if (shards.Failure.IsFaulted)
            await shards.Failure;
        return last;
    }
}
