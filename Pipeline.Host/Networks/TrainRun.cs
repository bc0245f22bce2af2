using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Host.Errors;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>
/// Trains a network: once for each fold without the people of that fold, who are then scored, and at last on everybody. Runs on one thread, so
/// that the same seed gives the same weights. What is done is kept in a checkpoint: the same command goes on there, to the same weights.
/// </summary>
/// <param name="request">What was asked.</param>
/// <param name="read">Reads the data of the kind of network.</param>
/// <param name="output">For the held-out errors.</param>
/// <param name="time">How often the checkpoint is written.</param>
/// <param name="stepped">Told after every step, on the training's thread.</param>
internal sealed partial class TrainRun(TrainRequest request, Func<TrainRequest, ITraining> read, TextWriter output, TimeProvider time, Action? stepped = null)
{
    private static readonly HashSet<string> Nobody = [];

    /// <summary>How far it is.</summary>
    public Fitting Fitting { get; } = new(time, stepped);

    /// <summary>Does it all.</summary>
    /// <exception cref="CommandException">The data cannot be used, or it was interrupted.</exception>
    public void Run(CancellationToken stop)
    {
        var name = request.Output is { } folder ? NameOf(folder) : "";
        var training = read(request);
        Fitting.ErrorUnit = training.ErrorUnit;
        var folds = request.Folds is { } asked ? FoldsOf(training.People, asked) : [];
        Fitting.TotalSteps = training.Steps * (folds.Count + (NeedsEverybody ? 1 : 0));
        var checkpoint = TrainCheckpoint.Open(request, training, folds);
        if (checkpoint.IsResumed)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"# goes on from {checkpoint.Path}: {checkpoint.Scores.Count} of {folds.Count} folds done, then step {checkpoint.Step} of {training.Steps}"));
        Fitting.Prepare(training, stop);
        var figures = Measure(training, checkpoint, folds, stop);
        if (NeedsEverybody)
        {
            Fitting.Doing = "All recordings";
            using var loop = Fitting.Fit(training, checkpoint, Nobody, stop);
            Test(training, loop.Network, figures);
            if (request.Output is not null)
                Save(training, name, loop.Network, folds.Count, figures);
        }
        checkpoint.Delete();
    }

    private bool NeedsEverybody => request.Output is not null || request.Test.Count > 0;

    private void Save(ITraining training, string name, torch.nn.Module network, int folds, List<string> figures)
    {
        var identity = training.Save(request.Output!, name, network, CardOf(training, folds, figures));
        output.WriteLine($"{identity} written to {request.Output}");
    }

    private void Test(ITraining training, torch.nn.Module network, List<string> figures)
    {
        var scores = training.ScoreTest(network).ToList();
        if (scores.Count > 0)
            WriteHeader(training);
        foreach (var score in scores)
            Write("test", score);
        foreach (var figure in scores.GroupBy(s => s.Set).Select(set => $"trained on --data alone, {training.FigureOf(set.Key, [.. set])}"))
        {
            output.WriteLine($"# {figure}");
            figures.Add(figure);
        }
    }

    private void WriteHeader(ITraining training) => output.WriteLine($"fold,set,recording,{string.Join(',', training.ScoreColumns)}");

    private void Write(string fold, HeldOutScore score) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{fold},{score.Set},{score.Recording},{score.Count},{string.Join(',', score.Figures.Select(x => x.ToString("F3", CultureInfo.InvariantCulture)))}"));

    private List<string> Measure(ITraining training, TrainCheckpoint checkpoint, List<IReadOnlySet<string>> folds, CancellationToken stop)
    {
        if (folds.Count == 0)
            return [];
        WriteHeader(training);
        for (var f = 0; f < folds.Count; f++)
        {
            if (f >= checkpoint.Scores.Count)
            {
                Fitting.Doing = $"Fold {f + 1} of {folds.Count}";
                using var loop = Fitting.Fit(training, checkpoint, folds[f], stop);
                checkpoint.Finish([.. training.Score(loop.Network, folds[f])]);
            }
            else
                Fitting.Skip(training.Steps);
            foreach (var score in checkpoint.Scores[f])
                Write((f + 1).ToString(CultureInfo.InvariantCulture), score);
        }
        var figures = checkpoint.Scores.SelectMany(s => s).GroupBy(s => s.Set).Select(set => training.FigureOf(set.Key, [.. set])).ToList();
        foreach (var figure in figures)
            output.WriteLine($"# {figure}");
        return figures;
    }

    /// <summary>People are dealt out by name in turn; every person is held out once.</summary>
    internal static List<IReadOnlySet<string>> FoldsOf(IReadOnlyList<string> people, int asked)
    {
        var count = asked == int.MaxValue ? people.Count : asked;
        if (count < 2 || count > people.Count)
            throw CommandException.BadUsage($"--folds {count}: 2 to {people.Count} are possible with {people.Count} people.");
        return [.. Enumerable.Range(0, count).Select(f => people.Where((_, i) => i % count == f).ToHashSet())];
    }

    private SortedDictionary<string, string> CardOf(ITraining training, int folds, List<string> figures)
    {
        var card = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["command"] = request.Command,
            ["data"] = training.Data,
            ["figures"] = figures.Count == 0 ? "not measured" : string.Join("; ", figures),
            ["seed"] = request.Seed.ToString(CultureInfo.InvariantCulture),
            ["split"] = folds == 0 ? "none; trained on all recordings" : $"{folds} folds by person (recording), names in order dealt out in turn; then trained on all recordings",
            ["steps"] = training.Steps.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, text) in training.NotesOf(folds > 0).Concat(request.Notes))
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
