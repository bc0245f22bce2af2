using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Models.Packages;
using Pipeline.Training.Autoencoder;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>Training of the autoencoder of an ECG's beats: WFDB records with reference beats (<c>NAME.atr</c>), and noise to mix in (<see cref="QrsRecordings"/>).</summary>
internal sealed class AutoencoderTraining : ITraining
{
    private const double Decibels = 6;

    private readonly QrsRecordings _recordings;
    private readonly AutoencoderTrainer _trainer;
    private readonly EcgRecording? _motion;

    /// <summary>Reads the recordings.</summary>
    /// <exception cref="CommandException">A folder is not there, or nothing in them can be trained on.</exception>
    public AutoencoderTraining(TrainRequest request)
    {
        _recordings = new QrsRecordings(request.Data);
        _motion = _recordings.Noises.GetValueOrDefault("em");
        var options = new AutoencoderTrainingOptions { Seed = request.Seed, Device = request.Device };
        Steps = request.Steps ?? (request.Epochs is { } epochs ? (int)Math.Min(int.MaxValue, epochs * (long)StepsOfEpoch) : options.Steps);
        _trainer = new AutoencoderTrainer(_recordings.Noises, options with { Steps = Steps });
        People = [.. _recordings.Records.Select(r => QrsTrainingSet.PersonOf(r.Record.Name)).Distinct().Order(StringComparer.Ordinal)];
        DataHash = _recordings.Hash();
    }

    public IReadOnlyList<string> People { get; }

    public string Data => _recordings.Text;

    public string DataHash { get; }

    public int Steps { get; }

    public string ErrorUnit => "% of a QRS complex";

    public IReadOnlyList<string> ScoreColumns { get; } =
        ["beats", "abnormal", "auc", "auc_without", "em6_snr_before", "em6_snr_after", "em6_raw_before", "em6_raw_after", "em6_blank", "em6_f1_before", "em6_f1_after"];

    private int StepsOfEpoch => Math.Max(1, _recordings.Records.Sum(r => r.Record.Beats.Length * r.Record.Leads.Length) / AutoencoderTrainer.BeatsOfBatch);

    public void Prepare(Action<string, double> progress, CancellationToken stop)
    {
        for (var r = 0; r < _recordings.Records.Count; r++)
        {
            stop.ThrowIfCancellationRequested();
            progress("Beats", r / (double)_recordings.Records.Count);
            _trainer.Add(_recordings.Records[r].Record, ModelCatalog.Qrs);
        }
    }

    public TrainingLoop Begin(IReadOnlySet<string> held, string? inputs) => _trainer.Begin(held);

    public IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held)
    {
        var folder = Directory.CreateTempSubdirectory("autoencoder-");
        try
        {
            AutoencoderTrainer.Save(folder.FullName, "ecg-autoencoder", (BeatAutoencoder)network, new Dictionary<string, string>());
            using var model = new EcgAutoencoder(ModelPackage.Load(folder.FullName)) { KeepsWaves = true };
            return [.. _recordings.Records.Where(r => held.Contains(QrsTrainingSet.PersonOf(r.Record.Name))).Select(r => Row(r.Set, r.Record, model))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores)
    {
        double Mean(int figure) => scores.Select(s => s.Figures[figure]).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
        return string.Create(CultureInfo.InvariantCulture,
            $"{set}: held-out AUC of abnormal beats, mean of {scores.Count(s => double.IsFinite(s.Figures[1]))} records, {Mean(1):F3} (the score without the network {Mean(2):F3}); "
            + $"electrode motion at {Decibels} dB, mean of {scores.Count} records: signal to noise {Mean(3):F1} to {Mean(4):F1} dB, QRS F1 {Mean(8):F1} to {Mean(9):F1} %");
    }

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        AutoencoderTrainer.Save(folder, name, (BeatAutoencoder)network, card);

    private HeldOutScore Row(string set, EcgRecording record, EcgAutoencoder model)
    {
        var beats = AutoencoderEvaluation.Score(record, model, ModelCatalog.Qrs).Where(beat => beat.IsAbnormal is not null).ToList();
        double Auc(Func<ScoredBeat, float> score) => RankAuc.Of([.. beats.Where(b => b.IsAbnormal == true).Select(b => (double)score(b))], [.. beats.Where(b => b.IsAbnormal == false).Select(b => (double)score(b))]);
        double[] anomaly = [beats.Count(beat => beat.IsAbnormal == true), Auc(beat => beat.Score), Auc(beat => beat.Anomaly)];
        if (_motion is null || _motion.RateHz != record.RateHz)
            return new HeldOutScore(set, record.Name, beats.Count, [.. anomaly, .. Enumerable.Repeat(double.NaN, ScoreColumns.Count - 1 - anomaly.Length)]);
        var denoised = AutoencoderEvaluation.Denoise(record, _motion, Decibels, model, ModelCatalog.Qrs);
        return new HeldOutScore(set, record.Name, beats.Count,
            [.. anomaly, denoised.Before, denoised.After, denoised.RawBefore, denoised.RawAfter, denoised.Blank, denoised.BeatsBefore.F1, denoised.BeatsAfter.F1]);
    }
}
