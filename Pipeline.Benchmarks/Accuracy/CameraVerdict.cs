using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators.Camera;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Whether there is a pulse in a camera's trace: of each kind of <see cref="CameraScenes"/> the windows that are <c>ok</c>, and the wrong
/// ones among them, of seeds that took no part in the fit; and the fit itself, to windows of other seeds and of the recordings that choose.
/// A window with a pulse counts as one where the rate, without a verdict, is within 5 per minute of the truth, or within 3.5 %.
/// </summary>
internal static class CameraVerdict
{
    private const int Seeds = 30, QuickSeeds = 2, FirstScored = 200, ScoredSeeds = 10, Every = 2;
    private const double Near = 5, NearPart = 0.035, RecordingsShare = 10;

    /// <summary>Adds the figures of each kind; without fit's seeds.</summary>
    public static void Measure(Report report, PpgLogOdds? logOdds, CancellationToken stop)
    {
        foreach (var kind in CameraScenes.Alive.Concat(CameraScenes.Lifeless))
        {
            int windows = 0, ok = 0, wrong = 0;
            for (var seed = FirstScored; seed < FirstScored + (report.Quick ? QuickSeeds : ScoredSeeds); seed++)
            {
                stop.ThrowIfCancellationRequested();
                var (chunks, truth) = CameraScenes.Of(kind, seed);
                foreach (var (start, end, rate) in Windows(chunks, logOdds))
                {
                    windows++;
                    if (rate.Status != EstimateStatus.Ok)
                        continue;
                    ok++;
                    wrong += IsNear(rate.Value, truth(start, end)) ? 0 : 1;
                }
            }
            report.Add($"{kind}_ok", 100.0 * ok / windows, "%");
            if (CameraScenes.Alive.Contains(kind))
                report.Add($"{kind}_wrong", 100.0 * wrong / Math.Max(1, ok), "% of these");
        }
    }

    /// <summary>Fits anew, and prints it; null without libtorch.</summary>
    public static PpgPresenceFit? Fit(Report report, CancellationToken stop)
    {
        if (Libtorch.Fault is { } fault)
        {
            report.Remark($"left out: {fault}");
            return null;
        }
        torch.set_num_threads(1);       // sums in one order
        var rows = new List<PpgPresenceRow>();
        foreach (var kind in CameraScenes.Alive.Concat(CameraScenes.Lifeless))
        {
            var taken = new List<PpgPresenceRow>();
            for (var seed = 1; seed <= (report.Quick ? QuickSeeds : Seeds); seed++)
            {
                stop.ThrowIfCancellationRequested();
                var (chunks, truth) = CameraScenes.Of(kind, seed);
                Take(taken, chunks, truth);
            }
            Share(report, rows, taken, kind, CameraScenes.Alive.Contains(kind) ? 1 : kind.Contains("flicker", StringComparison.Ordinal) || kind.Contains("swing", StringComparison.Ordinal) ? 3 : 1.5);
        }
        foreach (var (set, pattern) in new[] { ("rppg_monkey", "*.hea"), ("welltory", "*_PPG.csv") })
            if (RecordingsFolder.Find(report, set) is { } folder)
                foreach (var file in CameraRun.Halves(Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).ToList()).First().Part)
                {
                    var taken = new List<PpgPresenceRow>();
                    using var recording = Recording.Open(file, RecordingOptions.None);
                    var truth = pattern == "*.hea" ? FaceScore.Truth(file) : FingertipScore.Truth(CameraRun.Of(file, KeepAll), file);
                    Take(taken, recording.Chunks(new RecordedPatient(new PatientId("bench"), "", "", 0, default)), truth);
                    Share(report, rows, taken, Path.GetFileNameWithoutExtension(file), pattern == "*.hea" ? RecordingsShare : RecordingsShare / 3);
                }
        var fit = PpgPresenceFit.Of(rows, 1, stop);
        report.Remark(fit.Text());
        return fit;
    }

    /// <summary>Stages that call every window one with a pulse.</summary>
    public static StageFactory KeepAll { get; } =
        first => [new CameraStage(first.Channels, first.RateHz, null, PpgConstants.Default, _ => 100)];

    private static void Share(Report report, List<PpgPresenceRow> rows, List<PpgPresenceRow> taken, string kind, double share)
    {
        report.Remark(string.Create(CultureInfo.InvariantCulture, $"{kind}: {taken.Count} windows, {100.0 * taken.Count(row => row.IsPulse) / Math.Max(1, taken.Count):F0} % with a pulse found"));
        rows.AddRange(taken.Select(row => row with { Weight = share / taken.Count }));
    }

    /// <summary>Windows whose rate is right, or that have no pulse; in between nothing is said.</summary>
    private static void Take(List<PpgPresenceRow> rows, IEnumerable<SampleChunk> chunks, Func<double, double, double> truth)
    {
        float[]? seen = null;
        var place = 0;
        foreach (var (start, end, rate) in Windows(chunks, features =>
        {
            seen = features.ToArray();
            return 100;
        }))
        {
            if (place++ % Every == 0 && seen is not null && truth(start, end) is var wanted && double.IsFinite(wanted))
                rows.Add(new PpgPresenceRow(seen, wanted > 0 && IsNear(rate.Value, wanted), 1));
            seen = null;
        }
    }

    private static bool IsNear(double value, double truth) => Math.Abs(value - truth) <= Math.Max(Near, NearPart * truth);

    private static IEnumerable<(double Start, double End, Estimate Rate)> Windows(IEnumerable<SampleChunk> chunks, PpgLogOdds? logOdds)
    {
        foreach (var result in StreamRun.Of(chunks, first => [new CameraStage(first.Channels, first.RateHz, null, PpgConstants.Default, logOdds)]))
            if (!result.Window.IsTail)
                yield return (result.Window.Start.UnixNanoseconds / 1e9, result.Window.End.UnixNanoseconds / 1e9, result.Estimates[0]);
    }
}
