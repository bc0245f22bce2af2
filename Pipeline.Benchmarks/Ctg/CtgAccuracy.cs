using System.Diagnostics;
using System.Globalization;
using Pipeline.Benchmarks.Accuracy;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ctg;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>
/// Cardiotocography. On synthetic traces with known truth, 0 and 20 % of the samples lost: baseline, accelerations, decelerations,
/// contractions, the kinds of decelerations. On CTU-UHB: category, short-term variation and loss of each record, online against offline,
/// and how well birth with a pH of at most 7.05 is told from features of the trace (logistic regression, five folds) beside the loss of
/// signal alone.
/// </summary>
internal sealed class CtgAccuracy : IBenchmark
{
    private const double Acidaemia = 7.05;
    private const int Folds = 5, FirstSeed = 1000;

    /// <inheritdoc/>
    public string Name => "accuracy-ctg";

    /// <inheritdoc/>
    public string Summary =>
        "CTG: baseline and events on synthetic traces; category, STV, loss and outcome on CTU-UHB, online against offline";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        foreach (var loss in new[] { 0, 0.2, 0.4 })
            Synthetic(report, loss, report.Quick ? 2 : 100, stop);
        if (RecordingsFolder.Find(report, "ctu-uhb") is { } folder)
            Recordings(report, folder, stop);
        return Task.CompletedTask;
    }

    private static void Synthetic(Report report, double loss, int count, CancellationToken stop)
    {
        var scores = new List<CtgScore>();
        for (var seed = FirstSeed; seed < FirstSeed + count; seed++)
        {
            stop.ThrowIfCancellationRequested();
            scores.Add(CtgScore.Of(new CtgScenario { Seed = seed, Loss = loss }));
        }
        var name = string.Create(CultureInfo.InvariantCulture, $"loss_{100 * loss:0}_");
        AddBaseline(report, name + "baseline", [.. scores.SelectMany(score => score.Final)]);
        AddBaseline(report, name + "baseline_at_once", [.. scores.SelectMany(score => score.Baseline)]);
        AddEvents(report, name + "accelerations", scores.Select(score => score.Accelerations));
        AddEvents(report, name + "decelerations", scores.Select(score => score.Decelerations));
        AddEvents(report, name + "contractions", scores.Select(score => score.Contractions));
        var kinds = scores.SelectMany(score => score.Kinds).ToArray();
        foreach (var kind in kinds.GroupBy(one => one.True).OrderBy(group => group.Key))
            report.Add(name + Names.Of(kind.Key) + "_told", 100 * kind.Average(one => one.Told == one.True ? 1.0 : 0), "%");
    }

    private static void AddBaseline(Report report, string name, (double Told, double True)[] minutes)
    {
        report.Add(name + "_within_5", 100 * minutes.Average(one => Math.Abs(one.Told - one.True) <= 5 ? 1.0 : 0), "%");
        report.Add(name + "_mean_error", minutes.Average(one => Math.Abs(one.Told - one.True)), "/min");
    }

    private static void AddEvents(Report report, string name, IEnumerable<EventCounts> all)
    {
        var sum = all.Aggregate(default(EventCounts), (a, b) => a + b);
        report.Add(name + "_f1", sum.F1, "1");
        report.Remark(string.Create(CultureInfo.InvariantCulture, $"{name}: {sum.Matched} found, {sum.False} false, {sum.Missed} missed"));
    }

    private static void Recordings(Report report, string folder, CancellationToken stop)
    {
        var (most, started) = (report.Quick ? 8 : int.MaxValue, Stopwatch.GetTimestamp());
        var records = new List<CtgRecord>();
        foreach (var record in CtgRecord.ReadAll(folder, most))
        {
            stop.ThrowIfCancellationRequested();
            records.Add(record);
            report.Remark(Row(record));
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        report.Add("ctu_uhb_records", records.Count, "1");
        report.Add("ctu_uhb_time_per_recorded_second", 1e6 * seconds / records.Sum(record => record.Seconds), "us");
        var paths = Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).Take(most);
        report.Add("ctu_uhb_online_equals_offline", 100 * paths.Average(path => CtgRecord.IsSameInOneChunk(path) ? 1.0 : 0), "%");
        foreach (var category in new[] { CtgCategory.Normal, CtgCategory.Suspicious, CtgCategory.Pathological, CtgCategory.None })
            report.Add(
                $"ctu_uhb_last_category_{category}", 100 * records.Average(record => record.LastCategory == category ? 1.0 : 0), "%");
        if (records.Count(record => record.Ph <= Acidaemia) is < Folds)
            return;
        var outcome = new CtgOutcome(records, record => record.Ph <= Acidaemia, Folds);
        var lossAlone = new Reference("loss of signal alone, earlier analysis", 0.72);
        report.Add("ctu_uhb_outcome_auc", outcome.Auc(CtgOutcome.Features), "1", lossAlone);
        report.Add("ctu_uhb_outcome_loss_alone_auc", outcome.Auc([record => record.Loss]), "1", lossAlone);
        report.Add("ctu_uhb_outcome_without_loss_auc", outcome.Auc(CtgOutcome.FeaturesWithoutLoss), "1");
        foreach (var (name, feature) in CtgOutcome.Named)
            report.Add($"ctu_uhb_{name}_auc", outcome.AucOf(feature), "1");
    }

    private static string Row(CtgRecord record) => string.Create(CultureInfo.InvariantCulture,
        $"{record.Name}: {record.Seconds / 60:0} min, pH {record.Ph:0.00}, category {record.LastCategory}, "
        + $"STV {record.Mean(Metric.FetalShortTermVariation):0.0} ms, loss {100 * record.Loss:0} %, "
        + $"baseline {record.Mean(Metric.FetalBaseline):0}, variability {record.Mean(Metric.FetalVariability):0}, "
        + $"{Count(record, Metric.Acceleration)} accelerations, {Count(record, Metric.Deceleration)} decelerations, "
        + $"{Count(record, Metric.Contraction)} contractions");

    private static int Count(CtgRecord record, Metric metric) => record.Events.Count(one => Names.MetricOf(one.Kind) == metric);
}
