using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Faults;

/// <summary>
/// Values where there are none: ECG, arterial pressure and PPG without a beat, with lost samples, with a deep dicrotic notch, and in order.
/// Of each kind: windows with the status ok, those of them whose value is more than 2/min off (or where there is no beat), and the mean
/// quality of the ok ones. Seeds 200 to 239; <c>--fit</c>: seeds 1 to 40, to choose by.
/// </summary>
internal sealed class RateFaults : IBenchmark
{
    private const int Seeds = 40;

    /// <inheritdoc/>
    public string Name => "accuracy-faults";

    /// <inheritdoc/>
    public string Summary =>
        "synthetic ECG and pressure without beats or with lost samples: windows that are ok, and wrong ones among them; seeds 200-239";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        string[] ecg = [.. EcgKinds.WithoutBeats, .. EcgKinds.WithLoss, .. EcgKinds.InOrder];
        foreach (var kind in ecg)
            Measure(report, $"ecg_{kind}", seed => EcgKinds.Of(kind, seed), stop);
        string[] pressure =
            [.. PressureKinds.Difficult, .. PressureKinds.WithLoss, .. PressureKinds.WithoutPulse, .. PressureKinds.InOrder];
        foreach (var kind in pressure)
            Measure(report, $"abp_{kind}", seed => PressureKinds.Of(kind, seed), stop);
        return Task.CompletedTask;
    }

    /// <summary>What the stage of <paramref name="signal"/> says of each window of <paramref name="one"/>.</summary>
    public static IEnumerable<WindowResult> Run(FaultCase one, SignalKind signal) =>
        Run(one, signal, ModelCatalog.Qrs is { } qrs ? [qrs] : []);

    /// <summary>The same with other networks; without one the rule decides.</summary>
    public static IEnumerable<WindowResult> Run(FaultCase one, SignalKind signal, IReadOnlyList<INetwork> networks) =>
        StreamRun.Of(Chunks(one, signal), first => Stages.Create(first.Channels, first.RateHz, networks));

    private static void Measure(Report report, string kind, Func<int, FaultCase> draw, CancellationToken stop)
    {
        int windows = 0, ok = 0, wrong = 0, wrongCases = 0;
        var quality = 0.0;
        var statuses = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var first = report.Fit ? 1 : 200;
        for (var seed = first; seed < first + (report.Quick ? 4 : Seeds); seed++)
        {
            stop.ThrowIfCancellationRequested();
            var one = draw(seed);
            var wrongHere = 0;
            foreach (var result in Run(one, kind.StartsWith("ecg", StringComparison.Ordinal) ? SignalKind.Ecg : SignalKind.Abp))
            {
                var (start, end) = (result.Window.StartIndex / one.RateHz, result.Window.EndIndex / one.RateHz);
                if (result.Window.IsTail || (kind.EndsWith("-after-beats", StringComparison.Ordinal) && start < EcgKinds.AsystoleAt))
                    continue;
                var estimate = result.Estimates[0];
                windows++;
                statuses[Names.Of(estimate.Status)] = statuses.GetValueOrDefault(Names.Of(estimate.Status)) + 1;
                if (estimate.Status != EstimateStatus.Ok)
                    continue;
                ok++;
                quality += estimate.Quality;
                wrongHere += one.IsWrong(estimate.Value, start, end) ? 1 : 0;
            }
            wrong += wrongHere;
            wrongCases += wrongHere > 0 ? 1 : 0;
        }
        report.Add(kind + "_ok", 100.0 * ok / windows, "%");
        report.Add(kind + "_wrong", 100.0 * wrong / windows, "%");
        var shares = string.Join(", ", statuses.Select(s => FormattableString.Invariant($"{s.Key} {100.0 * s.Value / windows:F1} %")));
        report.Remark(FormattableString.Invariant(
            $"{kind}: quality of ok ones {quality / Math.Max(1, ok):F2}, cases with a wrong value {wrongCases}; {shares}"));
    }

    private static IEnumerable<SampleChunk> Chunks(FaultCase one, SignalKind signal)
    {
        var unit = signal == SignalKind.Ecg ? "mV" : "mm[Hg]";
        return StreamRun.Chunks(one.Leads, new ChannelLayout([.. one.Leads.Select((_, l) => new Channel($"L{l}", signal, unit))]), one.RateHz);
    }
}
