using Pipeline.Actors;

namespace Pipeline.Tests.Simulation;

/// <summary>What a store answers.</summary>
internal enum StoreAnswer
{
    Stored,
    Refused,
    TimedOut,
}

/// <summary>
/// The store of points and dead letters, which outlives all processes. It may refuse, be slow, or let a request time out that it nevertheless
/// carries out, at once or later. Whatever is written must be what an uninterrupted run writes.
/// </summary>
internal sealed class SimulatedStore(World world, Expected expected, Ownership ownership)
{
    private static readonly TimeSpan SlowBy = TimeSpan.FromSeconds(1), LateBy = TimeSpan.FromSeconds(3);

    private readonly Dictionary<PointKey, VitalPoint> _points = new(2048);
    private readonly HashSet<LetterKey> _letters = [];

    /// <summary>
    /// A new network comes: from which record on, of each partition, shows in the end (<see cref="Compare"/>). What a process that has lost a partition
    /// writes late of it is passed over then: it may have asked the old one about records of which its next owner asked the new one.
    /// </summary>
    public bool IsNetworkReplaced { get; set; }

    /// <summary>How it is at present.</summary>
    public StoreMood Mood { get; set; }

    public bool HasAll => _points.Count == expected.Points.Count && _letters.Count == expected.Letters.Count;

    public bool Has(PointKey point) => _points.ContainsKey(point);

    public bool Has(LetterKey letter) => _letters.Contains(letter);

    /// <summary>Which of a partition's ownerships a process writes for now.</summary>
    public int? TermOf(int partition, string process) => ownership.TermOf(partition, process);

    /// <summary>A request has come, of an ownership that was <paramref name="term"/> when it was made.</summary>
    public void Take(OutputBatch batch, string from, int? term, Action<StoreAnswer> answer)
    {
        var steps = world.Steps;
        switch (Mood)
        {
            case StoreMood.Refusing:
                answer(StoreAnswer.Refused);
                break;
            case StoreMood.Slow:
                steps.After(steps.Some(SlowBy), null, () =>
                {
                    Write(batch, from, term);
                    answer(StoreAnswer.Stored);
                });
                break;
            case StoreMood.Lying:
                if (steps.Random.Next(3) > 0)
                    steps.After(steps.Some(LateBy), null, () => Write(batch, from, term));
                steps.After(SlowBy, null, () => answer(StoreAnswer.TimedOut));
                break;
            default:
                Write(batch, from, term);
                answer(StoreAnswer.Stored);
                break;
        }
    }

    /// <summary>Compares all points with what they should be in the end.</summary>
    public void Compare(Expected last)
    {
        foreach (var (key, point) in _points)
            if (last.Points[key] != point)
                world.Fail($"in the end there is {point} where an uninterrupted run that asks the same networks writes {last.Points[key]}");
    }

    private void Write(OutputBatch batch, string from, int? term)
    {
        world.Story?.Tell("store", $"has {batch.Points.Count} points, {batch.DeadLetters.Count} dead letters of partition {batch.Shard} up to {batch.LastOffset} from {from}");
        foreach (var point in batch.Points)
        {
            var key = new PointKey(point);
            if (!expected.Points.TryGetValue(key, out var wanted))
                world.Fail($"{from} writes a point that no uninterrupted run writes: {point}");
            else if (wanted != point && !IsNetworkReplaced)
                world.Fail($"{from} writes {point} where an uninterrupted run writes {wanted}");
            else if (point.Estimate.Signal == Models.Signals.SignalKind.Ecg && (int)point.Estimate.Sigma is >= 0 and var owner && owner != Workload.NumberOf(key.Patient))
                world.Fail($"{from} writes for {key.Patient} what is of patient {owner}");
            if (!IsNetworkReplaced || ownership.IsPresent(batch.Shard, term) || !_points.ContainsKey(key))
                _points[key] = point;
        }
        foreach (var letter in batch.DeadLetters)
        {
            var key = new LetterKey(letter);
            if (!expected.Letters.Contains(key))
                world.Fail($"{from} writes a dead letter that no uninterrupted run writes: {key}");
            _letters.Add(key);
        }
    }
}

/// <summary>How a store may be.</summary>
internal enum StoreMood
{
    Well,
    Refusing,
    Slow,
    Lying,
}

/// <summary>A process's way to the store: asks again until it is stored.</summary>
internal sealed class SimulatedSink(SimulatedProcess process, SimulatedStore store) : IPatientSink
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50), LongestWait = TimeSpan.FromSeconds(1);

    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        var term = store.TermOf(batch.Shard, process.Name);
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var answer = await process.CallAsync<StoreAnswer>(told => store.Take(batch, process.Name, term, told)).WaitAsync(stop);
            if (answer == StoreAnswer.Stored)
                return;
            await Task.Delay(wait, process.Clock, stop);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
