using Pipeline.Host.Errors;
using Pipeline.Training.Qrs;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>
/// Training of the QRS network: WFDB records with reference beats (<c>NAME.atr</c>); records without are taken for noise to mix in, by their names
/// <c>em</c>, <c>ma</c>, <c>bw</c> of the MIT-BIH noise stress test database.
/// </summary>
internal sealed class QrsTraining : ITraining
{
    private readonly QrsRecordings _recordings;
    private readonly QrsTrainingSet _trainingSet;

    /// <summary>Reads the recordings.</summary>
    /// <exception cref="CommandException">A folder is not there, or nothing in them can be trained on.</exception>
    public QrsTraining(TrainRequest request)
    {
        _recordings = new QrsRecordings(request.Data);
        var options = new QrsTrainingOptions { Seed = request.Seed, Device = request.Device };
        Steps = request.Steps ?? (request.Epochs is { } epochs ? (int)Math.Min(int.MaxValue, epochs * (long)StepsOfEpoch) : options.Steps);
        _trainingSet = new QrsTrainingSet([.. _recordings.Records.Select(r => r.Record)], _recordings.Noises, options with { Steps = Steps });
        People = [.. _recordings.Records.Select(r => QrsTrainingSet.PersonOf(r.Record.Name)).Distinct().Order(StringComparer.Ordinal)];
        DataHash = _recordings.Hash();
    }

    public IReadOnlyList<string> People { get; }

    public string Data => _recordings.Text;

    public string DataHash { get; }

    public int Steps { get; }

    public string ErrorUnit => "% of candidates";

    public IReadOnlyList<string> ScoreColumns => QrsScores.Columns;

    // Augmentation gives every beat about 14 times, and about as many candidates that are no beats.
    private int StepsOfEpoch => _recordings.Records.Sum(r => r.Record.Beats.Length) * 28 / 512;

    public void Prepare(Action<string, double> progress, CancellationToken stop) => _trainingSet.Prepare(progress, stop);

    public TrainingLoop Begin(IReadOnlySet<string> held, string? inputs) => _trainingSet.Begin(held);

    public IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held) =>
        _recordings.Records.Where(r => held.Contains(QrsTrainingSet.PersonOf(r.Record.Name)))
            .Select(r => QrsScores.Row(r.Set, r.Record.Name, QrsEvaluation.Of(r.Record, (QrsClassifier)network, _recordings.Noises.GetValueOrDefault("em"))));

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores) => QrsScores.Line(set, "held-out ", scores);

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        QrsPackage.Save(folder, name, (QrsClassifier)network, card);
}
