using Pipeline.Models;
using Pipeline.Models.Estimators.Ctg;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>Found and true events of one kind, matched one to one: two match that share more than half of the shorter one.</summary>
internal readonly record struct EventCounts(int Matched, int False, int Missed)
{
    /// <summary>2 TP / (2 TP + FP + FN); 1 where there is nothing.</summary>
    public double F1 => Matched + False + Missed == 0 ? 1 : 2.0 * Matched / (2 * Matched + False + Missed);

    /// <summary>Both together.</summary>
    public static EventCounts operator +(EventCounts a, EventCounts b) =>
        new(a.Matched + b.Matched, a.False + b.False, a.Missed + b.Missed);
}

/// <summary>A trace of which everything is known.</summary>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Rates">Beats per minute; 0: no signal.</param>
/// <param name="Toco">As many samples.</param>
/// <param name="Baseline">True baseline of each sample.</param>
/// <param name="Events">Excursions and contractions, in order.</param>
internal sealed record CtgTruth(double RateHz, float[] Rates, float[] Toco, double[] Baseline, List<TrueEvent> Events);

/// <summary>An analysis of a trace against its truth.</summary>
internal sealed class CtgScore
{
    // From a step's middle to the moment when it is final: its own half, 2 min, and the samples that are not judged yet.
    private const double FinalAfterSeconds = 135 - 7.5 + 5;

    private CtgScore(
        CtgTruth truth, List<CtgEvent> events, List<(double Told, double True)> baseline, List<(double Told, double True)> final)
    {
        (Final, Events, Baseline) = (final, events, baseline);
        Accelerations = Match(events, truth.Events, IsAcceleration);
        Decelerations = Match(events, truth.Events, IsDeceleration);
        Contractions = Match(events, truth.Events, kind => kind == EventKind.Contraction);
        Kinds =
        [
            .. from one in truth.Events
               where IsDeceleration(one.Kind)
               let told = Told(events, one)
               where told is not null
               select (one.Kind, told.Value),
        ];
    }

    /// <summary>What was found, each once.</summary>
    public List<CtgEvent> Events { get; }

    /// <summary>Baseline at the end of each minute, as told then, and true.</summary>
    public List<(double Told, double True)> Baseline { get; }

    /// <summary>Final baseline of a step in each minute, and true.</summary>
    public List<(double Told, double True)> Final { get; }

    public EventCounts Accelerations { get; }

    public EventCounts Decelerations { get; }

    public EventCounts Contractions { get; }

    /// <summary>True and told kind of the decelerations that were found.</summary>
    public (EventKind True, EventKind Told)[] Kinds { get; }

    /// <summary>Analyses a synthetic trace.</summary>
    public static CtgScore Of(CtgScenario scenario, bool hasToco = true) => Of([new SyntheticCtg(scenario).Truth], hasToco)[0];

    /// <summary>Analyses the traces of one, or of twins, side by side; the toco is the first's.</summary>
    public static CtgScore[] Of(IReadOnlyList<CtgTruth> fetuses, bool hasToco = true)
    {
        var (first, rateHz) = (fetuses[0], fetuses[0].RateHz);
        var analysis = new CtgAnalysis(rateHz, fetuses.Count, hasToco);
        var told = fetuses.Select(_ => (Minutes: new List<(double, double)>(), Final: new List<(double, double)>())).ToArray();
        var (behind, rates) = ((int)(FinalAfterSeconds * rateHz), new float[fetuses.Count]);
        for (var i = 0; i < first.Rates.Length; i++)
        {
            for (var fetus = 0; fetus < rates.Length; fetus++)
                rates[fetus] = fetuses[fetus].Rates[i];
            analysis.Take(rates, first.Toco[i]);
            if ((i + 1) % (int)(60 * rateHz) != 0)
                continue;
            for (var fetus = 0; fetus < rates.Length; fetus++)
            {
                if (!float.IsNaN(analysis[fetus].Baseline))
                    told[fetus].Minutes.Add((analysis[fetus].Baseline, fetuses[fetus].Baseline[i]));
                if (i >= behind && !float.IsNaN(analysis.FinalBaseline(fetus)))
                    told[fetus].Final.Add((analysis.FinalBaseline(fetus), fetuses[fetus].Baseline[i - behind]));
            }
        }
        analysis.Finish();
        return
        [
            .. fetuses.Select((truth, fetus) => new CtgScore(
                truth, [.. analysis.Events.Where(one => one.IsOver && (one.Fetus == fetus || one.Fetus < 0))], told[fetus].Minutes, told[fetus].Final)),
        ];
    }

    public static bool IsAcceleration(EventKind kind) => kind == EventKind.Acceleration;

    public static bool IsDeceleration(EventKind kind) => Names.MetricOf(kind) == Metric.Deceleration;

    private static EventCounts Match(List<CtgEvent> found, List<TrueEvent> truth, Func<EventKind, bool> isMeant)
    {
        var left = found.Where(one => isMeant(one.Kind)).ToList();
        var (all, matched) = (left.Count, 0);
        var wanted = truth.Where(one => isMeant(one.Kind)).ToList();
        foreach (var one in wanted)
            if (left.FindIndex(other => Shares(other, one)) is >= 0 and var at)
            {
                matched++;
                left.RemoveAt(at);
            }
        return new EventCounts(matched, all - matched, wanted.Count - matched);
    }

    private static EventKind? Told(List<CtgEvent> found, TrueEvent one)
    {
        foreach (var other in found)
            if (IsDeceleration(other.Kind) && Shares(other, one))
                return other.Kind;
        return null;
    }

    private static bool Shares(in CtgEvent found, in TrueEvent one) =>
        Math.Min(found.End, one.End) - Math.Max(found.Begin, one.Begin) > 0.5 * Math.Min(found.End - found.Begin, one.End - one.Begin);
}
