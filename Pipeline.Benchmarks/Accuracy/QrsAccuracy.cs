using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// QRS detection on the MIT-BIH arrhythmia database: DS1 of de Chazal 2004 and, apart, the paced records; whole records from sample 0,
/// ±150 ms, one to one, nearest first; flutter spans left out. Then records 118 and 119 with noise of the noise stress test database, noisy
/// minutes only. Everything runs through the product's windows and its ECG stage.
/// </summary>
internal sealed class QrsAccuracy : IBenchmark
{
    private const int TimedRuns = 5;
    private const double PieceSeconds = 10;
    private static readonly string[] Paced = ["102", "104", "107", "217"];

    /// <inheritdoc/>
    public string Name => "accuracy-qrs";

    /// <inheritdoc/>
    public string Summary => "QRS detection, MIT-BIH DS1 and paced, noise stress, by the network and by the rule; --fit also by ones fitted without the record scored";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is not { } mitdb || RecordingsFolder.Find(report, "nstdb") is not { } nstdb)
            return Task.CompletedTask;
        var names = report.Quick ? ["118", "119"] : MitBih.Ds1;
        var ds1 = names.Select(name => EcgRecordings.Read(mitdb, name)).ToArray();
        var paced = (report.Quick ? [] : Paced).Select(name => EcgRecordings.Read(mitdb, name)).ToArray();
        var noises = new[] { "em", "ma", "bw" }.ToDictionary(name => name, name => EcgRecordings.Read(nstdb, name));
        if (ModelCatalog.Qrs is { } model)
            Measure(report, "", _ => new QrsDecision(QrsScore.Default, model.Network), ds1, paced, noises, stop);
        else
            report.Remark("left out: no QRS network; the rule alone");
        Measure(report, "rule_", _ => new QrsDecision(QrsScore.Default, null), ds1, paced, noises, stop);
        if (!report.Fit)
            return Task.CompletedTask;
        var networks = new QrsNetworkFit([.. ds1, .. paced], noises);
        networks.Run(report, stop);
        Measure(report, "held_out_", record => new QrsDecision(QrsScore.Default, networks.NetworkFor(record)), ds1, paced, noises, stop);
        var rules = new QrsFit([.. ds1, .. paced], noises);
        rules.Run(report, stop);
        Measure(report, "held_out_rule_", record => new QrsDecision(rules.ScoreFor(record), null), ds1, paced, noises, stop);
        return Task.CompletedTask;
    }

    private static void Measure(
        Report report, string prefix, Func<EcgRecording, QrsDecision> decision, EcgRecording[] ds1, EcgRecording[] paced, Dictionary<string, EcgRecording> noises,
        CancellationToken stop)
    {
        QrsRecordScore[] Run(IEnumerable<EcgRecording> records, Func<EcgRecording, EcgRecording> leads)
        {
            stop.ThrowIfCancellationRequested();
            return [.. records.Select(record => QrsRecordScore.Of(leads(record), decision(record)))];
        }
        var both = Run(ds1, record => record);
        foreach (var one in both)
            report.Remark(Row(prefix, one));
        AddClean(report, prefix + "ds1", both, new Reference("wfdb gqrs, one lead, published", 99.77));
        AddClean(report, prefix + "ds1_lead0", Run(ds1, record => record.With(record.Leads[0])), new Reference("wfdb gqrs, one lead, published", 99.77));
        foreach (var speed in new[] { 1.5, 2 })
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}ds1_played_{speed}_times_as_fast");
            report.Add(name + "_f1", Pool(Run(ds1, record => record.Played(speed))).F1, "%");
            report.Add(name + "_lead0_f1", Pool(Run(ds1, record => record.With(record.Leads[0]).Played(speed))).F1, "%");
        }
        foreach (var (name, leads) in new (string, Func<EcgRecording, EcgRecording>)[] { ("", r => r), ("_lead0", r => r.With(r.Leads[0])) })
        {
            report.Add($"{prefix}ds1{name}_cut_10s_f1", Pool(Run(ds1.SelectMany(r => Pieces(r, 0)), leads)).F1, "%");
            var cold = ds1.SelectMany(r => Pieces(r, 2)).Select(r => QrsRecordScore.Of(leads(r), decision(r), sample => sample < PieceSeconds * r.RateHz));
            report.Add($"{prefix}ds1{name}_first_10s_f1", Pool([.. cold]).F1, "%");
        }
        if (paced.Length > 0)
        {
            var apart = Run(paced, record => record);
            foreach (var one in apart)
                report.Remark(Row(prefix, one));
            AddClean(report, prefix + "paced", apart, null);
        }
        var stressed = ds1.Where(record => record.Name is "118" or "119").ToArray();
        foreach (var decibels in new[] { 24, 12, 6, 0 })
            AddNoisy(report, prefix, stressed, noises["em"], decibels, decision);
        AddTimes(report, prefix + "time_per_lead_second", ds1, decision);
        AddTimes(report, prefix + "time_lead0_second", [.. ds1.Select(record => record.With(record.Leads[0]))], decision);
    }

    private static void AddTimes(Report report, string name, EcgRecording[] records, Func<EcgRecording, QrsDecision> decision)
    {
        // The least of a few runs over the same record: what the code takes when nothing else runs on the core.
        double[] times = [.. records.Select(record => Enumerable.Range(0, TimedRuns).Min(_ => QrsRecordScore.Of(record, decision(record)).Microseconds)).Order()];
        report.Add(name, Quantiles.Median(times), "us");
        report.Add(name + "_largest", times[^1], "us");
    }

    /// <summary>A recording as many that begin cold: pieces of 10 s, of which each goes on for <paramref name="more"/> seconds.</summary>
    private static IEnumerable<EcgRecording> Pieces(EcgRecording record, double more)
    {
        var (length, whole) = ((int)(PieceSeconds * record.RateHz), (int)((PieceSeconds + more) * record.RateHz));
        for (var from = 0; from + whole <= record.SampleCount; from += length)
            yield return record.Cut(from, from + whole);
    }

    private static BeatCounts Pool(QrsRecordScore[] scores) => scores.Aggregate(default(BeatCounts), (sum, one) => sum + one.Beats);

    private static void AddClean(Report report, string name, QrsRecordScore[] scores, Reference? reference)
    {
        var pooled = Pool(scores);
        report.Add(name + "_f1", pooled.F1, "%", reference);
        report.Add(name + "_sensitivity", pooled.Sensitivity, "%");
        report.Add(name + "_precision", pooled.Precision, "%");
        report.Add(name + "_worst_f1", scores.Min(one => one.Beats.F1), "%");
        report.Add(name + "_offset_median", Quantiles.Median(scores.Select(one => one.OffsetMs)), "ms");
        report.Add(name + "_offset_largest", scores.MaxBy(one => Math.Abs(one.OffsetMs))!.OffsetMs, "ms");
        report.Add(name + "_jitter_largest", scores.Max(one => one.JitterMs), "ms");
        var errors = scores.SelectMany(one => one.RateErrors).ToArray();
        report.Add(name + "_rate_error_mean", errors.Average(), "/min");
        report.Add(name + "_rate_within_5", QrsRecordScore.Within(errors), "%");
        report.Add(name + "_windows_with_value", 100 * scores.Average(one => one.ValuePart), "%");
    }

    private static void AddNoisy(
        Report report, string prefix, EcgRecording[] records, EcgRecording noise, int decibels, Func<EcgRecording, QrsDecision> decision)
    {
        foreach (var leads in new[] { 2, 1 })
        {
            var counts = default(BeatCounts);
            List<double> clean = [], noisy = [], errors = [];
            foreach (var record in records)
            {
                var rate = record.RateHz;
                var mixed = NoiseStress.Mix(record, noise, decibels);
                var one = QrsRecordScore.Of(leads == 2 ? mixed : mixed.With(mixed.Leads[0]), decision(record), sample => NoiseStress.IsNoisy(sample, rate));
                counts += one.Beats;
                foreach (var (start, quality, error, _) in one.Windows)
                {
                    var (first, last) = (NoiseStress.IsNoisy(start, rate), NoiseStress.IsNoisy(start + 8 * rate - 1, rate));
                    if (first == last)
                        (first ? noisy : clean).Add(quality);
                    if (first && last && !double.IsNaN(error))
                        errors.Add(error);
                }
            }
            var name = $"{prefix}em_{decibels}db{(leads == 2 ? "" : "_lead0")}";
            report.Add(name + "_f1", counts.F1, "%", leads == 1 ? Published(decibels) : null);
            report.Add(name + "_quality_auc", RankAuc.Of(clean, noisy), "1");
            report.Add(name + "_rate_error_mean", errors.Average(), "/min");
            report.Add(name + "_rate_within_5", QrsRecordScore.Within(errors), "%");
        }
    }

    private static Reference? Published(int decibels) => decibels switch
    {
        24 => new Reference("NeuroKit2 kalidas2017, one lead, published", 100),
        12 => new Reference("NeuroKit2 kalidas2017, one lead, published", 97.8),
        6 => new Reference("NeuroKit2 kalidas2017, one lead, published", 87.1),
        0 => new Reference("NeuroKit2 kalidas2017, one lead, published", 72.7),
        _ => null,
    };

    private static string Row(string prefix, QrsRecordScore one) => string.Create(
        CultureInfo.InvariantCulture,
        $"{prefix}{one.Name}: Se {one.Beats.Sensitivity:F2} PPV {one.Beats.Precision:F2} F1 {one.Beats.F1:F2} (false {one.Beats.False}, missed {one.Beats.Missed}), offset {one.OffsetMs:F1} ms, jitter {one.JitterMs:F1} ms, rate error {one.RateErrors.Average():F2}/min, within 5 {QrsRecordScore.Within(one.RateErrors):F1} %");
}
