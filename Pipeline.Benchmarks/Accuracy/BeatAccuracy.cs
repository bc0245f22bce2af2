using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Packages;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Kinds of beats and their anomaly on MIT-BIH DS1: the product's own beats, causal, ±150 ms to the reference; flutter spans left out. Anomaly uses no label; the kinds
/// are scored by the constants that ship, which have seen the records, and with <c>--fit</c> by constants fitted without the record scored.
/// </summary>
internal sealed class BeatAccuracy : IBenchmark
{
    private const double ToleranceSeconds = 0.15;
    private const float Weight = 8;             // against the ridge, of the square root of a kind's number in a record: no record decides alone
    private const float NormalWeight = 0.35f;   // of a normal beat's, for ventricular and fusion beats
    private static readonly BeatLabel[] Fitted = [BeatLabel.Ventricular, BeatLabel.Supraventricular, BeatLabel.Fusion];

    /// <inheritdoc/>
    public string Name => "accuracy-beats";

    /// <inheritdoc/>
    public string Summary => "kinds of beats (N S V F) and unsupervised anomaly, MIT-BIH DS1; --fit by constants fitted without the record scored";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is not { } mitdb)
            return Task.CompletedTask;
        var records = (report.Quick ? MitBih.Ds1[..2] : MitBih.Ds1).Select(name => EcgRecordings.Read(mitdb, name)).ToArray();
        var beats = new List<ScoredBeat>();
        for (var r = 0; r < records.Length; r++)
        {
            stop.ThrowIfCancellationRequested();
            beats.AddRange(Described(records[r], r));
        }
        AddAnomaly(report, records, beats);
        AddKinds(report, "", beats, _ => BeatScore.Default);
        if (!report.Fit)
            return Task.CompletedTask;
        var scores = Fit(beats, records.Length);
        report.Remark("all records:");
        foreach (var weights in scores[^1])
            report.Remark(string.Join(", ", weights.Select(w => w.ToString("G5", CultureInfo.InvariantCulture) + "f")));
        BeatScore[] heldOut = [.. scores.Select(one => new BeatScore(one))];
        AddKinds(report, "held_out_", beats, record => heldOut[record]);
        AddConfusion(report, records, beats, heldOut);
        return Task.CompletedTask;
    }

    private static List<ScoredBeat> Described(EcgRecording record, int number)
    {
        var described = new List<ScoredBeat>();
        INetwork[] networks = ModelCatalog.Qrs is { } qrs ? [qrs] : [];
        var seen = new Dictionary<double, float[]>();
        var found = record.Run(first =>
        {
            var stages = Stages.Create(first.Channels, first.RateHz, networks);
            foreach (var stage in stages.OfType<BeatStage>())
                stage.Observer = (index, features) => seen[index] = features.ToArray();
            return stages;
        }).SelectMany(window => window.Beats).ToArray();
        var matching = BeatMatching.Of([.. record.Beats.Select(b => b.Sample)], [.. found.Select(b => b.SampleIndex)], ToleranceSeconds * record.RateHz);
        for (var f = 0; f < found.Length; f++)
            if (matching.Partners[f] is >= 0 and var partner && record.IsScored(found[f].SampleIndex) && seen.TryGetValue(found[f].SampleIndex, out var features)
                && MitBih.LabelOf(record.Beats[partner].Code) is var label && label != BeatLabel.Unclassifiable)
                described.Add(new ScoredBeat(number, label, found[f].Anomaly, features));
        return described;
    }

    private static void AddAnomaly(Report report, EcgRecording[] records, List<ScoredBeat> beats)
    {
        double Auc(IEnumerable<ScoredBeat> some, Func<BeatLabel, bool> isAbnormal)
        {
            var all = some.ToList();
            return RankAuc.Of(
                [.. all.Where(b => b.Label != BeatLabel.Normal && isAbnormal(b.Label)).Select(b => (double)b.Anomaly)],
                [.. all.Where(b => b.Label == BeatLabel.Normal).Select(b => (double)b.Anomaly)]);
        }
        foreach (var own in beats.GroupBy(beat => beat.Record))
            if (own.Any(beat => beat.Label != BeatLabel.Normal))
                report.Remark(string.Create(CultureInfo.InvariantCulture, $"{records[own.Key].Name}: AUC {Auc(own, _ => true):F3} ({own.Count(beat => beat.Label != BeatLabel.Normal)} abnormal)"));
        report.Add("anomaly_auc", Auc(beats, _ => true), "1", new Reference("60-beat template and interval rule, published", 0.952));
        foreach (var label in Fitted)
            report.Add($"anomaly_auc_{Names.Of(label)}", Auc(beats, one => one == label), "1");
    }

    private static void AddKinds(Report report, string prefix, List<ScoredBeat> beats, Func<int, BeatScore> score)
    {
        BeatLabel[] said = [.. beats.Select(beat => score(beat.Record).Of(beat.Features).Label)];
        foreach (var label in Fitted)
        {
            var right = beats.Where((beat, i) => beat.Label == label && said[i] == label).Count();
            var counts = new BeatCounts(right, said.Count(one => one == label) - right, beats.Count(beat => beat.Label == label) - right);
            report.Add($"{prefix}{Names.Of(label)}_f1", counts.F1, "%");
            report.Add($"{prefix}{Names.Of(label)}_sensitivity", counts.Sensitivity, "%");
            report.Add($"{prefix}{Names.Of(label)}_precision", counts.Precision, "%");
        }
    }

    private static void AddConfusion(Report report, EcgRecording[] records, List<ScoredBeat> beats, BeatScore[] heldOut)
    {
        BeatLabel[] labels = [BeatLabel.Normal, BeatLabel.Supraventricular, BeatLabel.Ventricular, BeatLabel.Fusion];
        foreach (var own in beats.GroupBy(beat => beat.Record))
        {
            var said = own.Select(beat => (beat.Label, Said: heldOut[own.Key].Of(beat.Features).Label)).ToList();
            report.Remark($"{records[own.Key].Name}, held out, rows N S V F, columns said so: " + string.Join("; ", labels.Select(label => string.Join(' ', labels.Select(column => said.Count(one => one == (label, column)))))));
        }
    }

    /// <summary>[record, and last none left out][ventricular, supraventricular, fusion][weights].</summary>
    private static float[][][] Fit(List<ScoredBeat> beats, int records)
    {
        var counts = beats.CountBy(beat => (beat.Record, beat.Label)).ToDictionary();
        var solved = Array.ConvertAll(Fitted, label => LogisticFit.Solve(
            [.. beats.Select(beat => new LogisticRow(
                BeatFeatures.Of(label, beat.Features), beat.Label == label, WeightOf(label, beat.Label, counts[(beat.Record, beat.Label)]), beat.Record))],
            BeatFeatures.Count, records));
        return [.. Enumerable.Range(0, records + 1).Select(record => Array.ConvertAll(solved, one => one[record]))];
    }

    private static float WeightOf(BeatLabel fitted, BeatLabel own, int count) =>
        Weight * MathF.Pow(count, -0.5f) * (own == BeatLabel.Normal && fitted != BeatLabel.Supraventricular ? NormalWeight : 1);

    /// <summary>A beat with its reference.</summary>
    private readonly record struct ScoredBeat(int Record, BeatLabel Label, float Anomaly, float[] Features);
}
