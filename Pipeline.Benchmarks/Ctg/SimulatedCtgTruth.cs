using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>Traces of the product's simulator, with its truth.</summary>
internal static class SimulatedCtgTruth
{
    private const double RateHz = 4;
    private const int LongestSeconds = 600;     // no event is longer: one that lasts at the end is known so much later

    /// <summary>The trace of a bed's fetus, and of its twin where there is one.</summary>
    public static CtgTruth[] Of(BedScenario scenario, int minutes)
    {
        var (truth, chunks) = (new LabourTruth(), new List<SampleChunk>());
        var bed = new SimulatedBed(scenario);
        while (bed.Seconds < 60 * minutes)
            bed.Next(chunks, labour: truth);
        chunks.RemoveAll(chunk => chunk.Device != "ctg");
        for (var after = new List<SampleChunk>(); bed.Seconds < 60 * minutes + LongestSeconds; after.Clear())
            bed.Next(after, labour: truth);
        var channels = Enumerable.Range(0, chunks[0].Channels.Count).Select(channel => Samples(chunks, channel)).ToArray();
        LabourTruth[] fetuses = truth.Twin is { } twin ? [truth, twin] : [truth];
        var contractions = truth.Events.Where(one => one.Kind == LabourEventKind.Contraction).ToList();
        return
        [
            .. fetuses.Select((fetus, number) => new CtgTruth(
                RateHz, channels[number], channels[^1],
                [.. fetus.Seconds.Take(60 * minutes).SelectMany(second => Enumerable.Repeat(second.Baseline, (int)RateHz))],
                Events(fetus.Events.Union(contractions), 60 * minutes))),
        ];
    }

    private static float[] Samples(List<SampleChunk> chunks, int channel)
    {
        var gain = (float)chunks[0].Channels[channel].Gain;
        return [.. chunks.SelectMany(chunk => chunk.Int16(channel).ToArray().Select(stored => stored / gain))];
    }

    private static List<TrueEvent> Events(IEnumerable<LabourEvent> events, double end) =>
    [
        .. from one in events
           let kind = KindOf(one.Kind)
           where kind is not null && one.BeginSeconds < end
           orderby one.BeginSeconds
           select new TrueEvent(kind.Value, one.BeginSeconds, Math.Min(end, one.EndSeconds)),
    ];

    private static EventKind? KindOf(LabourEventKind kind) => kind switch
    {
        LabourEventKind.Contraction => EventKind.Contraction,
        LabourEventKind.Acceleration => EventKind.Acceleration,
        LabourEventKind.EarlyDeceleration => EventKind.EarlyDeceleration,
        LabourEventKind.LateDeceleration => EventKind.LateDeceleration,
        LabourEventKind.VariableDeceleration => EventKind.VariableDeceleration,
        LabourEventKind.ProlongedDeceleration => EventKind.ProlongedDeceleration,
        _ => null,
    };
}
