using System.Globalization;
using Pipeline.Actors;
using Pipeline.Host.Errors;
using Pipeline.Host.Estimates;
using Pipeline.Host.Networks;
using Pipeline.Host.References;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;

namespace Pipeline.Host.Evaluation;

/// <summary>
/// Scores a model on recordings with references, through the very flow that <c>estimate</c> and <c>run</c> use. With a split, a network is
/// trained for each fold without its recordings, written as a package, and scored on them alone.
/// </summary>
/// <param name="request">What was asked.</param>
/// <param name="kinds">The networks that can be trained, by the manifest of their packages.</param>
/// <param name="time">How often the trainings' checkpoint is written.</param>
internal sealed class EvaluateRun(EvaluateRequest request, Func<ModelManifest, Func<TrainRequest, ITraining>?> kinds, TimeProvider time)
{
    private static readonly SignalKind[] Preferred = [SignalKind.Ppg, SignalKind.Ecg, SignalKind.Abp, SignalKind.Camera];
    private EstimateRun? _estimating;

    /// <summary>How far the trainings are.</summary>
    public Fitting Fitting { get; } = new(time);

    /// <summary>What is being done.</summary>
    public string Text => Volatile.Read(ref _estimating) is null ? Fitting.Text : Fitting.Doing;

    /// <summary>Part that is done, 0 to 1: of the steps of all trainings, or of the recordings when there are none.</summary>
    public double Progress => Fitting.TotalSteps > 0
        ? Fitting.Progress
        : Volatile.Read(ref _estimating)?.Progress ?? 0;

    /// <summary>What a person should know: one line each.</summary>
    public List<string> Remarks { get; } = [];

    /// <summary>Does it all.</summary>
    /// <exception cref="CommandException">The data or the split cannot be used, or it was interrupted.</exception>
    public async Task<EvaluationResult> RunAsync(CancellationToken stop)
    {
        var recordings = ReferencedRecordings.Find(request.Data);
        var references = recordings.Select(r => ReferenceRates.Read(r.Reference)).ToList();
        var split = request.Split switch
        {
            null => null,
            "loso" => Split.LeaveOneOut(recordings),
            var file => Split.Read(file, recordings),
        };
        var points = recordings.Select(_ => new List<VitalPoint>()).ToList();
        var parts = split is null || request.Model == Stages.Classical
            ? await ScoreAsIsAsync(recordings, split, points, stop)
            : await ScoreFoldsAsync(recordings, split, points, stop);
        var signal = SignalOf(points);
        var scored = recordings.Select((r, i) => (Recording: r, Points: points[i], Reference: references[i]))
            .Where(r => parts.Any(part => part.Test.Contains(r.Recording.Name)))
            .Select(r => (r.Recording.Path, Scored: new ScoredRecording(r.Recording.Set, split?.SubjectOf(r.Recording.Name) ?? r.Recording.Name, r.Recording.Name, Windows(r.Points, signal, r.Reference))))
            .ToList();
        if (scored.TrueForAll(r => r.Scored.Windows.Count == 0))
            throw CommandException.BadUsage("No window of 8 s has a reference: t_start_s is the window's start, every 2 s from 0.");
        return new EvaluationResult(request, signal, parts, [.. scored.Select(s => s.Scored)], scored.ToDictionary(s => s.Scored.Name, s => s.Path), [.. Remarks]);
    }

    private async Task<IReadOnlyList<ScoredPart>> ScoreAsIsAsync(
        IReadOnlyList<ReferencedRecording> recordings, Split? split, List<List<VitalPoint>> points, CancellationToken stop)
    {
        if (split is { Folds: { Count: > 1 } })
            throw CommandException.BadUsage($"{Stages.Classical} is not trained: --split {request.Split} has nothing to hold out. Leave it out, or name {Stages.Classical} with a file whose fold test is scored.");
        var test = split is null ? recordings.Select(r => r.Name).ToHashSet() : split.Folds[0].Test;
        using var model = ModelCatalog.Open(request.Model);
        if (ModelCatalog.Load(request.Model) is { } package)
            WarnOfTraining(package, recordings);
        Fitting.Doing = "Estimating";
        await EstimateAsync(recordings, test, model, points, stop);
        return [new ScoredPart(null, model?.Identity ?? Stages.Classical, test, null)];
    }

