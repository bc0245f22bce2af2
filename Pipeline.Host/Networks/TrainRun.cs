using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Host.Commands;
using Pipeline.Training;

namespace Pipeline.Host.Networks;

/// <summary>What was asked of <c>train heart-rate</c>.</summary>
/// <param name="Data">Folders of recordings.</param>
/// <param name="Folds">Parts into which the people are cut for held-out errors; <see cref="int.MaxValue"/>: one each; null: no held-out errors.</param>
/// <param name="Options">Steps, seed, device.</param>
/// <param name="Output">Folder of the package; null: none is written.</param>
/// <param name="Notes">More lines for the model card.</param>
/// <param name="Command">The command line, for the model card.</param>
internal sealed record TrainRequest(
    IReadOnlyList<string> Data, int? Folds, RateTrainingOptions Options, string? Output, IReadOnlyDictionary<string, string> Notes, string Command);

/// <summary>
/// Trains the heart-rate network: once for each fold without the people of that fold, who are then scored, and at last on everybody. Runs on
/// one thread, so that the same seed gives the same weights.
/// </summary>
/// <param name="request">What was asked.</param>
/// <param name="output">For the held-out errors.</param>
internal sealed partial class TrainRun(TrainRequest request, TextWriter output)
{
    private const double LossMemory = 0.95;
    private int _doneSteps;
    private double _loss = double.NaN;

    /// <summary>What is being done.</summary>
    public string Doing { get; private set; } = "Reading";

    /// <summary>Loss, averaged over the last steps; NaN before the first.</summary>
    public double Loss => Volatile.Read(ref _loss);

    /// <summary>Part of all steps that is done, 0 to 1.</summary>
    public double Progress => TotalSteps == 0 ? 0 : Volatile.Read(ref _doneSteps) / (double)TotalSteps;

    private int TotalSteps { get; set; }

    /// <summary>Does it all.</summary>
    public void Run(CancellationToken stop)
    {
        var name = request.Output is { } folder ? NameOf(folder) : "";
        var recordings = TrainingData.Read(request.Data);
        var folds = request.Folds is { } asked ? FoldsOf(recordings, asked) : [];
        TotalSteps = request.Options.Steps * (folds.Count + (request.Output is null ? 0 : 1));
        var trainer = new RateTrainer(request.Options);
        Doing = "Features";
        var sequences = recordings.ToDictionary(r => r, trainer.Prepare);
        var figures = Measure(trainer, sequences, folds, stop);
        if (request.Output is null)
            return;
        Doing = "All recordings";
        using var network = trainer.Train([.. sequences.Values], Report, stop);
        var identity = RatePackage.Save(request.Output, name, network, CardOf(recordings, folds.Count, figures));
        output.WriteLine($"{identity} written to {request.Output}");
    }

    private List<string> Measure(
        RateTrainer trainer, Dictionary<RateRecording, RateSequence[]> sequences, List<IReadOnlySet<string>> folds, CancellationToken stop)
    {
        if (folds.Count == 0)
            return [];
        output.WriteLine("fold,set,recording,windows,mae_bpm,within_5_bpm,within_90_interval");
        var scores = new List<RateScore>();
        for (var f = 0; f < folds.Count; f++)
        {
            Doing = $"Fold {f + 1} of {folds.Count}";
            var held = folds[f];
            using var network = trainer.Train([.. sequences.Where(s => !held.Contains(s.Key.Subject)).Select(s => s.Value)], Report, stop);
            foreach (var (recording, speeds) in sequences.Where(s => held.Contains(s.Key.Subject)))
            {
                var score = RateTrainer.Score(network, speeds.Single(s => s.Stretch == 1));
                scores.Add(score);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{f + 1},{recording.Set},{recording.Name},{score.Windows},{score.MeanError:F2},{score.Near:F3},{score.Covered:F3}"));
            }
        }
        var figures = scores.GroupBy(s => s.Recording.Set).Select(FigureOf).ToList();
        foreach (var figure in figures)
            output.WriteLine($"# {figure}");
        return figures;
    }

    private static string FigureOf(IGrouping<string, RateScore> set) => string.Create(CultureInfo.InvariantCulture,
        $"{set.Key}: held-out error {set.Average(s => s.MeanError):F2} bpm (mean over {set.Count()} recordings; worst {set.Max(s => s.MeanError):F2}), "
        + $"{100 * set.Average(s => s.Near):F1} % of windows within 5 bpm, 90 % interval holds {100 * set.Average(s => s.Covered):F1} %");

    /// <summary>People are dealt out by name in turn; every person is held out once.</summary>
    private static List<IReadOnlySet<string>> FoldsOf(IReadOnlyList<RateRecording> recordings, int asked)
    {
        var people = recordings.Select(r => r.Subject).Distinct().Order(StringComparer.Ordinal).ToList();
        var count = asked == int.MaxValue ? people.Count : asked;
        if (count < 2 || count > people.Count)
            throw CommandException.BadUsage($"--folds {count}: 2 to {people.Count} are possible with {people.Count} people.");
        return [.. Enumerable.Range(0, count).Select(f => people.Where((_, i) => i % count == f).ToHashSet())];
    }

    private void Report(int step, double loss)
    {
        Volatile.Write(ref _loss, step == 1 ? loss : LossMemory * _loss + (1 - LossMemory) * loss);
        Interlocked.Increment(ref _doneSteps);
    }

    private SortedDictionary<string, string> CardOf(IReadOnlyList<RateRecording> recordings, int folds, List<string> figures)
    {
        var card = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["command"] = request.Command,
            ["data"] = string.Join("; ", recordings.GroupBy(r => r.Set).Select(g => $"{g.Key}: {string.Join(' ', g.Select(r => r.Name))}")),
            ["figures"] = figures.Count == 0 ? "not measured" : string.Join("; ", figures),
            ["seed"] = request.Options.Seed.ToString(CultureInfo.InvariantCulture),
            ["split"] = folds == 0 ? "none; trained on all recordings" : $"{folds} folds by person (recording), names in order dealt out in turn; then trained on all recordings",
            ["steps"] = request.Options.Steps.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, text) in request.Notes)
            card[key] = text;
        return card;
    }

    private static string NameOf(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return ModelName().IsMatch(name)
            ? name
            : throw CommandException.BadUsage($"--out {folder}: the folder's name becomes the model's; letters, digits, - and _ are possible.");
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}$")]
    private static partial Regex ModelName();
}
