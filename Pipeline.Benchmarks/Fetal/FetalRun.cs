using Pipeline.Models;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Training.Evaluation;

namespace Pipeline.Benchmarks.Fetal;

/// <summary>One simulated bed in labour through the stages of its abdominal leads, and how well the fetus was found.</summary>
internal sealed class FetalRun
{
    private const double ToleranceSeconds = 0.05;
    private const double SettleSeconds = 4;      // beats become certain so much later
    private const double CloseBy = 0.1;          // part of the true rate

    private const double ClearlyApart = 10;      // per minute, of two hearts

    private readonly LabourTruth _truth;
    private readonly List<TrueBeat> _mother;
    private readonly List<(double Start, double End, EstimateStatus Status, double Value)> _windows = [];

    private FetalRun(BedScenario scenario, int seconds, LabourTruth truth, List<TrueBeat> mother)
    {
        (Scenario, Seconds, _truth, _mother) = (scenario, seconds, truth, mother);
        Coincidences = [.. truth.Events.Where(one => one.Kind == LabourEventKind.Coincidence)];
        PickUps = [.. truth.Events.Where(one => one.Kind == LabourEventKind.MaternalPickUp)];
    }

    public BedScenario Scenario { get; }

    public int Seconds { get; }

    /// <summary>Fetal beats against the truth, ±50 ms, where there is a fetal signal.</summary>
    public BeatCounts Beats { get; private set; }

    /// <summary>The mother's, likewise.</summary>
    public BeatCounts MotherBeats { get; private set; }

    /// <summary>Episodes at the mother's rate that ended within the run.</summary>
    public IReadOnlyList<LabourEvent> Coincidences { get; }

    /// <summary>Episodes without a fetal signal that ended within the run.</summary>
    public IReadOnlyList<LabourEvent> PickUps { get; }

    /// <summary>Windows whose fetal status is ok, and how many there are.</summary>
    public (int Ok, int All) Windows => (_windows.Count(window => window.Status == EstimateStatus.Ok), _windows.Count);

    /// <summary>CPU time of the stages, windower included, ms a second of signal.</summary>
    public double MillisecondsPerSecond { get; private set; }

    /// <summary>Runs <paramref name="seconds"/> of <paramref name="scenario"/>, also with a network.</summary>
    public static FetalRun Of(BedScenario scenario, int seconds, FetalModel? network)
    {
        var (truth, mother, all) = (new LabourTruth(), new List<TrueBeat>(), new List<SampleChunk>());
        var bed = new SimulatedBed(scenario);
        while (bed.Seconds < seconds)
            bed.Next(all, mother, isLast: bed.Seconds + 1 == seconds, truth);
        all.RemoveAll(chunk => chunk.Device != "fecg");
        var run = new FetalRun(scenario, seconds, truth, mother);
        var began = Cost.Now();
        var results = StreamRun.Of(all, FetalScore.StagesWith(network)).ToList();
        run.MillisecondsPerSecond = (Cost.Now() - began).ThreadCpuSeconds * 1000 / seconds;
        var rateHz = all[0].RateHz;
        double[] Found(BeatKind kind) => [.. results.SelectMany(result => result.Beats).Where(beat => beat.Kind == kind).Select(beat => beat.SampleIndex / rateHz).Order()];
        run.Beats = Compare([.. truth.Beats.Where(beat => beat.Strength > 0).Select(beat => beat.Seconds)], Found(BeatKind.FetalQrs), run.IsLost);
        run.MotherBeats = Compare([.. mother.Select(beat => beat.Seconds)], Found(BeatKind.Qrs), _ => false);
        foreach (var result in results.Where(result => !result.Window.IsTail))
            foreach (var estimate in result.Estimates.Where(estimate => estimate.Metric == Metric.FetalHeartRate))
                run._windows.Add((result.Window.StartIndex / rateHz, result.Window.EndIndex / rateHz, estimate.Status, estimate.Value));
        return run;
    }

    /// <summary>
    /// Windows with a value; of them those more than 10 % off; sum of the absolute errors, beats/min. Windows that touch a pick-up are left out.
    /// </summary>
    public (int Count, int Wrong, double ErrorSum) Values()
    {
        var (count, wrong, sum) = (0, 0, 0.0);
        foreach (var (start, end, status, value) in _windows)
        {
            if (status != EstimateStatus.Ok || IsLost(start) || IsLost(end))
                continue;
            var rate = TrueRate(start, end);
            var error = double.IsFinite(rate) ? Math.Abs(value - rate) : value;
            (count, wrong, sum) = (count + 1, wrong + (error > CloseBy * rate || !double.IsFinite(rate) ? 1 : 0), sum + error);
        }
        return (count, wrong, sum);
    }

    /// <summary>Whether a coincidence was said of the episode, at the latest when its last beats had become certain.</summary>
    public bool IsFound(LabourEvent episode) => _windows.Any(window =>
        window.Status == EstimateStatus.Coincidence && window.End > episode.BeginSeconds && window.Start < episode.EndSeconds + SettleSeconds);

    /// <summary>
    /// Stretches of windows that say coincidence where neither an episode at the mother's rate nor a lost signal is near, and the two true
    /// rates are clearly apart.
    /// </summary>
    public int FalseCoincidences()
    {
        var (count, lastEnd) = (0, double.NegativeInfinity);
        foreach (var (start, end, status, _) in _windows.Where(window => window.Status == EstimateStatus.Coincidence))
        {
            if (Near(Coincidences, start, end) || Near(PickUps, start, end) || TruthIsOpen(start))
                continue;
            if (Math.Abs(TrueRate(start, end) - TrueBeat.HeartRate(_mother, start, end)) < ClearlyApart)
                continue;
            count += start > lastEnd ? 1 : 0;
            lastEnd = end;
        }
        return count;

        static bool Near(IReadOnlyList<LabourEvent> events, double start, double end) =>
            events.Any(one => start < one.EndSeconds + 15 && end > one.BeginSeconds - 15);
        // An episode that had not ended is in no list: its longest may lie at the end.
        bool TruthIsOpen(double start) => start > Seconds - 240 && (Scenario.Labour?.CoincidencesPerHour > 0 || Scenario.Labour?.PickUpsPerHour > 0);
    }

    /// <summary>Windows inside the pick-ups, their first 20 s left out, and those of them that claim a fetal rate.</summary>
    public (int Claimed, int All) InPickUps()
    {
        var inside = _windows.Where(window => PickUps.Any(one => window.Start > one.BeginSeconds + 12 && window.End < one.EndSeconds)).ToList();
        return (inside.Count(window => window.Status == EstimateStatus.Ok), inside.Count);
    }

    private static BeatCounts Compare(double[] references, double[] found, Func<double, bool> isLost)
    {
        var matching = BeatMatching.Of([.. references.Where(second => !isLost(second))], [.. found.Where(second => !isLost(second))], ToleranceSeconds);
        return new(matching.True, matching.False, matching.Missed);
    }

    private bool IsLost(double second) => PickUps.Any(one => second > one.BeginSeconds - 1 && second < one.EndSeconds + 1);

    private double TrueRate(double start, double end) => TrueBeat.HeartRate(
        _truth.Beats.Where(beat => beat.Strength > 0).Select(beat => new TrueBeat(beat.Seconds, beat.Seconds, beat.Seconds, false)), start, end);
}