    private async Task<IReadOnlyList<ScoredPart>> ScoreFoldsAsync(
        IReadOnlyList<ReferencedRecording> recordings, Split split, List<List<VitalPoint>> points, CancellationToken stop)
    {
        var (training, train, checkpoint) = BeginTraining(recordings, split);
        Fitting.ErrorUnit = training.ErrorUnit;
        Fitting.TotalSteps = training.Steps * split.Folds.Count;
        await Task.Run(() => Fitting.Prepare(training, stop), stop);
        var parts = new List<ScoredPart>();
        for (var f = 0; f < split.Folds.Count; f++)
        {
            var fold = split.Folds[f];
            Fitting.Doing = split.Folds.Count == 1 ? "Training" : $"Fold {f + 1} of {split.Folds.Count}";
            var folder = Path.Combine(checkpoint.Path, $"fold-{(f + 1).ToString(CultureInfo.InvariantCulture)}");
            if (f < checkpoint.Scores.Count)
                Fitting.Skip(training.Steps);
            else
                await Task.Factory.StartNew(() => Train(training, checkpoint, fold, folder, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            using var model = ModelCatalog.Open(folder) ?? throw new InvalidOperationException("A package is never classical.");
            await EstimateAsync(recordings, fold.Test, model, points, stop);
            parts.Add(new ScoredPart(fold.Name, model.Identity, fold.Test, fold.Train.Count));
        }
        Remarks.Add(string.Create(CultureInfo.InvariantCulture, $"Each fold was trained for {training.Steps} steps, seed {train.Seed}, on the other recordings of --data."));
        Directory.Delete(checkpoint.Path, recursive: true);
        return parts;
    }

    private (ITraining Training, TrainRequest Request, TrainCheckpoint Checkpoint) BeginTraining(IReadOnlyList<ReferencedRecording> recordings, Split split)
    {
        var package = ModelCatalog.Load(request.Model) ?? throw new InvalidOperationException("The classical estimator is not trained.");
        var manifest = package.Manifest;
        var read = kinds(manifest) ?? throw CommandException.BadUsage($"{package.Identity} is for the task '{manifest.Task}', which cannot be trained here: leave --split out.");
        if (split.Folds.FirstOrDefault(fold => fold.Train.Count == 0) is { } empty)
            throw CommandException.BadUsage($"--split {request.Split}: nothing is left to train on for the fold {empty.Name}.");
        int? Of(string key) => manifest.Card.TryGetValue(key, out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
        var train = new TrainRequest(
            request.Model, request.Data, request.Reading, null, request.Steps ?? (request.Epochs is null ? Of("steps") : null), request.Epochs,
            request.Seed ?? Of("seed") ?? 1, request.Device, Path.ChangeExtension(request.Report, null), new Dictionary<string, string>(), request.Command);
        var training = read(train);
        var everybody = recordings.Select(r => r.Name).ToHashSet();
        return (training, train, TrainCheckpoint.Open(train, training, [.. split.Folds.Select(fold => everybody.Except(fold.Train).ToHashSet())]));
    }

    private void Train(ITraining training, TrainCheckpoint checkpoint, Fold fold, string folder, CancellationToken stop)
    {
        var held = training.People.Where(person => !fold.Train.Contains(person)).ToHashSet();
        using var loop = Fitting.Fit(training, checkpoint, held, stop);
        training.Save(folder, $"fold-{fold.Name}", loop.Network, new Dictionary<string, string> { ["split"] = $"without {string.Join(' ', held.Order(StringComparer.Ordinal))}" });
        checkpoint.Finish([]);
    }

    private async Task EstimateAsync(
        IReadOnlyList<ReferencedRecording> recordings, IReadOnlySet<string> wanted, RateModel? model, List<List<VitalPoint>> points, CancellationToken stop)
    {
        var indices = Enumerable.Range(0, recordings.Count).Where(i => wanted.Contains(recordings[i].Name)).ToList();
        var files = new Estimates.EstimateRequest([.. indices.Select(i => recordings[i].Path)], request.Reading, EstimateFormat.Csv, null, null);
        await using var run = new EstimateRun(files, TextWriter.Null, model, (index, point) => points[indices[index]].Add(point));
        Volatile.Write(ref _estimating, run);
        await run.RunAsync(time, stop);
        Volatile.Write(ref _estimating, null);
        if (run.Faults.FirstOrDefault() is { } fault)
            throw CommandException.BadUsage(fault);
        Remarks.AddRange(run.Remarks());
    }

    private SignalKind SignalOf(List<List<VitalPoint>> points)
    {
        var there = points.SelectMany(p => p).Where(p => p.Estimate.Metric == Metric.HeartRate).Select(p => p.Estimate.Signal).ToHashSet();
        if (request.Signal is { } wanted)
            return there.Contains(wanted) ? wanted : throw CommandException.BadUsage(
                $"--signal {Names.Of(wanted)}: the recordings have no heart rate from it; there is {(there.Count == 0 ? "none" : string.Join(", ", there.Select(Names.Of)))}.");
        return there.Count == 0
            ? throw CommandException.BadUsage("The recordings have no heart rate: no channel of ppg, ecg, abp or camera; --channel LABEL=KIND names one.")
            : Preferred.FirstOrDefault(there.Contains, there.First());
    }

    private static List<ScoredWindow> Windows(List<VitalPoint> points, SignalKind signal, ReferenceRates reference)
    {
        const int hopSeconds = 2;
        var byWindow = points.Where(p => p.Estimate.Signal == signal && p.Estimate.Metric == Metric.HeartRate).ToDictionary(p => p.WindowId, p => p.Estimate);
        var windows = new List<ScoredWindow>();
        var last = reference.Rows.Count == 0 ? -1 : (long)Math.Round(reference.Rows[^1].StartSeconds / hopSeconds);
        for (long id = 0; id <= last; id++)
        {
            var rate = reference.At(id * hopSeconds);
            if (double.IsNaN(rate))
                continue;
            windows.Add(byWindow.TryGetValue(id, out var e)
                ? new ScoredWindow(id * hopSeconds, rate, e.Value, e.Sigma, e.Quality, e.Coverage, Names.Of(e.Status))
                : new ScoredWindow(id * hopSeconds, rate, double.NaN, double.NaN, 0, 0, "none"));
        }
        return windows;
    }

    /// <summary>The card lists the recordings as <c>set: name name; set: name</c>.</summary>
    private void WarnOfTraining(ModelPackage package, IReadOnlyList<ReferencedRecording> recordings)
    {
        if (!package.Manifest.Card.TryGetValue("data", out var data))
        {
            Remarks.Add($"{package.Identity} does not say what it was trained on: figures on its own training data would be too good.");
            return;
        }
        var trained = data.Split([' ', ';', ':', ','], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var seen = recordings.Where(r => trained.Contains(r.Name)).Select(r => r.Name).ToList();
        if (seen.Count > 0)
            Remarks.Add($"{seen.Count} of {recordings.Count} recordings were in the training of {package.Identity} ({string.Join(' ', seen.Take(5))}{(seen.Count > 5 ? " …" : "")}): "
                + "these figures say nothing of people it has not seen; --split loso does.");
    }
}
