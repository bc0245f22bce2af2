using System.Diagnostics;
using System.Globalization;
using Pipeline.Benchmarks.Accuracy;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Ctg;

/// <summary>
/// Cardiotocography. On synthetic traces and on the product's simulator, whose truth is known, with 0, 20 and 40 % of the samples lost:
/// baseline, accelerations, decelerations, contractions, the kinds of decelerations; of the simulator twins, too. On CTU-UHB: category, short-term variation and loss of each record, online against offline,
/// and how well birth with a pH of at most 7.05 is told from features of the trace (logistic regression, five folds) beside the loss of
/// signal alone.
/// </summary>
internal sealed class CtgAccuracy : IBenchmark
{
    private const double Acidaemia = 7.05;
    private const int Folds = 5, FirstSeed = 1000;
    private const int Beds = 48, BedMinutes = 120;
    private const string RowHeader =
        "record,minutes,ph,last_category,part_pathological,baseline_bpm,variability_bpm,stv_ms,signal_loss,accelerations,decelerations,"
        + "early,late,variable,prolonged,no_kind,contractions";

    /// <inheritdoc/>
    public string Name => "accuracy-ctg";

    /// <inheritdoc/>
    public string Summary =>
        "CTG: baseline and events on synthetic traces; category, STV, loss and outcome on CTU-UHB, online against offline";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        foreach (var loss in new[] { 0, 0.2, 0.4 })
        {
            var seeds = Enumerable.Range(FirstSeed, report.Quick ? 2 : 100);
            Add(report, "", loss, seeds.Select(seed => CtgScore.Of(new CtgScenario { Seed = seed, Loss = loss })), stop);
        }
        foreach (var loss in new[] { 0, 0.2, 0.4 })
        {
            var beds = Enumerable.Range(0, report.Quick ? 2 : Beds);
            Add(report, "simulator_", loss, beds.SelectMany(index => CtgScore.Of(SimulatedCtgTruth.Of(Bed(index, loss), BedMinutes))), stop);
            beds = beds.Take(report.Quick ? 1 : Beds / 4);
            Add(report, "twins_", loss, beds.SelectMany(index => CtgScore.Of(SimulatedCtgTruth.Of(Twins(index, loss), BedMinutes))), stop);
        }
        if (RecordingsFolder.Find(report, "ctu-uhb") is { } folder)
            Recordings(report, folder, stop);
        return Task.CompletedTask;
    }

    private static BedScenario Bed(int index, double loss)
    {
        var bed = SimulatedWard.LabourBed(index, FirstSeed, default, 0, default);
        return bed with { Labour = bed.Labour! with { LeadCount = 0, SignalLoss = loss } };     // it is in labour
    }

    private static BedScenario Twins(int index, double loss)
    {
        var bed = Bed(Beds + index, loss);
        return bed with { Labour = bed.Labour! with { HasTwin = true } };
    }

    private static void Add(Report report, string source, double loss, IEnumerable<CtgScore> made, CancellationToken stop)
    {
        var scores = new List<CtgScore>();
        foreach (var score in made)
        {
            stop.ThrowIfCancellationRequested();
            scores.Add(score);
        }
        var name = string.Create(CultureInfo.InvariantCulture, $"{source}loss_{100 * loss:0}_");
        AddBaseline(report, name + "baseline", [.. scores.SelectMany(score => score.Final)]);
        AddBaseline(report, name + "baseline_at_once", [.. scores.SelectMany(score => score.Baseline)]);
        AddEvents(report, name + "accelerations", scores.Select(score => score.Accelerations));
        AddEvents(report, name + "decelerations", scores.Select(score => score.Decelerations));
        AddEvents(report, name + "contractions", scores.Select(score => score.Contractions));
        var kinds = scores.SelectMany(score => score.Kinds).ToArray();
        foreach (var kind in kinds.GroupBy(one => one.True).OrderBy(group => group.Key))
        {
            report.Add(name + Names.Of(kind.Key) + "_told", 100 * kind.Average(one => one.Told == one.True ? 1.0 : 0), "%");
            var told = kind.CountBy(one => one.Told).OrderBy(one => one.Key).Select(one => $"{one.Value} {Names.Of(one.Key)}");
            report.Remark($"{name}{Names.Of(kind.Key)} told as: {string.Join(", ", told)}");
        }
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
        using var rows = report.Rows is { } path ? new StreamWriter(path) { NewLine = "\n" } : null;
        rows?.WriteLine(RowHeader);
        foreach (var record in CtgRecord.ReadAll(folder, most))
        {
            stop.ThrowIfCancellationRequested();
            records.Add(record);
            rows?.WriteLine(Row(record));
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        report.Add("ctu_uhb_records", records.Count, "1");
        report.Add("ctu_uhb_time_per_recorded_second", 1e6 * seconds / records.Sum(record => record.Seconds), "us");
        var files = Directory.GetFiles(folder, "*.hea").Order(StringComparer.Ordinal).Take(most);
        report.Add("ctu_uhb_online_equals_offline", 100 * files.Average(file => CtgRecord.IsSameInOneChunk(file) ? 1.0 : 0), "%");
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

    /// <summary>Features are means over the record's last hour, the loss over all of it; a feature that it never has is an empty cell.</summary>
    private static string Row(CtgRecord record)
    {
        int Of(Metric metric) => record.Events.Count(one => Names.MetricOf(one.Kind) == metric);
        int Kind(EventKind kind) => record.Events.Count(one => one.Kind == kind);
        string Mean(Metric metric) => record.Mean(metric) is var mean && double.IsNaN(mean) ? "" : mean.ToString("0.0", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture,
            $"{record.Name},{record.Seconds / 60:0.0},{record.Ph:0.00},{record.LastCategory.ToString().ToLowerInvariant()},")
            + string.Create(CultureInfo.InvariantCulture,
            $"{record.CategoryPart(CtgCategory.Pathological):0.00},{Mean(Metric.FetalBaseline)},{Mean(Metric.FetalVariability)},")
            + string.Create(CultureInfo.InvariantCulture,
            $"{Mean(Metric.FetalShortTermVariation)},{record.Loss:0.000},{Of(Metric.Acceleration)},{Of(Metric.Deceleration)},")
            + string.Create(CultureInfo.InvariantCulture,
            $"{Kind(EventKind.EarlyDeceleration)},{Kind(EventKind.LateDeceleration)},{Kind(EventKind.VariableDeceleration)},")
            + string.Create(CultureInfo.InvariantCulture,
            $"{Kind(EventKind.ProlongedDeceleration)},{Kind(EventKind.Deceleration)},{Of(Metric.Contraction)}");
    }
}
