using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Training.Evaluation;

namespace Pipeline.Benchmarks.Kinds;

/// <summary>
/// Accuracy by kind of signal: <c>--data DIR</c> holds a folder a kind, each with WFDB records and their references: beats of an ECG
/// (<c>NAME.atr</c>) or rates of a PPG (<c>NAME.ref.csv</c>). Of each ECG kind: F1 of the beats (±150 ms) and its worst record; of each
/// PPG kind, by the network and by the classical estimator: mean absolute error, its worst record, and records whose track is lost (more
/// than 10/min off for 20 s). Of both: windows whose value is more than 10/min off at a quality of 0.7 or more. <c>--model</c>: another
/// network, by name or folder.
/// </summary>
internal sealed class KindsAccuracy : IBenchmark
{
    private const int QuickRecords = 2;

    /// <inheritdoc/>
    public string Name => "kinds";

    /// <inheritdoc/>
    public string Summary => "ECG and PPG by kind of signal (--data DIR: a folder a kind): F1, MAE, lost tracks, windows wrong at good quality";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (report.Data is not { } data || !Directory.Exists(data))
        {
            report.Remark("left out: --data DIR names a folder that holds a folder of WFDB records for each kind of signal");
            return Task.CompletedTask;
        }
        var qrs = report.Model is { } named && ModelCatalog.Is(named, QrsModel.Task) ? ModelCatalog.OpenQrs(named) : ModelCatalog.Qrs;
        using var rate = ModelCatalog.Open(report.Model is null || ModelCatalog.Is(report.Model, QrsModel.Task) ? Stages.Auto : report.Model);
        foreach (var folder in Directory.GetDirectories(data).Order(StringComparer.Ordinal))
        {
            var records = Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).ToArray();
            if (report.Quick)
                records = records[..Math.Min(QuickRecords, records.Length)];
            var name = Path.GetFileName(folder);
            var beats = records.Where(path => File.Exists(Path.ChangeExtension(path, ".atr"))).ToArray();
            if (beats.Length > 0)
                AddBeats(report, name, All(beats, path => BeatKindScore.Of(path, qrs), stop));
            var rates = records.Where(path => File.Exists(Path.ChangeExtension(path, ".ref.csv"))).ToArray();
            if (rates.Length == 0)
                continue;
            foreach (var model in rate is null ? [(RateModel?)null] : new[] { rate, null })
                AddRates(
                    report, $"{name}_{(model is null ? "classical" : "network")}", All(rates, path => RateKindScore.Of(path, model), stop));
        }
        return Task.CompletedTask;
    }

    private static T[] All<T>(string[] paths, Func<string, T> score, CancellationToken stop) => Array.ConvertAll(paths, path =>
    {
        stop.ThrowIfCancellationRequested();
        return score(path);
    });

    private static void AddBeats(Report report, string kind, BeatKindScore[] scores)
    {
        var all = scores.Aggregate(default(BeatCounts), (sum, one) => sum + one.Beats);
        report.Add(kind + "_f1", all.F1, "%");
        report.Add(kind + "_worst_f1", scores.Min(one => one.Beats.F1), "%");
        report.Add(kind + "_ok", 100.0 * scores.Sum(one => one.OkCount) / scores.Sum(one => one.WindowCount), "%");
        report.Add(kind + "_wrong_at_good_quality", 100.0 * scores.Sum(one => one.WrongCount) / scores.Sum(one => one.WindowCount), "%");
        report.Remark(string.Create(CultureInfo.InvariantCulture,
            $"{kind}: {scores.Length} records, {all.True + all.Missed} beats, {all.Missed} missed, {all.False} false; F1 of each: ")
            + string.Join(' ', scores.Select(one => one.Beats.F1.ToString("F2", CultureInfo.InvariantCulture))));
    }

    private static void AddRates(Report report, string kind, RateKindScore[] scores)
    {
        report.Add(kind + "_mae", scores.Average(one => one.MeanError), "/min");
        report.Add(kind + "_worst_mae", scores.Max(one => one.MeanError), "/min");
        report.Add(kind + "_lost_tracks", scores.Count(one => one.IsLost), "records");
        report.Add(kind + "_wrong_at_good_quality", 100.0 * scores.Sum(one => one.WrongCount) / scores.Sum(one => one.WindowCount), "%");
        report.Add(kind + "_within_90_interval", 100.0 * scores.Sum(one => one.Within90Count) / scores.Sum(one => one.ValueCount), "%");
        report.Remark($"{kind}: {scores.Length} records; MAE of each: "
            + string.Join(' ', scores.Select(one => one.MeanError.ToString("F2", CultureInfo.InvariantCulture))));
    }
}
