using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Packages;
using Pipeline.Training.Autoencoder;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// The autoencoder of an ECG's beats on MIT-BIH DS1: anomaly beside the score that needs no network (<see cref="BeatAccuracy"/>), and what denoising does to electrode motion at 6 dB. By the package that
/// ships, which has seen the records; with <c>--fit</c> by networks trained without a sixth of the records, on which they are scored. <c>--rows</c>: a row a beat.
/// </summary>
internal sealed class AutoencoderAccuracy : IBenchmark
{
    private const int Folds = 6;
    private const double Decibels = 6;

    /// <inheritdoc/>
    public string Name => "accuracy-autoencoder";

    /// <inheritdoc/>
    public string Summary => "autoencoder of an ECG: anomaly and denoising, MIT-BIH DS1; --fit by networks trained without the records scored";

    /// <inheritdoc/>
    public Task RunAsync(Report report, CancellationToken stop)
    {
        if (RecordingsFolder.Find(report, "mitdb") is not { } mitdb || RecordingsFolder.Find(report, "nstdb") is not { } nstdb)
            return Task.CompletedTask;
        var records = (report.Quick ? MitBih.Ds1[..2] : MitBih.Ds1).Select(name => EcgRecordings.Read(mitdb, name)).ToArray();
        var noises = new[] { "em", "ma", "bw" }.ToDictionary(name => name, name => EcgRecordings.Read(nstdb, name));
        var beats = new List<(string Record, ScoredBeat Beat)>();
        var (denoised, denoisedWeak) = (new List<DenoisingScore>(), new List<DenoisingScore>());
        foreach (var (model, some) in report.Fit ? Fitted(report, records, noises, stop) : Shipped(report, records))
        {
            foreach (var record in some)
            {
                stop.ThrowIfCancellationRequested();
                beats.AddRange(AutoencoderEvaluation.Score(record, model, ModelCatalog.Qrs).Where(beat => beat.IsAbnormal is not null).Select(beat => (record.Name, beat)));
                var one = AutoencoderEvaluation.Denoise(record, noises["em"], Decibels, model, ModelCatalog.Qrs);
                denoised.Add(one);
                var weak = AutoencoderEvaluation.Denoise(record, noises["em"], 2 * Decibels - one.Before, model, ModelCatalog.Qrs);
                denoisedWeak.Add(weak);
                report.Remark(string.Create(CultureInfo.InvariantCulture,
                    $"{record.Name}: signal to noise {one.Before:F1} to {one.After:F1} dB (with baseline {one.RawBefore:F1} to {one.RawAfter:F1}), QRS F1 {one.BeatsBefore.F1:F2} to {one.BeatsAfter.F1:F2} %, blank {100 * one.Blank:F1} %; weaker noise {weak.Before:F1} to {weak.After:F1} dB"));
            }
            model.Dispose();
        }
        if (beats.Count == 0)
            return Task.CompletedTask;
        report.Add("anomaly_auc_without", Auc([.. beats.Select(b => b.Beat)], b => b.Anomaly), "1");
        report.Add("anomaly_auc_error", Auc([.. beats.Select(b => b.Beat)], b => b.Error), "1");
        report.Add("anomaly_auc_score", Auc([.. beats.Select(b => b.Beat)], b => b.Score), "1");
        report.Add("em6_gain", denoised.Average(d => d.After - d.Before), "dB");
        report.Add("em6_least_gain", denoised.Min(d => d.After - d.Before), "dB");
        report.Add("em6_gain_with_baseline", denoised.Average(d => d.RawAfter - d.RawBefore), "dB");
        report.Add("power6_gain", denoisedWeak.Average(d => d.After - d.Before), "dB");
        report.Add("power6_least_gain", denoisedWeak.Min(d => d.After - d.Before), "dB");
        report.Add("em6_f1_before", denoised.Aggregate(default(BeatCounts), (all, d) => all + d.BeatsBefore).F1, "%");
        report.Add("em6_f1_after", denoised.Aggregate(default(BeatCounts), (all, d) => all + d.BeatsAfter).F1, "%");
        report.Add("em6_blank", 100 * denoised.Average(d => d.Blank), "%");
        if (report.Rows is { } rows)
            File.WriteAllLines(rows, beats.Select(b => string.Create(CultureInfo.InvariantCulture, $"{b.Record},{b.Beat.Code},{b.Beat.Anomaly},{b.Beat.Error},{b.Beat.Score}")).Prepend("record,code,anomaly,error,score"));
        return Task.CompletedTask;
    }

    private static IEnumerable<(EcgAutoencoder, EcgRecording[])> Shipped(Report report, EcgRecording[] records)
    {
        if (ModelCatalog.OpenAutoencoder(report.Model ?? "auto", keepsWaves: true) is { } model)
            yield return (model, records);
        else
            report.Remark("left out: no autoencoder ships that can be used");
    }

    private static IEnumerable<(EcgAutoencoder, EcgRecording[])> Fitted(Report report, EcgRecording[] records, Dictionary<string, EcgRecording> noises, CancellationToken stop)
    {
        Trainings.NeedLibtorch("cpu");
        var trainer = new AutoencoderTrainer(noises, report.Quick ? new() { Steps = 10 } : new());
        foreach (var record in records)
            trainer.Add(record, ModelCatalog.Qrs);
        string[] people = [.. records.Select(r => QrsTrainingSet.PersonOf(r.Name)).Distinct().Order(StringComparer.Ordinal)];
        for (var fold = 0; fold < Math.Min(Folds, people.Length); fold++)
        {
            var held = people.Where((_, i) => i % Folds == fold).ToHashSet();
            using var loop = trainer.Begin(held);
            while (loop.Step < loop.Steps)
            {
                stop.ThrowIfCancellationRequested();
                var (loss, error) = loop.Next();
                if (loop.Step == loop.Steps)
                    report.Remark(string.Create(CultureInfo.InvariantCulture, $"fold {fold + 1}: loss {loss:F4}, noise left {error:F1} % of a QRS complex"));
            }
            var folder = Directory.CreateTempSubdirectory("autoencoder-");
            AutoencoderTrainer.Save(folder.FullName, "ecg-autoencoder", (BeatAutoencoder)loop.Network, new Dictionary<string, string>());
            var model = new EcgAutoencoder(ModelPackage.Load(folder.FullName)) { KeepsWaves = true };
            folder.Delete(recursive: true);
            yield return (model, [.. records.Where(r => held.Contains(QrsTrainingSet.PersonOf(r.Name)))]);
        }
    }

    private static double Auc(List<ScoredBeat> beats, Func<ScoredBeat, float> score) =>
        RankAuc.Of([.. beats.Where(b => b.IsAbnormal == true).Select(b => (double)score(b))], [.. beats.Where(b => b.IsAbnormal == false).Select(b => (double)score(b))]);
}
