using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;

namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// As <see cref="RateFaults"/>, of PPG: of each of <see cref="PpgKinds"/>, alone and beside an accelerometer, the windows with the status
/// ok, in percent; of a pulse that stops those that end 10 s after it or later; where there is a pulse also the values more than 5/min off. By
/// what estimates by default.
/// </summary>
internal sealed class PpgFaults : IBenchmark
{
    private const double GoneSeconds = 10, WindowSeconds = 8, Far = 5;

    private const int Seeds = 40, QuickSeeds = 2;

    /// <inheritdoc/>
    public string Name => "accuracy-faults-ppg";

    /// <inheritdoc/>
    public string Summary =>
        "synthetic PPG without a pulse, with one that stops and with one: windows that are ok, and wrong ones among them; seeds 200-239";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        Measure(report, report.Fit ? 1 : 200, report.Quick ? QuickSeeds : Seeds, stop);
        return Task.CompletedTask;
    }

    private static void Measure(Report report, int firstSeed, int seeds, CancellationToken stop)
    {
        using var model = ModelCatalog.Open(Stages.Auto);
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
                    foreach (var (start, estimate) in Windows(signal, model is null ? null : [model]))
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

    /// <summary>The heart rate of each window of <paramref name="signal"/>, with the window's start in seconds.</summary>
    public static IEnumerable<(double Start, Estimate Estimate)> Windows(PpgCaseSignal signal, IReadOnlyList<INetwork>? networks)
    {
        foreach (var result in StreamRun.Of(signal.Chunks(), first => Stages.Create(first.Channels, first.RateHz, networks)))
            if (!result.Window.IsTail)
                yield return (result.Window.Start.UnixNanoseconds / 1e9, result.Estimates[0]);
    }
}
