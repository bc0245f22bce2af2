using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Training.HeartRate;
using Pipeline.Training.HeartRate.Zoo;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>Training of a heart-rate network: recordings of a PPG with a reference heart rate.</summary>
internal sealed class RateTraining : ITraining
{
    /// <summary>Key of the model card under which the architecture's name stands.</summary>
    public const string ArchitectureNote = "architecture";

    private readonly IReadOnlyList<RateRecording> _recordings;
    private readonly IReadOnlyList<RateRecording> _test;
    private readonly RateTrainingOptions _options;
    private readonly string? _constants;
    private readonly Dictionary<RateRecording, RateSequence> _sequences = [];
    private readonly NamedArchitecture _architecture;
    private RateTrainer _trainer;

    /// <summary>Reads the recordings.</summary>
    public RateTraining(TrainRequest request, NamedArchitecture architecture)
    {
        _architecture = architecture;
        _recordings = TrainingData.Read(request.Data, request.Reading);
        _test = request.Test.Count == 0 ? [] : TrainingData.Read(request.Test, request.Reading);
        if (_test.FirstOrDefault(t => _recordings.Any(r => r.Subject == t.Subject)) is { } both)
            throw CommandException.BadUsage($"--test: {both.Name} is in --data too, so it would be trained and tested on.");
        _constants = ConstantsOf(request);
        var options = Options(request, _constants);
        Steps = request.Steps ?? (request.Epochs is { } epochs ? StepsOf(epochs, _recordings) : options.Steps);
        _options = options with { Steps = Steps };
        _trainer = new RateTrainer(_options);
        People = [.. _recordings.Select(r => r.Subject).Distinct().Order(StringComparer.Ordinal)];
        DataHash = $"{TrainingData.HashOf(_recordings)} {_constants}".TrimEnd();
    }

    public IReadOnlyList<string> People { get; }

    public string Data => string.Join("; ", _recordings.GroupBy(r => r.Set).Select(g => $"{g.Key}: {string.Join(' ', g.Select(r => r.Name))}"));

    public IReadOnlyDictionary<string, string> NotesOf(bool hasFolds) => new Dictionary<string, string>
    {
        [ArchitectureNote] = _architecture.Name,
        ["constants"] = !hasFolds ? "those in use"
            : IsFitting ? "in each fold fitted anew, from round numbers, on its own training's recordings; then those in use"
            : "those in use, in the folds too: where they were fitted on these people (SPC 2015, BAMI-1), that part is not held out",
    };

    public string DataHash { get; }

    public int Steps { get; }

    public string ErrorUnit => "bpm";

    public IReadOnlyList<string> ScoreColumns => ["windows", "mae_bpm", "within_5_bpm", "within_90_interval"];

    public void Prepare(Action<string, double> progress, CancellationToken stop)
    {
        if (IsFitting)
            return;   // every fold makes its own
        for (var r = 0; r < _recordings.Count; r++)
        {
            stop.ThrowIfCancellationRequested();
            progress("Features", r / (double)_recordings.Count);
            SequenceOf(_recordings[r]);
        }
    }

    // The network that is written is served with the constants in use, so it is trained with them; --out and --test together are refused.
    public string? FitInputs(IReadOnlySet<string> held, Action<string> progress, CancellationToken stop)
    {
        if (!IsFitting || (held.Count == 0 && _test.Count == 0))
            return null;
        return RateTrainer.FitConstants(_recordings, held, (round, error) => progress(string.Create(CultureInfo.InvariantCulture,
            $"fitting the classical constants, {round} rounds done, loss {error:F3}")), stop);
    }

    public TrainingLoop Begin(IReadOnlySet<string> held, string? inputs)
    {
        if (IsFitting)
        {
            _trainer = new RateTrainer(inputs is null ? _options : _options.WithConstants(inputs));
            _sequences.Clear();
        }
        return _trainer.Begin([.. _recordings.Where(r => !held.Contains(r.Subject)).Select(SequenceOf)], [_architecture.Create])[0];
    }

    public IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held) =>
        _recordings.Where(r => held.Contains(r.Subject)).Select(recording => Score((RateArchitecture)network, recording));

    public IEnumerable<HeldOutScore> ScoreTest(torch.nn.Module network) => _test.Select(recording => Score((RateArchitecture)network, recording));

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores) => string.Create(CultureInfo.InvariantCulture,
        $"{set}: held-out error {scores.Average(s => s.Figures[0]):F2} bpm (mean over {scores.Count} recordings; worst {scores.Max(s => s.Figures[0]):F2}), "
        + $"{100 * scores.Average(s => s.Figures[1]):F1} % of windows within 5 bpm, 90 % interval holds {100 * scores.Average(s => s.Figures[2]):F1} %");

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        RatePackage.Save(folder, name, (RateArchitecture)network, card);

    private bool IsFitting => _constants == TrainRequest.Fit;

    private static RateTrainingOptions Options(TrainRequest request, string? constants)
    {
        var options = new RateTrainingOptions { Seed = request.Seed, Device = request.Device };
        if (constants is null or TrainRequest.Fit)
            return options;
        try
        {
            return options.WithConstants(constants);
        }
        catch (FormatException fault)
        {
            throw CommandException.BadUsage($"--constants {request.Constants}: {fault.Message}");
        }
    }

    private static string? ConstantsOf(TrainRequest request) => request.Constants switch
    {
        null or TrainRequest.Fit => request.Constants,
        var file when File.Exists(file) => File.ReadAllText(file),
        var file => throw CommandException.BadUsage($"--constants {file}: is not there; fit is wanted, or a file with what ./pipeline bench accuracy-ppg --fit prints of a fit."),
    };

    private HeldOutScore Score(RateArchitecture network, RateRecording recording)
    {
        var score = RateTrainer.Score(network, SequenceOf(recording));
        return new HeldOutScore(recording.Set, recording.Name, score.Windows, [score.MeanError, score.Near, score.Covered]);
    }

    // An epoch is as many windows as the data has, whoever is held out: every fold takes the same number of steps.
    internal static int StepsOf(int epochs, IReadOnlyList<RateRecording> recordings)
    {
        const int windowsOfStep = RateBatch.Size * RateBatch.Windows;
        var windows = recordings.Sum(r => (long)r.Labels.Count);
        return (int)Math.Clamp((epochs * windows + windowsOfStep - 1) / windowsOfStep, 1, int.MaxValue);
    }

    private RateSequence SequenceOf(RateRecording recording) =>
        _sequences.TryGetValue(recording, out var made) ? made : _sequences[recording] = _trainer.See(recording);
}
