using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models.Features;
using Pipeline.Models.Simulation;
using Pipeline.Training.Evaluation;

namespace Pipeline.Benchmarks.Fetal;

/// <summary>
/// Fetal beats and rates from simulated abdominal leads: hum, drop-outs, the range of rates, mothers and fetuses at one rate, no fetus.
/// Every beat counts from the first second on. Seeds from 300; <c>--fit</c>: from 1, to choose by.
/// </summary>
internal sealed class FetalSimulated : IBenchmark
{
    private const int ClearOfMother = 8;   // per minute

    private FetalModel? _network;

    /// <inheritdoc/>
    public string Name => "accuracy-fetal-simulated";

    /// <inheritdoc/>
    public string Summary => "fetal beats (±50 ms) and rates from simulated abdominal leads: hum, drop-outs, rates, coincidence, no fetus; seeds from 300 (--model NAME)";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        using var model = report.Model is null ? null : ModelCatalog.OpenFetal(report.Model);
        _network = model;
        var first = report.Fit ? 1 : 300;
        int Many(int count) => report.Quick ? 1 : count;
        Beats(report, "usual", Many(24), 300, index => WithLeads(SimulatedWard.LabourBed(index, first, default, 0, default)), 99, stop);
        Beats(report, "hum", Many(24), 180, index => Bed(first + index, new() { HumRatio = 2 }), 98.5, stop);
        Beats(report, "dropouts", Many(24), 300, index => Bed(first + index, new() { LeadDropoutsPerHour = 20 }), 98.5, stop);
        Beats(report, "rates", Many(96), 90, index => RateBed(first + index), 99, stop);
        Beats(report, "noise_twice", Many(24), 180, index => Bed(first + index, new()) with { Noise = 2 }, null, stop);
        Beats(report, "vernix", Many(12), 600, index => Bed(first + index, new() { VernixPerHour = 10 }), null, stop);
        Coincidences(report, first, Many(12), report.Quick ? 600 : 3600, stop);
        NoFetus(report, first, Many(16), 120, stop);
        return Task.CompletedTask;
    }

    private static BedScenario Bed(int seed, LabourScenario labour, double mother = double.NaN) => new()
    {
        Patient = new("simulated"),
        Seed = seed,
        Start = default,
        RestingRate = mother,
        HasPpg = false,
        EcgLeadCount = 0,
        Labour = labour with { HasCtg = false },
    };

    private static BedScenario WithLeads(BedScenario bed) =>
        bed with { Labour = bed.Labour! with { HasTwin = false, LeadCount = 4 } };     // it is in labour

    /// <summary>A fetus of 90 to 200 and a mother of 45 to 150, drawn evenly, but not alike.</summary>
    private static BedScenario RateBed(int seed)
    {
        var random = new Random(seed);
        double fetus, mother;
        do
            (fetus, mother) = (90 + 110 * random.NextDouble(), 45 + 105 * random.NextDouble());
        while (Math.Abs(fetus - mother) < ClearOfMother);
        return Bed(seed, new() { FetalRate = fetus, AccelerationsPerHour = 0 }, mother);
    }

    private void Beats(
        Report report, string name, int count, int seconds, Func<int, BedScenario> bed, double? wanted, CancellationToken stop)
    {
        var (beats, mother) = (default(BeatCounts), default(BeatCounts));
        var (windows, ok, values, wrong, error, cost) = (0, 0, 0, 0, 0.0, 0.0);
        var worst = (F1: 101.0, Name: "");
        for (var index = 0; index < count; index++)
        {
            stop.ThrowIfCancellationRequested();
            var run = FetalRun.Of(bed(index), seconds, _network);
            (beats, mother, cost) = (beats + run.Beats, mother + run.MotherBeats, cost + run.MillisecondsPerSecond / count);
            (ok, windows) = (ok + run.Windows.Ok, windows + run.Windows.All);
            var found = run.Values();
            (values, wrong, error) = (values + found.Count, wrong + found.Wrong, error + found.ErrorSum);
            if (!(run.Beats.F1 >= worst.F1))
                worst = (run.Beats.F1, Describe(run));
            report.Remark(string.Create(CultureInfo.InvariantCulture,
                $"{name}: {Describe(run)}: F1 {run.Beats.F1:F2} (false {run.Beats.False}, missed {run.Beats.Missed}), mother {run.MotherBeats.F1:F2}, ok {100.0 * run.Windows.Ok / Math.Max(1, run.Windows.All):F1} % of {run.Windows.All}, wrong {found.Wrong}"));
        }
        report.Add(name + "_f1", beats.F1, "%", wanted is { } least ? new Reference("wanted at least", least) : null);
        report.Add(name + "_worst_f1", worst.F1, "%");
        report.Add(name + "_mother_f1", mother.F1, "%");
        report.Add(name + "_ok", 100.0 * ok / windows, "%");
        report.Add(name + "_rate_within_10_percent", 100.0 * (values - wrong) / values, "%");
        report.Add(name + "_rate_error_mean", error / values, "/min");
        report.Add(name + "_cost", cost, "ms/s");
        report.Remark($"{name}: worst {worst.Name}");
    }

    private void Coincidences(Report report, int firstSeed, int count, int seconds, CancellationToken stop)
    {
        var (episodes, found, falseOnes, hours, claimed, lost) = (0, 0, 0, 0.0, 0, 0);
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            stop.ThrowIfCancellationRequested();
            var labour = new LabourScenario { RateHz = 250, CoincidencesPerHour = 8, PickUpsPerHour = 3 };
            var run = FetalRun.Of(Bed(seed, labour, 90 + seed * 7 % 46), seconds, _network);
            var missed = run.Coincidences.Where(one => !run.IsFound(one)).ToList();
            (episodes, found) = (episodes + run.Coincidences.Count, found + run.Coincidences.Count - missed.Count);
            (falseOnes, hours) = (falseOnes + run.FalseCoincidences(), hours + seconds / 3600.0);
            var inside = run.InPickUps();
            (claimed, lost) = (claimed + inside.Claimed, lost + inside.All);
            report.Remark(string.Create(CultureInfo.InvariantCulture,
                $"coincidence: seed {seed}: found {run.Coincidences.Count - missed.Count} of {run.Coincidences.Count}, false {run.FalseCoincidences()}, F1 {run.Beats.F1:F2}, claimed in pick-ups {inside.Claimed} of {inside.All}; missed at {string.Join(' ', missed.Select(one => $"{one.BeginSeconds:F0} s"))}"));
        }
        report.Add("coincidence_found", 100.0 * found / episodes, "%", new Reference("wanted at least", 99));
        report.Add("coincidence_episodes", episodes, "1");
        report.Add("coincidence_false_a_day", falseOnes * 24 / hours, "1/d", new Reference("wanted at most", 1));
        report.Add("coincidence_hours", hours, "h");
        report.Add("pick_up_claimed", 100.0 * claimed / lost, "%", new Reference("wanted at most", 0.5));
    }

    private void NoFetus(Report report, int firstSeed, int count, int seconds, CancellationToken stop)
    {
        var (all, claimed) = (0, 0);
        foreach (var (form, labour, noise) in (ReadOnlySpan<(string, LabourScenario, double)>)
            [
                ("alone", new(), 1), ("hum", new() { HumRatio = 2 }, 1), ("dropouts", new() { LeadDropoutsPerHour = 30 }, 1), ("noise", new(), 4),
            ])
            for (var seed = firstSeed; seed < firstSeed + count; seed++)
            {
                stop.ThrowIfCancellationRequested();
                var run = FetalRun.Of(Bed(seed, labour with { HasFetus = false }, 45 + seed * 13 % 106) with { Noise = noise }, seconds, _network);
                (all, claimed) = (all + run.Windows.All, claimed + run.Windows.Ok);
                if (run.Windows.Ok > 0)
                    report.Remark($"no fetus, {form}: seed {seed}, mother {run.Scenario.RestingRate:F0}: {run.Windows.Ok} of {run.Windows.All} windows claim one");
            }
        report.Add("no_fetus_claimed", 100.0 * claimed / all, "%", new Reference("wanted at most", 0.5));
        report.Add("no_fetus_windows", all, "1");
    }

    private static string Describe(FetalRun run) => string.Create(CultureInfo.InvariantCulture,
        $"{run.Scenario.Patient} seed {run.Scenario.Seed}, mother {run.Scenario.RestingRate:F0}, fetus {run.Scenario.Labour!.FetalRate:F0}");   // they are in labour
}
