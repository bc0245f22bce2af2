using Pipeline.Host.Errors;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Packages;
using Pipeline.Training.Autoencoder;
using Pipeline.Training.Qrs;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>Training of the autoencoder of an ECG's beats: WFDB records with reference beats (<c>NAME.atr</c>), and noise to mix in (<see cref="QrsRecordings"/>).</summary>
internal sealed class AutoencoderTraining : ITraining
{
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

    public IReadOnlyList<string> ScoreColumns => AutoencoderScores.Columns;

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
            return [.. _recordings.Records.Where(r => held.Contains(QrsTrainingSet.PersonOf(r.Record.Name))).Select(r => AutoencoderScores.Row(r.Set, r.Record, model, _motion))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores) => AutoencoderScores.Line($"{set}, held out", scores);

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        AutoencoderTrainer.Save(folder, name, (BeatAutoencoder)network, card);
}
