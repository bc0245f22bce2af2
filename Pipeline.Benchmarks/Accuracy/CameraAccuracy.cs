using System.Globalization;
using Pipeline.Models;
using Pipeline.Models.Estimators.Camera;
using Pipeline.Models.Estimators.Hrv;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Camera traces through the reader, the windower and the stages that <c>run</c> uses, causal, from the first sample on, one setting for
/// all: faces (rppg_monkey: rate against the segments of the reference, as it is every 2 s and as the mean of a window of 17 to 34 s) and
/// fingertips (welltory: rate, pulses and variability against the RR intervals of a chest strap). Every second recording, by name, took
/// part in choosing the constants (<c>chosen</c>), the others did not (<c>quoted</c>).
/// </summary>
internal sealed class CameraAccuracy : IBenchmark
{
    private static readonly (string Name, ColourMethod Method)[] Alone =
    [
        ("pos", ColourMethod.Pos), ("chrom", ColourMethod.Chrom), ("green_less_red", ColourMethod.GreenLessRed), ("green", ColourMethod.Green),
    ];

    /// <inheritdoc/>
    public string Name => "accuracy-camera";

    /// <inheritdoc/>
    public string Summary => "heart rate, pulses and variability from camera traces: faces (rppg_monkey), fingertips (welltory) (--data DIR); --fit also each projection alone";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        var fit = report.Fit ? CameraVerdict.Fit(report, stop) : null;
        PpgLogOdds? logOdds = fit is null ? null : features => fit.LogOdds(features) - CameraPresenceWeights.Margin;
        CameraVerdict.Measure(report, logOdds, stop);
        StageFactory? fitted = fit is null ? null
            : first => [new CameraStage(first.Channels, first.RateHz, null, PpgConstants.Default, logOdds), new HrvStage(first.RateHz, SignalKind.Camera)];
        if (RecordingsFolder.Find(report, "rppg_monkey") is { } faces)
        {
            Faces(report, faces, "", fitted, stop);
            foreach (var (name, method) in report.Fit ? Alone : [])
                Faces(report, faces, name + "_", first => [new CameraStage(first.Channels, first.RateHz, [method, method, method], PpgConstants.Default, _ => 100)], stop);
        }
        if (RecordingsFolder.Find(report, "welltory") is { } fingertips)
            Fingertips(report, fingertips, fitted, stop);
        return Task.CompletedTask;
    }

    private static void Faces(Report report, string folder, string prefix, StageFactory? stages, CancellationToken stop)
    {
        var files = Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).ToArray();
        var scores = new List<FaceScore>();
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            var score = FaceScore.Of(CameraRun.Of(file, stages), file);
            scores.Add(score);
            report.Remark(string.Create(CultureInfo.InvariantCulture,
                $"{prefix}{Path.GetFileNameWithoutExtension(file)}: 8 s {score.Short.Error:F1} ({score.Short.Percent:F0} %), long {score.Long.Error:F1} ({score.Long.Percent:F0} %), without status {score.ShortOfAll:F1}, long {score.LongOfAll:F1}"));
        }
        foreach (var (half, part) in CameraRun.Halves(scores))
        {
            report.Add($"face_{prefix}{half}_mae", part.Average(s => s.ShortOfAll), "/min");
            report.Add($"face_{prefix}{half}_long_mae", part.Average(s => s.LongOfAll), "/min", new Reference("POS offline, 17 to 34 s", 7.9));
            report.Add($"face_{prefix}{half}_ok", part.Average(s => s.Short.Percent), "%");
            report.Add($"face_{prefix}{half}_ok_mae", Pooled(part.Select(s => s.Short)), "/min");
            report.Add($"face_{prefix}{half}_long_ok", part.Average(s => s.Long.Percent), "%");
            report.Add($"face_{prefix}{half}_long_ok_mae", Pooled(part.Select(s => s.Long)), "/min");
        }
    }

    private static void Fingertips(Report report, string folder, StageFactory? stages, CancellationToken stop)
    {
        var scores = new List<FingertipScore>();
        foreach (var file in Directory.GetFiles(folder, "*_PPG.csv").Order(StringComparer.Ordinal))
        {
            stop.ThrowIfCancellationRequested();
            var score = FingertipScore.Of(CameraRun.Of(file, stages), file);
            scores.Add(score);
            report.Remark(string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFileNameWithoutExtension(file)}: rate {score.RateError:F2} of {score.Rate:F1} ({score.RatePercent:F0} % ok), F1 {score.F1:F3}, lag {score.Lag:F1} s, jitter {score.Jitter:F0} ms, rmssd {score.Rmssd:F1} by pulses, {score.GivenRmssd:F1} given, of {score.TrueRmssd:F1}, sdnn {score.GivenSdnn:F1} of {score.TrueSdnn:F1} ms"));
        }
        foreach (var (half, part) in CameraRun.Halves(scores))
        {
            report.Add($"fingertip_{half}_rate_error", Mean(part.Select(s => s.RateError)), "/min", new Reference("NeuroKit2 offline, median", 0.54));
            report.Add($"fingertip_{half}_ok", part.Average(s => s.RatePercent), "%");
            report.Add($"fingertip_{half}_beat_f1", part.Average(s => s.F1), "1", new Reference("NeuroKit2 offline", 0.94));
            report.Add($"fingertip_{half}_rmssd_error", Median(part.Select(s => Math.Abs(s.GivenRmssd - s.TrueRmssd))), "ms", new Reference("HeartPy offline", 16));
            report.Add($"fingertip_{half}_sdnn_error", Median(part.Select(s => Math.Abs(s.GivenSdnn - s.TrueSdnn))), "ms");
            report.Add($"fingertip_{half}_rmssd_given", 100.0 * part.Count(s => double.IsFinite(s.GivenRmssd)) / part.Count, "% of records");
        }
    }

    /// <summary>Mean over the windows, in which a recording counts by the part of its windows that are <c>ok</c>.</summary>
    private static double Pooled(IEnumerable<(double Error, double Percent)> parts)
    {
        var given = parts.Where(part => part.Percent > 0).ToList();
        return given.Sum(part => part.Percent * part.Error) / given.Sum(part => part.Percent);
    }

    internal static double Mean(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    internal static double Median(IEnumerable<double> values) => Quantiles.Median(values.Where(double.IsFinite));
}
