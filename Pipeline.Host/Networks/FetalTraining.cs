using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Training.Fetal;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>Training of the fetal network: simulated labours, and recordings of abdominal leads with reference beats of the fetus, in every choice of their leads.</summary>
internal sealed class FetalTraining : ITraining
{
    private readonly IReadOnlyList<FetalRecording> _recordings;
    private readonly FetalTrainingOptions _options;
    private readonly FetalTrainer _trainer;
    private readonly List<FetalSequence> _simulated = [], _recorded = [], _heldOut = [];

    /// <summary>Reads the recordings.</summary>
    public FetalTraining(TrainRequest request)
    {
        _recordings = FetalRecordings.Read(request.Data, request.Reading);
        var options = new FetalTrainingOptions { Seed = request.Seed, Device = request.Device };
        Steps = request.Steps ?? (request.Epochs is { } epochs ? (int)Math.Min(int.MaxValue, epochs * (long)StepsOfEpoch(options)) : options.Steps);
        _options = options with { Steps = Steps };
        _trainer = new FetalTrainer(_options);
        People = [.. _recordings.Select(r => r.Person).Distinct().Order(StringComparer.Ordinal)];
        DataHash = HashOf(_recordings);
    }

    public IReadOnlyList<string> People { get; }

    public string Data => string.Join("; ", _recordings.GroupBy(r => r.Set).Select(g => $"{g.Key}: {string.Join(' ', g.Select(r => r.Name))}")
        .Append(string.Create(CultureInfo.InvariantCulture, $"{_options.Labours} simulated labours")));

    public string DataHash { get; }

    public int Steps { get; }

    public string ErrorUnit => "bpm";

    public IReadOnlyList<string> ScoreColumns => FetalScores.Columns;

    public void Prepare(Action<string, double> progress, CancellationToken stop)
    {
        var labours = _options.Labours + _options.HeldOutLabours;
        for (var n = 0; n < labours; n++)
        {
            stop.ThrowIfCancellationRequested();
            progress("Simulated labours", n / (double)labours);
            if (n < _options.Labours)
                _simulated.Add(FetalTrainer.Simulated(n, isHeldOut: false));
            else
                _heldOut.Add(FetalTrainer.Simulated(n - _options.Labours, isHeldOut: true));
        }
        for (var r = 0; r < _recordings.Count; r++)
        {
            stop.ThrowIfCancellationRequested();
            progress("Recordings", r / (double)_recordings.Count);
            _recorded.AddRange(FetalTrainer.See(_recordings[r]));
        }
    }

    public TrainingLoop Begin(IReadOnlySet<string> held, string? inputs) => _trainer.Begin([.. _simulated, .. _recorded.Where(one => !held.Contains(one.Person!))]);

    /// <summary>The recordings of those who were held out, and the simulated labours that nobody learns from.</summary>
    public IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held) =>
        FetalScores.RowsOf(_recorded.Where(one => held.Contains(one.Person!)).Concat(_heldOut), one => FetalScore.Of((RateNetwork)network, one));

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores) => FetalScores.Line(set, scores);

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        FetalTrainer.Save(folder, name, (RateNetwork)network, card);

    private int StepsOfEpoch(FetalTrainingOptions options) => Math.Max(1, (options.Labours + _recordings.Count) / RateBatch.Size);

    private static string HashOf(IEnumerable<FetalRecording> recordings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var recording in recordings)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{recording.Set}/{recording.Name} {recording.RateHz} {recording.Leads.Length} {recording.Beats.Length}\n")));
            foreach (var lead in recording.Leads)
                hash.AppendData(MemoryMarshal.AsBytes<float>(lead));
            hash.AppendData(MemoryMarshal.AsBytes<double>(recording.Beats));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
