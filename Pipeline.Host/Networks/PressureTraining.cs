using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Host.Errors;
using Pipeline.Training.Pressure;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>
/// Training of the network for blood pressure without a cuff: people with a PPG and a pressure, or simulated ones where no data is named. It is scored beside what knows nothing of the signal: the mean of
/// the others, and the first value of the person, which the network is calibrated with, too.
/// </summary>
internal sealed class PressureTraining : ITraining
{
    private const int CalibrationWindows = 3, FirstScored = 5;
    private static readonly string[] Pressures = ["systolic", "diastolic"];
    private static readonly string[] Predictors = ["network", "mean", "calibrated", "last_calibration"];
    private static readonly string[] Sums = ["windows", "absolute", "sum", "squares", "within_5", "within_10", "within_15"];

    private readonly List<PressureRecording> _recordings;
    private readonly PressureTrainingOptions _options;
    private readonly PressureTrainer _trainer;
    private readonly bool _isSimulated;

    /// <summary>Reads the recordings.</summary>
    public PressureTraining(TrainRequest request)
    {
        if (request.Output is not null)
            throw CommandException.BadUsage("--out: no package is written. On people held out this network was no better than the mean of the others (docs/results.md), so nothing serves it; --folds N measures it on other data.");
        _isSimulated = request.Data.Count == 0;
        _options = new PressureTrainingOptions { Seed = request.Seed, Device = request.Device };
        if ((request.Epochs ?? (request.Steps + _options.StepsOfEpoch - 1) / _options.StepsOfEpoch) is { } epochs)
            _options = _options with { Epochs = epochs };
        _trainer = new PressureTrainer(_options);
        _recordings = _isSimulated ? [] : [.. PressureRecordings.Read(request.Data, request.Reading)];
        People = _isSimulated ? [.. Enumerable.Range(0, _options.SimulatedPersons).Select(number => $"person{number:000}")]
            : [.. _recordings.Select(r => r.Person).Distinct().Order(StringComparer.Ordinal)];
        DataHash = HashOf(_recordings);
    }

    public IReadOnlyList<string> People { get; }

    public string Data => _isSimulated ? $"{_options.SimulatedPersons} simulated persons" : string.Join("; ", _recordings.GroupBy(r => r.Set).Select(g => $"{g.Key}: {string.Join(' ', g.Select(r => r.Person))}"));

    public string DataHash { get; }

    public int Steps => _options.Epochs * _options.StepsOfEpoch;

    public string ErrorUnit => "mmHg";

    public IReadOnlyList<string> ScoreColumns { get; } =
        ["windows", .. Predictors.SelectMany(predictor => Pressures.SelectMany(pressure => Sums.Select(sum => $"{predictor}_{pressure}_{sum}")))];

    public void Prepare(Action<string, double> progress, CancellationToken stop)
    {
        for (var number = 0; _isSimulated && number < _options.SimulatedPersons; number++)
        {
            stop.ThrowIfCancellationRequested();
            progress("Simulated persons", number / (double)_options.SimulatedPersons);
            _recordings.Add(PressureTrainer.Simulated(number));
        }
    }

    /// <summary>The number of epochs, by early stopping on some of those who are trained on.</summary>
    public string? FitInputs(IReadOnlySet<string> held, Action<string> progress, CancellationToken stop) =>
        _trainer.FindEpochs(Without(held), progress, stop).ToString(CultureInfo.InvariantCulture);

    public TrainingLoop Begin(IReadOnlySet<string> held, string? inputs) => _trainer.Begin(Without(held), int.Parse(inputs ?? "1", CultureInfo.InvariantCulture));

    public IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held)
    {
        var others = Without(held);
        var mean = (Systolic: others.Average(r => r.Windows.Average(w => w.Systolic)), Diastolic: others.Average(r => r.Windows.Average(w => w.Diastolic)));
        foreach (var one in _recordings.Where(r => held.Contains(r.Person)))
        {
            var found = PressureTrainer.Run((PressureNetwork)network, one);
            var errors = new PressureErrors[Predictors.Length, Pressures.Length];
            for (var pressure = 0; pressure < Pressures.Length; pressure++)
            {
                double Truth(int w) => pressure == 0 ? one.Windows[w].Systolic : one.Windows[w].Diastolic;
                double Found(int w) => pressure == 0 ? found[w].Systolic : found[w].Diastolic;
                var all = Enumerable.Range(0, found.Length).ToList();
                errors[0, pressure] = PressureErrors.Of(all.Select(w => Found(w) - Truth(w)));
                errors[1, pressure] = PressureErrors.Of(all.Select(w => (pressure == 0 ? mean.Systolic : mean.Diastolic) - Truth(w)));
                if (!one.HasCourse || found.Length <= FirstScored)
                    continue;
                var offset = Truth(0) - all.Take(CalibrationWindows).Average(Found);
                errors[2, pressure] = PressureErrors.Of(all.Skip(FirstScored).Select(w => Found(w) + offset - Truth(w)));
                errors[3, pressure] = PressureErrors.Of(all.Skip(FirstScored).Select(w => Truth(0) - Truth(w)));
            }
            yield return new HeldOutScore(one.Set, one.Person, found.Length, [.. errors.Cast<PressureErrors>().SelectMany(FiguresOf)]);
        }
    }

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores)
    {
        var parts = new List<string>();
        for (var predictor = 0; predictor < Predictors.Length; predictor++)
            for (var pressure = 0; pressure < Pressures.Length; pressure++)
            {
                var at = (predictor * Pressures.Length + pressure) * Sums.Length;
                var sum = scores.Select(score => ErrorsOf(score.Figures, at)).Aggregate((a, b) => a + b);
                if (sum.Count > 0)
                    parts.Add($"{Predictors[predictor].Replace('_', ' ')} {Pressures[pressure]}: {sum.Text(scores.Count)}");
            }
        return string.Create(CultureInfo.InvariantCulture, $"{set}, {scores.Count} persons held out, {scores.Sum(score => score.Count)} windows\n#   {string.Join("\n#   ", parts)}");
    }

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        throw new InvalidOperationException("A network for blood pressure has no package: the constructor refuses an output.");

    private List<PressureRecording> Without(IReadOnlySet<string> held) => [.. _recordings.Where(r => !held.Contains(r.Person))];

    private static IEnumerable<double> FiguresOf(PressureErrors errors) =>
        [errors.Count, errors.Absolute, errors.Sum, errors.Squares, errors.Within5, errors.Within10, errors.Within15];

    private static PressureErrors ErrorsOf(IReadOnlyList<double> figures, int at) =>
        new(figures[at], figures[at + 1], figures[at + 2], figures[at + 3], figures[at + 4], figures[at + 5], figures[at + 6]);

    private static string HashOf(IEnumerable<PressureRecording> recordings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var recording in recordings)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{recording.Set}/{recording.Person} {recording.Windows.Count}\n"));
            foreach (var window in recording.Windows)
            {
                hash.AppendData(MemoryMarshal.AsBytes<float>(window.Input));
                hash.AppendData(MemoryMarshal.AsBytes<double>([window.Systolic, window.Diastolic]));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
