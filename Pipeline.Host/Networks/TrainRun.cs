using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Host.Commands;
using Pipeline.Training;
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
    private const double Memory = 0.95;   // of the averages that the bar shows
    private static readonly TimeSpan CheckpointEvery = TimeSpan.FromSeconds(30);
    private static readonly HashSet<string> Nobody = [];
    private int _doneSteps;
    private double _loss = double.NaN;
    private double _error = double.NaN;

    /// <summary>What is being done.</summary>
    public string Doing { get; private set; } = "Reading";

    /// <summary>Loss, averaged over the last steps; NaN before the first.</summary>
    public double Loss => Volatile.Read(ref _loss);

    /// <summary>Error of the batches, with its unit, averaged likewise; empty before the first.</summary>
    public string Error => double.IsNaN(Volatile.Read(ref _error)) ? "" : string.Create(CultureInfo.InvariantCulture, $"{Volatile.Read(ref _error):F2} {ErrorUnit}");

    /// <summary>Steps that are done, of all.</summary>
    public (int Done, int All) Steps => (Volatile.Read(ref _doneSteps), TotalSteps);

    private int TotalSteps { get; set; }

    private string ErrorUnit { get; set; } = "";

    /// <summary>Does it all.</summary>
    /// <exception cref="CommandException">The data cannot be used, or it was interrupted.</exception>
    public void Run(CancellationToken stop)
    {
        var name = request.Output is { } folder ? NameOf(folder) : "";
        var training = read(request);
        ErrorUnit = training.ErrorUnit;
        var folds = request.Folds is { } asked ? FoldsOf(training.People, asked) : [];
        TotalSteps = training.Steps * (folds.Count + (request.Output is null ? 0 : 1));
        var checkpoint = TrainCheckpoint.Open(request, training);
        if (checkpoint.IsResumed)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"# goes on from {checkpoint.Path}: {checkpoint.Scores.Count} of {folds.Count} folds done, then step {checkpoint.Step} of {training.Steps}"));
        training.Prepare((doing, part) => Doing = string.Create(CultureInfo.InvariantCulture, $"{doing} {100 * part:F0} %"), stop);
        var figures = Measure(training, checkpoint, folds, stop);
        if (request.Output is not null)
        {
            Doing = "All recordings";
            using var loop = Fit(training, checkpoint, Nobody, stop);
            var identity = training.Save(request.Output, name, loop.Network, CardOf(training, folds.Count, figures));
            output.WriteLine($"{identity} written to {request.Output}");
        }
        checkpoint.Delete();
    }

    private List<string> Measure(ITraining training, TrainCheckpoint checkpoint, List<IReadOnlySet<string>> folds, CancellationToken stop)
    {
        if (folds.Count == 0)
            return [];
        output.WriteLine($"fold,set,recording,{string.Join(',', training.ScoreColumns)}");
        for (var f = 0; f < folds.Count; f++)
        {
            if (f >= checkpoint.Scores.Count)
            {
                Doing = $"Fold {f + 1} of {folds.Count}";
                using var loop = Fit(training, checkpoint, folds[f], stop);
                checkpoint.Finish([.. training.Score(loop.Network, folds[f])]);
            }
            else
                Interlocked.Add(ref _doneSteps, training.Steps);
            foreach (var score in checkpoint.Scores[f])
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{f + 1},{score.Set},{score.Recording},{score.Count},{string.Join(',', score.Figures.Select(x => x.ToString("F3", CultureInfo.InvariantCulture)))}"));
        }
        var figures = checkpoint.Scores.SelectMany(s => s).GroupBy(s => s.Set).Select(set => training.FigureOf(set.Key, [.. set])).ToList();
        foreach (var figure in figures)
            output.WriteLine($"# {figure}");
        return figures;
    }

    /// <summary>Trains without <paramref name="held"/>, from the checkpoint's step on. The network is on the CPU and in evaluation afterwards.</summary>
    private TrainingLoop Fit(ITraining training, TrainCheckpoint checkpoint, IReadOnlySet<string> held, CancellationToken stop)
    {
        var loop = training.Begin(held);
        checkpoint.Restore(loop);
        Interlocked.Add(ref _doneSteps, loop.Step);
        var saved = time.GetTimestamp();
        while (loop.Step < loop.Steps)
        {
            if (stop.IsCancellationRequested)
            {
                checkpoint.Save(loop);
                throw new CommandException($"Interrupted at step {loop.Step} of {loop.Steps} ({Doing}); the same command goes on from there: it is kept in {checkpoint.Path}.");
            }
            var (loss, error) = loop.Next();
            Show(loss, error, loop.Step);
            stepped?.Invoke();
            if (time.GetElapsedTime(saved) < CheckpointEvery)
                continue;
            checkpoint.Save(loop);
            saved = time.GetTimestamp();
        }
        loop.Network.to(torch.CPU);
        loop.Network.eval();
        return loop;
    }

    private void Show(double loss, double error, int step)
    {
        Volatile.Write(ref _loss, step == 1 || double.IsNaN(_loss) ? loss : Memory * _loss + (1 - Memory) * loss);
        Volatile.Write(ref _error, step == 1 || double.IsNaN(_error) ? error : Memory * _error + (1 - Memory) * error);
        Interlocked.Increment(ref _doneSteps);
    }

    /// <summary>People are dealt out by name in turn; every person is held out once.</summary>
    private static List<IReadOnlySet<string>> FoldsOf(IReadOnlyList<string> people, int asked)
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
