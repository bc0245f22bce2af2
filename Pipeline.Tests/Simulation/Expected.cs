using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Simulation;

/// <summary>A point's identity in the store: its tags and its time.</summary>
internal readonly record struct PointKey(string Patient, Timestamp Time, SignalKind Signal, Metric Metric, string Device, string Ward, string Bed)
{
    public PointKey(VitalPoint point)
        : this(point.Patient.Value, point.Time, point.Estimate.Signal, point.Estimate.Metric, point.Device, point.Ward, point.Bed)
    {
    }
}

/// <summary>A dead letter's identity; the network can fail on several windows of one record, hence the reason.</summary>
internal readonly record struct LetterKey(int Partition, long Offset, string Stage, string Reason)
{
    public LetterKey(DeadLetter letter)
        : this(letter.Origin.Partition, letter.Origin.Offset, letter.Stage, letter.Reason)
    {
    }
}

/// <summary>
/// What one worker that nothing happens to makes of the same records: all points and dead letters, and, of each partition, which of them must be
/// stored before which offset may be committed.
/// </summary>
internal sealed class Expected : IPatientSink
{
    private readonly List<(long Offset, PointKey? Point, LetterKey? Letter)>[] _byOffset =
        [.. Enumerable.Range(0, Workload.PartitionCount).Select(_ => new List<(long, PointKey?, LetterKey?)>())];

    public Dictionary<PointKey, VitalPoint> Points { get; } = new(2048);

    public HashSet<LetterKey> Letters { get; } = [];

    /// <summary>Of a partition, ascending by the record that gave it.</summary>
    public IReadOnlyList<(long Offset, PointKey? Point, LetterKey? Letter)> Of(int partition) => _byOffset[partition];

    public static Expected Of(Workload workload)
    {
        var expected = new Expected();
        var steps = new Steps(0);
        var process = new SimulatedProcess(steps, "alone", inlines: true);
        var run = process.Start(() => RunAsync(workload, expected, process));
        while (!run.IsCompleted && steps.TryStep())
        {
        }
        if (!run.IsCompleted)
            throw new InvalidOperationException("The uninterrupted run does not end.");
        run.GetAwaiter().GetResult();
        foreach (var made in expected._byOffset)
            made.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        return expected;
    }

    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        foreach (var point in batch.Points)
        {
            var key = new PointKey(point);
            if (!Points.TryAdd(key, point))
                throw new InvalidOperationException($"{key} twice");
            _byOffset[batch.Shard].Add((point.Origin.Offset, key, null));
        }
        foreach (var letter in batch.DeadLetters)
        {
            var key = new LetterKey(letter);
            if (!Letters.Add(key))
                throw new InvalidOperationException($"{key} twice");
            _byOffset[batch.Shard].Add((letter.Origin.Offset, null, key));
        }
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task RunAsync(Workload workload, Expected expected, SimulatedProcess process)
    {
        await using var models = SimulatedModels.Serve(process, new Random(1));
        await using var shards = new PatientShards(new TopologyOptions { MaxWaitingWindows = 4, MaxWaitingWindowsPerPatient = 2 }, [expected], process.Clock, SimulatedStage.Factory, models, process);
        for (var partition = 0; partition < Workload.PartitionCount; partition++)
        {
            shards.Assign(partition, Workload.Topic);
            foreach (var (_, record) in workload.Partitions[partition])
                while (!shards.TryPost(partition, record))
                    await shards.WaitForSpaceAsync(partition, CancellationToken.None);
            await shards.RevokeAsync(partition, CancellationToken.None);
            if (shards.Failure.IsFaulted)
                await shards.Failure;
        }
    }
}
