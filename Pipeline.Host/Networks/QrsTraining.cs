using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Host.Commands;
using Pipeline.Training;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>
/// Training of the QRS network: WFDB records with reference beats (<c>NAME.atr</c>); records without are taken for noise to mix in, by their names
/// <c>em</c>, <c>ma</c>, <c>bw</c> of the MIT-BIH noise stress test database.
/// </summary>
internal sealed class QrsTraining : ITraining
{
    private static readonly string[] NoiseNames = ["em", "ma", "bw"];
    private readonly List<(string Set, EcgRecording Record)> _records = [];
    private readonly Dictionary<string, EcgRecording> _noises = new(StringComparer.Ordinal);
    private readonly QrsCourse _course;

    /// <summary>Reads the recordings.</summary>
    /// <exception cref="CommandException">A folder is not there, or nothing in them can be trained on.</exception>
    public QrsTraining(TrainRequest request)
    {
        foreach (var folder in request.Data)
            Read(folder);
        if (_records.Count == 0)
            throw CommandException.BadUsage("--data: no folder holds a WFDB record with reference beats (NAME.hea with NAME.atr beside it).");
        if (_records.GroupBy(r => r.Record.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw CommandException.BadUsage($"{twice.Key} is there twice, in {string.Join(" and ", twice.Select(r => r.Set))}: a recording must not be on both sides of a split.");
        var options = new QrsTrainingOptions { Seed = request.Seed, Device = request.Device };
        Steps = request.Steps ?? (request.Epochs is { } epochs ? (int)Math.Min(int.MaxValue, epochs * (long)StepsOfEpoch) : options.Steps);
        _course = new QrsCourse([.. _records.Select(r => r.Record)], _noises, options with { Steps = Steps });
        People = [.. _records.Select(r => QrsCourse.PersonOf(r.Record.Name)).Distinct().Order(StringComparer.Ordinal)];
        DataHash = HashOf(_records.Select(r => r.Record).Concat(_noises.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Value)));
    }

    public IReadOnlyList<string> People { get; }

    public string Data =>
        string.Join("; ", _records.GroupBy(r => r.Set).Select(g => $"{g.Key}: {string.Join(' ', g.Select(r => r.Record.Name))}"))
        + (_noises.Count == 0 ? "" : $"; noise: {string.Join(' ', _noises.Keys)}");

    public string DataHash { get; }

    public int Steps { get; }

    public string ErrorUnit => "% of candidates";

    public IReadOnlyList<string> ScoreColumns =>
    [
        "beats", "f1", "false", "missed", "lead0_f1", "lead0_false", "lead0_missed", "em6_f1", "em0_f1", "lead0_em6_f1", "lead0_em0_f1",
    ];

    // Every beat is met in about 14 dresses, and as often there is a candidate that is none.
    private int StepsOfEpoch => _records.Sum(r => r.Record.Beats.Length) * 28 / 512;

    public void Prepare(Action<string, double> progress, CancellationToken stop) => _course.Prepare(progress, stop);

    public TrainingLoop Begin(IReadOnlySet<string> held) => _course.Begin(held);

    public IEnumerable<HeldOutScore> Score(torch.nn.Module network, IReadOnlySet<string> held) =>
        _records.Where(r => held.Contains(QrsCourse.PersonOf(r.Record.Name))).Select(r =>
        {
            var score = QrsHeldOut.Of(r.Record, (QrsClassifier)network, _noises.GetValueOrDefault("em"));
            double[] figures =
            [
                score.BothLeads.F1, score.BothLeads.False, score.BothLeads.Missed, score.FirstLead.F1, score.FirstLead.False, score.FirstLead.Missed,
                .. score.Noisy.Select(n => n.F1),
            ];
            return new HeldOutScore(r.Set, r.Record.Name, score.BothLeads.True + score.BothLeads.Missed, figures);
        });

    public string FigureOf(string set, IReadOnlyList<HeldOutScore> scores)
    {
        double Pooled(int at)
        {
            var missed = scores.Sum(s => s.Figures[at + 1]);
            var found = scores.Sum(s => s.Count) - missed;
            return 200 * found / (2 * found + scores.Sum(s => s.Figures[at]) + missed);
        }
        var noisy = scores[0].Figures.Count > 6
            ? string.Create(CultureInfo.InvariantCulture, $"; with electrode motion at 6 and 0 dB, mean over records, {scores.Average(s => s.Figures[6]):F1} and {scores.Average(s => s.Figures[7]):F1} %, first lead {scores.Average(s => s.Figures[8]):F1} and {scores.Average(s => s.Figures[9]):F1} %")
            : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{set}: held-out F1 of all beats {Pooled(1):F2} % (worst of {scores.Count} records {scores.Min(s => s.Figures[0]):F2}), first lead alone {Pooled(4):F2} % (worst {scores.Min(s => s.Figures[3]):F2}){noisy}");
    }

    public string Save(string folder, string name, torch.nn.Module network, IReadOnlyDictionary<string, string> card) =>
        QrsPackage.Save(folder, name, (QrsClassifier)network, card);

    private void Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw CommandException.BadUsage($"--data {folder}: there is no such folder.");
        var set = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        foreach (var name in Directory.GetFiles(folder, "*.hea").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal))
        {
            if (File.Exists(Path.Combine(folder, name + ".atr")))
                _records.Add((set, EcgRecordings.Read(folder, name)));
            else if (NoiseNames.Contains(name))
                _noises[name] = EcgRecordings.Read(folder, name);
        }
    }

    private static string HashOf(IEnumerable<EcgRecording> records)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var record in records)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{record.Name} {record.RateHz} {record.Beats.Length}\n")));
            foreach (var lead in record.Leads)
                hash.AppendData(MemoryMarshal.AsBytes(lead.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(record.Beats.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
