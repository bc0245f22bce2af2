using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// As <see cref="RateFaults"/>, of PPG: of each of <see cref="PpgKinds"/>, alone and beside an accelerometer, the windows with the status
/// ok, in percent; of a pulse that stops those that end 10 s after it or later; where there is a pulse also the values more than 5/min off. By
/// what estimates by default; with <c>--fit</c> by a network for whether there is a pulse that is fitted anew, which is printed, and scored on
/// recordings that took no part.
/// </summary>
internal sealed class PpgFaults : IBenchmark
{
    /// <summary>So long after its end a pulse has to be gone.</summary>
    public const double GoneSeconds = 10;

    private const double WindowSeconds = 8, Far = 5;

    private const int Seeds = 40, QuickSeeds = 2;

    /// <inheritdoc/>
    public string Name => "accuracy-faults-ppg";

    /// <inheritdoc/>
    public string Summary =>
        "synthetic PPG without a pulse, with one that stops and with one: windows that are ok, and wrong ones among them; seeds 200-239; "
        + "--fit: by weights that are fitted anew";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        using var model = ModelCatalog.Open(Stages.Auto);
        if (!report.Fit)
            Measure(report, model, null, stop);
        else if (Libtorch.Fault is { } fault)
            report.Remark($"left out: {fault}");
        else
            Measure(report, model, Fit(report, model, stop).LogOdds, stop);
        return Task.CompletedTask;
    }

    /// <summary>Fits on all, and, to be scored, twice on all but half of the recordings.</summary>
    private static PpgPresenceFit Fit(Report report, RateModel? model, CancellationToken stop)
    {
        const int seed = 1, quickSteps = 50, halves = 2;
        torch.set_num_threads(1);       // sums in one order
        var examples = new PpgPresenceExamples(model, report.Quick);
        examples.Simulate(stop);
        var recordings = examples.Read(report, stop);
        for (var half = 0; half < halves && recordings.Length > 1; half++)
        {
            string[] without = [.. recordings.Where((_, i) => i % halves == half)];
            Score($"held_out_{half + 1}", without, Of(without).LogOdds);
        }
        var fitted = Of([]);
        if (recordings.Length > 0)
        {
            Score("shipped", recordings, PpgPresenceWeights.LogOdds);
            Score("fitted", recordings, fitted.LogOdds);
        }
        report.Remark(fitted.Text());
        return fitted;

        void Score(string name, string[] scored, PpgLogOdds logOdds)
        {
            foreach (var set in scored.Select(r => examples.Score(r, logOdds)).GroupBy(score => score.Set))
            {
                report.Add($"{name}_{set.Key}_lost", 100.0 * set.Sum(r => r.Lost) / set.Sum(r => r.Near), "%");
                report.Add($"{name}_{set.Key}_mae", set.Average(r => r.MeanError), "/min");
            }
        }

        PpgPresenceFit Of(string[] without)
        {
            var rows = examples.Rows(without);
            report.Remark($"{rows.Count} windows");
            return PpgPresenceFit.Of(rows, seed, stop, report.Quick ? quickSteps : PpgPresenceFit.AllSteps);
        }
    }

    private static void Measure(Report report, RateModel? model, PpgLogOdds? logOdds, CancellationToken stop)
    {
        const int firstSeed = 200;
        var seeds = report.Quick ? QuickSeeds : Seeds;
        string[] kinds =
            [.. PpgKinds.WithoutPulse, .. PpgKinds.Hard, .. PpgKinds.Stopping, .. PpgKinds.LeftOut, .. PpgKinds.InOrder];
        foreach (var kind in kinds)
            foreach (var beside in PpgKinds.Besides)
            {
                int windows = 0, ok = 0, wrong = 0;
                for (var seed = firstSeed; seed < firstSeed + seeds; seed++)
                {
                    stop.ThrowIfCancellationRequested();
                    var signal = PpgKinds.Of(kind, beside, seed);
                    foreach (var (start, estimate) in Windows(signal, model, logOdds))
                    {
                        if (PpgKinds.Stops(kind) && start + WindowSeconds < signal.Onsets[^1] + GoneSeconds)
                            continue;
                        windows++;
                        ok += estimate.Status == EstimateStatus.Ok ? 1 : 0;
                        wrong += estimate.Status == EstimateStatus.Ok
                            && Math.Abs(estimate.Value - signal.RateIn(start, start + WindowSeconds)) > Far ? 1 : 0;
                    }
                }
                report.Add($"ppg_{kind}_{beside}_ok", 100.0 * ok / windows, "%");
                if (PpgKinds.InOrder.Contains(kind))
                    report.Add($"ppg_{kind}_{beside}_wrong", 100.0 * wrong / windows, "%");
            }
    }

    /// <summary>The heart rate of each window of <paramref name="signal"/>, with the window's start in seconds; <paramref name="logOdds"/>:
    /// another network than the one that ships for whether there is a pulse.</summary>
    public static IEnumerable<(double Start, Estimate Estimate)> Windows(PpgCaseSignal signal, RateModel? model, PpgLogOdds? logOdds = null)
    {
        foreach (var result in StreamRun.Of(signal.Chunks(), Stage))
            if (!result.Window.IsTail)
                yield return (result.Window.Start.UnixNanoseconds / 1e9, result.Estimates[0]);

        IWindowStage[] Stage(SampleChunk first) => logOdds is null
            ? Stages.Create(first.Channels, first.RateHz, model is null ? null : [model])
            : [PpgPresenceExamples.Stage(first, model, logOdds)];
    }
}
