using System.Globalization;
using Pipeline.Host.Estimates;
using Pipeline.Host.Recordings;
using Pipeline.Models.Alarms;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Alarms of monitors checked as in the CinC Challenge 2015 (doi:10.1109/CIC.2015.7408639), real time: nothing after the alarm at 5:00. Score = 100 (TP + TN) / (TP + TN + FP + 5 FN), of the
/// records at hand, and weighted to the kinds and truths of all 750; its 95 % interval by drawing records of each kind and truth anew.
/// </summary>
internal sealed class AlarmAccuracy : IBenchmark
{
    private const double AlarmSeconds = 300, FalseNegativeCost = 5;
    private const int Draws = 10_000;

    /// <summary>Kinds by the challenge's names, with its true and false alarms among the 750.</summary>
    private static readonly (string Name, AlarmKind Kind, int True, int False)[] Kinds =
    [
        ("Asystole", AlarmKind.Asystole, 22, 100), ("Bradycardia", AlarmKind.ExtremeBradycardia, 46, 43), ("Tachycardia", AlarmKind.ExtremeTachycardia, 131, 9),
        ("Ventricular_Flutter_Fib", AlarmKind.VentricularFibrillation, 6, 52), ("Ventricular_Tachycardia", AlarmKind.VentricularTachycardia, 89, 252),
    ];

    /// <inheritdoc/>
    public string Name => "accuracy-alarms";

    /// <inheritdoc/>
    public string Summary => "false alarms of monitors found by all signals of the patient, in real time (CinC 2015)";

    /// <inheritdoc/>
    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "cinc2015") is not { } folder)
            return;
        var alarms = File.ReadLines(Path.Combine(folder, "ALARMS")).Select(line => line.Split(',')).Select(cells => (Record: cells[0], Kind: cells[1], IsTrue: cells[2] == "1"))
            .Where(one => File.Exists(Path.Combine(folder, one.Record + ".hea"))).ToArray();
        if (report.Quick)
            alarms = [.. alarms.DistinctBy(one => (one.Kind, one.IsTrue))];
        var files = alarms.Select(one => Path.Combine(folder, one.Record + ".hea")).ToArray();
        var request = new EstimateRequest(files, RecordingOptions.None with { UntilSeconds = AlarmSeconds }, EstimateFormat.Csv, null, null);
        await using var run = new EstimateRun(request, TextWriter.Null, taken: (_, _) => { });
        await run.RunAsync(TimeProvider.System, stop);
        var verdicts = alarms.Select((one, i) => run.Check(i, Array.Find(Kinds, kind => kind.Name == one.Kind).Kind)).ToArray();
        if (report.Rows is { } rows)
            await File.WriteAllLinesAsync(rows, alarms.Select((one, i) => $"{one.Record},{one.Kind},{(one.IsTrue ? 1 : 0)},{AskedCheck.Row(verdicts[i])}").Prepend("record,kind,truth,check,probability,reason"), stop);
        Add(report, [.. alarms.Select((one, i) => new CheckedAlarm(Array.FindIndex(Kinds, kind => kind.Name == one.Kind), one.IsTrue, verdicts[i].IsTrue))]);
    }

    private static void Add(Report report, CheckedAlarm[] alarms)
    {
        report.Add("records", alarms.Length, "1");
        report.Add("score_pooled", Score(alarms, _ => 1), "%", new Reference("all alarms true", Score([.. alarms.Select(one => one with { Check = true })], _ => 1)));
        report.Add("score_weighted", Weighted(alarms), "%", new Reference("all alarms true", Weighted([.. alarms.Select(one => one with { Check = true })])));
        var strata = alarms.GroupBy(one => (one.Kind, one.IsTrue)).Select(group => group.ToArray()).ToArray();
        var random = new Random(2015);
        var drawn = Enumerable.Range(0, Draws).Select(_ => Weighted([.. strata.SelectMany(group => group.Select(_ => group[random.Next(group.Length)]))])).Order().ToArray();
        report.Add("score_weighted_low", drawn[Draws / 40], "%");
        report.Add("score_weighted_high", drawn[^(Draws / 40)], "%");
        foreach (var kind in alarms.Select(one => one.Kind).Distinct().Order())
        {
            var (hits, of) = (alarms.Count(one => one.Kind == kind && one is { IsTrue: true, Check: true }), alarms.Count(one => one.Kind == kind && one.IsTrue));
            var (rejected, among) = (alarms.Count(one => one.Kind == kind && one is { IsTrue: false, Check: false }), alarms.Count(one => one.Kind == kind && !one.IsTrue));
            report.Remark(string.Create(CultureInfo.InvariantCulture, $"{Kinds[kind].Name}: {hits} of {of} true, {rejected} of {among} false"));
        }
    }

    private static double Weighted(CheckedAlarm[] alarms)
    {
        var counts = alarms.CountBy(one => (one.Kind, one.IsTrue)).ToDictionary();
        return Score(alarms, one => (one.IsTrue ? Kinds[one.Kind].True : Kinds[one.Kind].False) / (double)counts[(one.Kind, one.IsTrue)]);
    }

    private static double Score(CheckedAlarm[] alarms, Func<CheckedAlarm, double> weight)
    {
        var (right, all) = (0.0, 0.0);
        foreach (var one in alarms)
        {
            right += one.Check == one.IsTrue ? weight(one) : 0;
            all += weight(one) * (one is { IsTrue: true, Check: false } ? FalseNegativeCost : 1);
        }
        return 100 * right / all;
    }

    private readonly record struct CheckedAlarm(int Kind, bool IsTrue, bool Check);
}
