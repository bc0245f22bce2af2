using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Heart rate from PPG against the reference of public recordings, through the reader, the windower and the stages that <c>run</c> uses:
/// windows of 8 s every 2 s, causal, one setting for all; mean absolute error a recording, then the mean over recordings.
/// </summary>
internal sealed class PpgAccuracy : IBenchmark
{
    private static readonly Suite[] Suites =
    [
        new("spc2015", "train_*.hea", "spc_train", new Reference("WFPV online, published", 1.02)),
        new("bami", "bami1_*.hea", "bami1", new Reference("Gaussian-FSM, published, 24 of 25", 3.16)),
        new("bidmc", "bidmc_*.hea", "bidmc", new Reference("HeartPy 1.2.7 offline", 0.35)),
    ];

    /// <param name="Folder">Data set.</param>
    /// <param name="Pattern">Recordings.</param>
    /// <param name="Metric">Beginning of the metrics' names.</param>
    /// <param name="Peer">Mean absolute error of another method.</param>
    private sealed record Suite(string Folder, string Pattern, string Metric, Reference Peer);

    /// <inheritdoc/>
    public string Name => "accuracy-ppg";

    /// <inheritdoc/>
    public string Summary => "heart rate from PPG, 8 s every 2 s, causal, every window counted: SPC 2015 train, BAMI-1, BIDMC (--data DIR); --fit also fits anew and scores subjects left out";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        foreach (var suite in Suites)
            if (RecordingsFolder.Find(report, suite.Folder) is { } folder)
                Run(suite, folder, report, stop);
        if (report.Fit && RecordingsFolder.Find(report, "spc2015") is { } spc && RecordingsFolder.Find(report, "bami") is { } bami)
            new PpgHeldOut(report, spc, bami).Run(stop);
        return Task.CompletedTask;
    }

    private static void Run(Suite suite, string folder, Report report, CancellationToken stop)
    {
        var files = Directory.GetFiles(folder, suite.Pattern).Order(StringComparer.Ordinal).ToList();
        if (report.Quick)
            files = files[..Math.Min(1, files.Count)];
        var pooled = new RateScore();
        var errors = new List<double>();
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            var score = Score(file);
            report.Remark(string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFileNameWithoutExtension(file),-18} MAE {score.MeanError,6:0.00}  within 5: {score.WithinPercent,5:0.0} %  windows {score.Count}"));
            errors.Add(score.MeanError);
            pooled.Take(score);
        }
        if (errors.Count == 0)
            return;
        report.Add($"{suite.Metric}_mae", errors.Average(), "/min", suite.Peer);
        report.Add($"{suite.Metric}_worst_mae", errors.Max(), "/min");
        report.Add($"{suite.Metric}_within_5", pooled.WithinPercent, "%");
        report.Add($"{suite.Metric}_with_value", pooled.ValuePercent, "%");
        report.Add($"{suite.Metric}_within_90_interval", pooled.Within90Percent, "%");
        report.Add($"{suite.Metric}_error_above_10", pooled.FarOffCount, "windows");
        var (percent, usableError) = pooled.FromQuality(PpgStage.GoodQuality);
        report.Add($"{suite.Metric}_usable", percent, "%");
        report.Add($"{suite.Metric}_usable_mae", usableError, "/min");
        if (double.IsNaN(pooled.QualityArea))
            return;
        report.Add($"{suite.Metric}_quality_auc", pooled.QualityArea, "1");
        report.Add($"{suite.Metric}_sigma_auc", pooled.SigmaArea, "1");
    }

    /// <summary>One recording, with the reference in the file <c>.ref.csv</c> beside it: window start, window end, rate; by the stages that run uses, or by the PPG's with other constants.</summary>
    internal static RateScore Score(string file, PpgConstants? constants = null)
    {
        var score = new RateScore();
        var reference = ReadReference(Path.ChangeExtension(file, ".ref.csv"));
        using var recording = Recording.Open(file, RecordingOptions.None);
        StageFactory? stages = constants is null ? null : first => [new PpgStage(first.Channels, first.RateHz, constants)];
        var chunks = recording.Chunks(new RecordedPatient(new PatientId("bench"), "", "", 0, default));
        foreach (var result in StreamRun.Of(chunks, stages))
            foreach (var estimate in result.Estimates)
                if (estimate is { Signal: SignalKind.Ppg, Metric: Metric.HeartRate })
                    score.Take(
                        estimate.Value, estimate.Sigma, estimate.Quality,
                        reference.GetValueOrDefault((long)Math.Round(result.Window.Start.UnixNanoseconds / 1e8), double.NaN));
        return score;
    }

    /// <summary>Rate by window start in tenths of a second.</summary>
    private static Dictionary<long, double> ReadReference(string file)
    {
        var rates = new Dictionary<long, double>();
        foreach (var line in File.ReadLines(file).Skip(1))
            if (line.Split(',') is [var start, _, { Length: > 0 } rate, ..])
                rates[(long)Math.Round(double.Parse(start, CultureInfo.InvariantCulture) * 10)] = double.Parse(rate, CultureInfo.InvariantCulture);
        return rates;
    }
}
