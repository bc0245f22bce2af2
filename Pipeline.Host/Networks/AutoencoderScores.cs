using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Training.Autoencoder;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Host.Networks;

/// <summary>How an autoencoder of an ECG's beats does, as rows of figures: for <c>train ecg-autoencoder --folds</c> and <c>evaluate ecg-autoencoder</c>.</summary>
internal static class AutoencoderScores
{
    private const double Decibels = 6;

    /// <summary>Names of the figures, the count of beats first: abnormal ones, the AUC of V, S and F against N by the autoencoder and by the score that needs none, and what it does to electrode motion (<c>em</c>) at 6 dB.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["beats", "abnormal", "auc", "auc_without", "em6_snr_before", "em6_snr_after", "em6_raw_before", "em6_raw_after", "em6_blank", "em6_f1_before", "em6_f1_after"];

    /// <summary>Scores the package <paramref name="name"/> as it is on the records of <paramref name="folders"/>: a CSV row each, then a line for each set.</summary>
    /// <exception cref="CommandException">The data cannot be used.</exception>
    public static void Evaluate(string name, IReadOnlyList<string> folders, TextWriter output, TextWriter remarks, CancellationToken stop)
    {
        using var model = ModelCatalog.OpenAutoencoder(name, keepsWaves: true) ?? throw CommandException.BadUsage($"{name} is no autoencoder.");
        var recordings = new QrsRecordings(folders);
        var trained = model.Package.Manifest.Card.GetValueOrDefault("data", "").Split([' ', ';', ':'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        if (recordings.Records.Count(r => trained.Contains(r.Record.Name)) is > 0 and var seen)
            remarks.WriteLine($"{seen} of {recordings.Records.Count} records were in the training of {model.Identity}: "
                + "these figures say nothing of people it has not seen; ./pipeline train ecg-autoencoder --folds N does.");
        output.WriteLine($"set,recording,{string.Join(',', Columns)}");
        var rows = new List<HeldOutScore>();
        foreach (var (set, record) in recordings.Records)
        {
            stop.ThrowIfCancellationRequested();
            var row = Row(set, record, model, recordings.Noises.GetValueOrDefault("em"));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set},{row.Recording},{row.Count},{string.Join(',', row.Figures.Select(Text))}"));
            rows.Add(row);
        }
        foreach (var set in rows.GroupBy(row => row.Set))
            output.WriteLine($"# {model.Identity}, {Line(set.Key, [.. set])}");

        static string Text(double figure) => double.IsFinite(figure) ? figure.ToString("0.####", CultureInfo.InvariantCulture) : "";
    }

    /// <summary>The row of a record; <paramref name="motion"/>: the noise to take out, null or of another rate: none.</summary>
    public static HeldOutScore Row(string set, EcgRecording record, EcgAutoencoder model, EcgRecording? motion)
    {
        var beats = AutoencoderEvaluation.Score(record, model, ModelCatalog.Qrs).Where(beat => beat.IsAbnormal is not null).ToList();
        double Auc(Func<ScoredBeat, float> score) => RankAuc.Of([.. beats.Where(b => b.IsAbnormal == true).Select(b => (double)score(b))], [.. beats.Where(b => b.IsAbnormal == false).Select(b => (double)score(b))]);
        double[] anomaly = [beats.Count(beat => beat.IsAbnormal == true), Auc(beat => beat.Score), Auc(beat => beat.Anomaly)];
        if (motion is null || motion.RateHz != record.RateHz)
            return new HeldOutScore(set, record.Name, beats.Count, [.. anomaly, .. Enumerable.Repeat(double.NaN, Columns.Count - 1 - anomaly.Length)]);
        var denoised = AutoencoderEvaluation.Denoise(record, motion, Decibels, model, ModelCatalog.Qrs);
        return new HeldOutScore(set, record.Name, beats.Count,
            [.. anomaly, denoised.Before, denoised.After, denoised.RawBefore, denoised.RawAfter, denoised.Blank, denoised.BeatsBefore.F1, denoised.BeatsAfter.F1]);
    }

    /// <summary>The rows of a set in a line.</summary>
    public static string Line(string set, IReadOnlyList<HeldOutScore> scores)
    {
        double Mean(int figure) => scores.Select(s => s.Figures[figure]).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
        var noisy = scores.Count(s => double.IsFinite(s.Figures[3]));
        return string.Create(CultureInfo.InvariantCulture,
            $"{set}: AUC of abnormal beats, mean of {scores.Count(s => double.IsFinite(s.Figures[1]))} records, {Mean(1):F3} (the score without the network {Mean(2):F3}); ")
            + (noisy == 0 ? "no noise to take out (--data of the noise stress test database)" : string.Create(CultureInfo.InvariantCulture,
            $"electrode motion at {Decibels} dB, mean of {noisy} records: signal to noise {Mean(3):F1} to {Mean(4):F1} dB, QRS F1 {Mean(8):F1} to {Mean(9):F1} %"));
    }
}
