using System.Text;
using Pipeline.Actors;
using Pipeline.Host.Influx;
using Pipeline.Host.Store;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// The store of points and dead letters, which outlives all processes. It may refuse, be slow, or let a request time out that it nevertheless
/// carries out, at once or later. Some points it refuses for good, and says so as InfluxDB does: by name, or only how many there are, or that the request
/// is too large. Whatever is written must be what an uninterrupted run writes.
/// </summary>
internal sealed class SimulatedStore(World world, Workload workload, Expected expected, Ownership ownership)
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

    public bool HasAll => expected.Points.Keys.All(point => IsExempt(point) || Has(point)) && expected.Letters.All(letter => IsExempt(letter) || Has(letter));

    public bool Has(PointKey point) => _points.ContainsKey(point);

    public bool Has(LetterKey letter) => _letters.Contains(letter);

    /// <summary>Which of a partition's ownerships a process writes for now.</summary>
    public int? TermOf(int partition, string process) => ownership.TermOf(partition, process);

    /// <summary>Whether the store refuses a point whenever it comes.</summary>
    public static bool IsRefused(PointKey point) =>
        (point.Time.UnixNanoseconds / 1_000_000_000 + 29 * (Workload.NumberOf(point.Patient) + (int)point.Signal)) % 131 == 0;

    /// <summary>A request has come, of an ownership that was <paramref name="term"/> when it was made.</summary>
    public void Take(OutputBatch batch, string from, int? term, Action<InfluxAnswer> answer)
    {
        var steps = world.Steps;
        switch (Mood)
        {
            case StoreMood.Refusing:
                answer(InfluxAnswer.Wait(WaitReason.Server, ""));
                break;
            case StoreMood.Slow:
                steps.After(steps.Some(SlowBy), null, () => answer(Judge(batch, from, term)));
                break;
            case StoreMood.Lying:
                if (steps.Random.Next(3) > 0)
                    steps.After(steps.Some(LateBy), null, () => Judge(batch, from, term));
                steps.After(SlowBy, null, () => answer(InfluxAnswer.Wait(WaitReason.Timeout, "")));
                break;
            default:
                answer(Judge(batch, from, term));
                break;
        }
    }

    /// <summary>Compares all points with what they should be in the end.</summary>
    public void Compare(Expected last)
    {
        foreach (var (key, point) in _points)
            if (!IsExempt(key) && last.Points[key] != point)
                world.Fail($"in the end there is {point} where an uninterrupted run that asks the same networks writes {last.Points[key]}");
    }

    private bool IsExempt(PointKey point) => world.Exempt.Contains(point.Patient);

    private bool IsExempt(LetterKey letter) => world.Exempt.Count > 0 && world.Exempt.Contains(workload.PatientOf(letter.Partition, letter.Offset));

    /// <summary>Writes what can be written of a request, and says what cannot.</summary>
    private InfluxAnswer Judge(OutputBatch batch, string from, int? term)
    {
        int[] refused = [.. Enumerable.Range(0, batch.Points.Count).Where(i => IsRefused(new PointKey(batch.Points[i])))];
        if (refused.Length == 0)
        {
            Write(batch, from, term);
            return InfluxAnswer.AllStored;
        }
        switch (world.Steps.Random.Next(4))
        {
            case 0:
                return new InfluxAnswer(AnswerKind.TooLarge, RefusalReason.TooLarge, "too large");
            case 1:
                return new InfluxAnswer(AnswerKind.Named, RefusalReason.Malformed, "refused") { Named = [.. refused.Select(i => new NamedLine(i, "refused"))] };
            case var kind:
                var others = new OutputBatch { Shard = batch.Shard, LastOffset = batch.LastOffset };
                others.Points.AddRange(batch.Points.Where((_, i) => !refused.Contains(i)));
                Write(others, from, term);
                return new InfluxAnswer(AnswerKind.Partial, RefusalReason.Other, "refused") { Dropped = kind == 2 ? refused.Length : 0 };
        }
    }

    private void Write(OutputBatch batch, string from, int? term)
    {
        world.Story?.Tell("store", $"has {batch.Points.Count} points, {batch.DeadLetters.Count} dead letters of partition {batch.Shard} up to {batch.LastOffset} from {from}");
        foreach (var point in batch.Points)
        {
            var key = new PointKey(point);
            if (IsExempt(key))
                continue;
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
            if (!expected.Letters.Contains(key) && !IsExempt(key))
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

/// <summary>A process's way to the store: asks again until every point is stored or a dead letter; which are refused the product's search finds.</summary>
internal sealed class SimulatedSink(SimulatedProcess process, SimulatedStore store) : IPatientSink
{
    private const int MostPoints = 50;
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50), LongestWait = TimeSpan.FromSeconds(1);

    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        var term = store.TermOf(batch.Shard, process.Name);
        if (batch.DeadLetters.Count > 0)
            await SendAsync(Part(batch, [], batch.DeadLetters), term, stop);
        var search = new LineSearch();
        search.Begin(batch.Points.Count, MostPoints);
        while (search.TryNext(out var lines))
        {
            var answer = await SendAsync(Part(batch, lines.Select(line => batch.Points[line]), []), term, stop);
            var refused = search.Note(answer with { Named = [.. answer.Named.Select(named => named with { Index = lines[named.Index] })] }, lines);
            if (refused.Count > 0)
                await SendAsync(Part(batch, [], refused.Select(line => LetterOf(batch.Points[line.Index], line.Why))), term, stop);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The dead letter of a point that the store refuses.</summary>
    public static DeadLetter LetterOf(VitalPoint point, string why) =>
        new(RefusedPoints.Stage, why, point.Origin, default, Encoding.UTF8.GetBytes(new PointKey(point).ToString()));

    private static OutputBatch Part(OutputBatch batch, IEnumerable<VitalPoint> points, IEnumerable<DeadLetter> letters)
    {
        var part = new OutputBatch { Shard = batch.Shard, LastOffset = batch.LastOffset };
        part.Points.AddRange(points);
        part.DeadLetters.AddRange(letters);
        return part;
    }

    private async Task<InfluxAnswer> SendAsync(OutputBatch part, int? term, CancellationToken stop)
    {
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            var answer = await process.CallAsync<InfluxAnswer>(told => store.Take(part, process.Name, term, told)).WaitAsync(stop);
            if (answer.Kind != AnswerKind.Wait)
                return answer;
            await Task.Delay(wait, process.Clock, stop);
        }
    }
}
