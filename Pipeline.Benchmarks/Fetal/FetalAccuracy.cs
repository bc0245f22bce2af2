using System.Globalization;
using Pipeline.Benchmarks.Accuracy;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Features;
using Pipeline.Training.Fetal;

namespace Pipeline.Benchmarks.Fetal;

/// <summary>
/// The fetus in abdominal leads: set-a of the PhysioNet/CinC Challenge 2013 and the direct recordings of ADFECGDB, whole records from sample 0, causal, ±50 ms, one to one; through the
/// product's windows and stages. Set-a counts with and without the seven records whose labels are wrong. Then one lead, pairs, faults, and leads without a fetus.
/// </summary>
internal sealed class FetalAccuracy : IBenchmark
{
    private static readonly string[] Adults = ["101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230"];
    private const int NoiseCases = 15, OffCases = 6;
    private FetalModel? _network;

    /// <inheritdoc/>
    public string Name => "accuracy-fetal";

    /// <inheritdoc/>
    public string Summary => "fetal QRS and heart rate, CinC 2013 set-a and ADFECGDB, ±50 ms, causal, start-up included; one lead, pairs, hum, drop-outs, no fetus (--data DIR, --model NAME)";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        using var model = report.Model is null ? null : ModelCatalog.OpenFetal(report.Model);
        _network = model;
        if (RecordingsFolder.Find(report, "cinc2013") is { } cinc)
        {
            var records = Directory.GetFiles(cinc, "*.hea").Order(StringComparer.Ordinal).Take(report.Quick ? 2 : int.MaxValue)
                .Select(path => FetalRecordings.Read(path, Path.ChangeExtension(path, ".fqrs"), "cinc2013", RecordingOptions.None)).ToArray();
            MeasureSetA(report, records, stop);
        }
        if (RecordingsFolder.Find(report, "adfecgdb") is { } adfecgdb)
        {
            var records = Directory.GetFiles(adfecgdb, "*.edf").Order(StringComparer.Ordinal).Take(report.Quick ? 1 : int.MaxValue)
                .Select(path => FetalRecordings.Read(path, path + ".qrs", "adfecgdb", RecordingOptions.None));
            var pooled = Run(report, "adfecgdb", records, stop);
            report.Add("adfecgdb_f1_gaps_masked", pooled.Masked.F1, "%", new Reference("prototype, published here", 99.92));
            AddRates(report, "adfecgdb", pooled);
        }
        MeasureNoFetus(report, stop);
        return Task.CompletedTask;
    }

    private void MeasureSetA(Report report, FetalRecording[] records, CancellationToken stop)
    {
        var good = records.Where(record => !record.HasBadLabels).ToArray();
        var less = Run(report, "less", good, stop);
        var all = new FetalScore();
        all.Take(less);
        all.Take(Run(report, "bad", records.Except(good), stop));
        report.Add("set_a_f1", all.All.F1, "%", new Reference("Varanini, set-a, published", 97.32));
        report.Add("set_a_f1_gaps_masked", all.Masked.F1, "%");
        report.Add("set_a_less_bad_f1", less.All.F1, "%", new Reference("offline reference", 99.16));
        report.Add("set_a_less_bad_f1_after_8s", less.Later.F1, "%");
        report.Add("set_a_less_bad_ok_f1", less.Ok.F1, "%");
        report.Add("set_a_less_bad_ok_precision", less.Ok.Precision, "%");
        report.Add("set_a_less_bad_ok_beats", 100.0 * (less.Ok.True + less.Ok.Missed) / less.References, "%");
        AddRates(report, "set_a_less_bad", less);
        report.Add("longest_delay", all.LongestDelay, "s");
        report.Add("cpu_a_second_of_four_leads", 1000 * all.Cpu / all.Seconds, "ms");
        if (report.Quick)
            return;
        AddSome(report, "one_lead", Run(report, "", good.SelectMany(r => Choices(1).Select(c => r.With(c))), stop));
        AddSome(report, "pairs", Run(report, "", good.SelectMany(r => Choices(2).Select(c => r.With(c))), stop));
        AddSome(report, "hum_50.1", Run(report, "", good.Select(FetalKinds.WithHum), stop));
        AddSome(report, "dropouts", Run(report, "", good.Select(FetalKinds.WithDropouts), stop));
    }

    private void MeasureNoFetus(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is { } mitdb)
            AddClaims(report, "adult", Run(report, "", Adults.Take(report.Quick ? 1 : int.MaxValue).Select((name, i) => FetalKinds.Adult(mitdb, name, i)), stop));
        AddClaims(report, "noise", Run(report, "", Enumerable.Range(0, report.Quick ? 1 : NoiseCases).Select(FetalKinds.Noise), stop));
        AddClaims(report, "off", Run(report, "", Enumerable.Range(0, report.Quick ? 1 : OffCases).Select(FetalKinds.Off), stop));
    }

    private FetalScore Run(Report report, string set, IEnumerable<FetalRecording> records, CancellationToken stop)
    {
        var pooled = new FetalScore();
        foreach (var record in records)
        {
            stop.ThrowIfCancellationRequested();
            var score = FetalScore.Of(record, _network);
            if (set.Length > 0)
                report.Remark(Row(set, record, score));
            pooled.Take(score);
        }
        return pooled;
    }

    private static string Row(string set, FetalRecording record, FetalScore score) => string.Create(CultureInfo.InvariantCulture,
        $"{set} {record.Name}: F1 {score.All.F1:F2} (masked {score.Masked.F1:F2}, missed {score.All.Missed}, false {score.All.False}), ok {100.0 * score.OkWindows / score.Windows:F0} % of windows, F1 {score.Ok.F1:F2}; rate by marks {Mean(score.ByMarks):F2}, ok {Mean(score.ByEstimates):F2}; coincidence {score.Coincidences}, mother ok {score.MaternalOk} of {score.Windows}");

    private static void AddRates(Report report, string name, FetalScore score)
    {
        report.Add(name + "_every_window_within_10_percent", FetalScore.Within10(score.ByMarks), "%");
        report.Add(name + "_every_window_mae", Mean(score.ByMarks), "/min");
        report.Add(name + "_ok_within_10_percent", FetalScore.Within10(score.ByEstimates), "%");
        report.Add(name + "_ok_mae", Mean(score.ByEstimates), "/min");
        report.Add(name + "_ok_windows", 100.0 * score.OkWindows / score.Windows, "%");
        report.Add(name + "_coincidence_windows", 100.0 * score.Coincidences / score.Windows, "%");
        report.Add(name + "_maternal_ok_windows", 100.0 * score.MaternalOk / score.Windows, "%");
        report.Add(name + "_within_90_interval", 100.0 * score.Deviations.Count(d => d <= 1.645) / Math.Max(1, score.Deviations.Count), "%");
    }

    private static void AddSome(Report report, string name, FetalScore score)
    {
        report.Add(name + "_f1", score.All.F1, "%");
        report.Add(name + "_ok_precision", score.Ok.Precision, "%");
        report.Add(name + "_ok_windows", 100.0 * score.OkWindows / score.Windows, "%");
        report.Add(name + "_ok_within_10_percent", FetalScore.Within10(score.ByEstimates), "%");
    }

    private static void AddClaims(Report report, string name, FetalScore score)
    {
        report.Add($"no_fetus_{name}_claims", 100.0 * score.OkWindows / score.Windows, "%");
        report.Add($"no_fetus_{name}_coincidence", 100.0 * score.Coincidences / score.Windows, "%");
        report.Add($"no_fetus_{name}_maternal_ok", 100.0 * score.MaternalOk / score.Windows, "%");
    }

    private static double Mean(List<(double Error, double Rate)> rates) => rates.Count == 0 ? double.NaN : rates.Average(r => r.Error);

    private static IEnumerable<int[]> Choices(int count) => count == 1
        ? Enumerable.Range(0, 4).Select(a => new[] { a })
        : from a in Enumerable.Range(0, 4) from b in Enumerable.Range(a + 1, 3 - a) select new[] { a, b };
}
