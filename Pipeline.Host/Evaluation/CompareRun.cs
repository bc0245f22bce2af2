using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;
using Pipeline.Training.HeartRate;
using Pipeline.Training.HeartRate.Zoo;

namespace Pipeline.Host.Evaluation;

/// <summary>One method, scored.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cost">What it costs; null: it is no network.</param>
/// <param name="Published">A published figure, with its protocol.</param>
/// <param name="HeldOut">Each recording by a network that has not seen its person.</param>
/// <param name="NewSensor">The recordings of the sets of <c>--new-sensor</c> by networks that have seen none of their set; empty where nothing is trained.</param>
internal sealed record ComparedMethod(
    string Name, RateCost? Cost, string Published, IReadOnlyList<ScoredRecording> HeldOut, IReadOnlyList<ScoredRecording> NewSensor);

/// <summary>
/// Trains every architecture on the same groups of people and scores it on those held out; beside them the estimators that nothing is trained
/// for. One thread, so that the same seed gives the same figures.
/// </summary>
/// <param name="request">What was asked.</param>
/// <param name="time">For the classical estimator's run.</param>
internal sealed class CompareRun(CompareRequest request, TimeProvider time)
{
    private int _done;
    private int _total;

    /// <summary>What is being done.</summary>
    public string Doing { get; private set; } = "Reading";

    /// <summary>Part of all steps that is done, 0 to 1.</summary>
    public double Progress => _total == 0 ? 0 : Volatile.Read(ref _done) / (double)_total;

    /// <summary>What is seen of the data, a line each.</summary>
    public IReadOnlyList<string> Remarks { get; private set; } = [];

    /// <summary>Steps of each training.</summary>
    public int Steps { get; private set; }

    /// <summary>Groups of people.</summary>
    public int Folds { get; private set; }

    /// <summary>Does it all.</summary>
    /// <exception cref="CommandException">The data cannot be used, or it was interrupted.</exception>
    public async Task<IReadOnlyList<ComparedMethod>> RunAsync(CancellationToken stop)
    {
        var recordings = TrainingData.Read(request.Data, request.Reading);
        var options = new RateTrainingOptions { Seed = request.Seed, Device = request.Device };
        Steps = request.Steps ?? (request.Epochs is { } epochs ? RateTraining.StepsOf(epochs, recordings) : options.Steps);
        var folds = TrainRun.FoldsOf([.. recordings.Select(r => r.Subject).Distinct().Order(StringComparer.Ordinal)], request.Folds);
        Folds = folds.Count;
        _total = Steps * request.Networks.Count * (folds.Count + request.NewSensor.Count);
        var comparison = new RateComparison(request.Networks, options with { Steps = Steps });
        Doing = "Classical estimator";
        var classical = await ClassicalAsync(stop);
        Remarks = [.. DataCheck.Lines(recordings, classical)];
        try
        {
            var held = folds.Select((fold, f) => Score($"Fold {f + 1} of {folds.Count}", r => fold.Contains(r.Subject))).ToList();
            var sensor = request.NewSensor.Select(set => Score($"Without {set}", r => r.Set == set)).ToList();
            Doing = "Timing";
            return
            [
                .. request.Networks.Select((network, n) => new ComparedMethod(
                    network.Name, RateComparison.CostOf(network), network.Published, [.. held.SelectMany(fold => fold[n])], [.. sensor.SelectMany(set => set[n])])),
                new ComparedMethod(Stages.Classical, null, "", classical, []),
                new ComparedMethod(
                    RateComparison.WienerPhaseVocoderName, null, "1.02 on SPC train_*, constants for this set (Temko 2017)",
                    comparison.ScoreWienerPhaseVocoder(recordings), []),
            ];
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new CommandException($"Interrupted ({Doing}): the same command begins again.");
        }

        IReadOnlyList<IReadOnlyList<ScoredRecording>> Score(string doing, Func<RateRecording, bool> isHeld)
        {
            Doing = string.Create(CultureInfo.InvariantCulture, $"{doing}, {request.Networks.Count} networks of {Steps} steps");
            return comparison.Score(
                [.. recordings.Where(r => !isHeld(r))], [.. recordings.Where(isHeld)], () => Interlocked.Increment(ref _done), stop);
        }
    }

    /// <summary>The classical estimator as it is served, with the constants in use.</summary>
    private async Task<IReadOnlyList<ScoredRecording>> ClassicalAsync(CancellationToken stop)
    {
        var asked = new EvaluateRequest(
            Stages.Classical, request.Data, request.Reading, null, SignalKind.Ppg, null, null, null, request.Device, "", "");
        return (await new EvaluateRun(asked, Trainings.ReadOf, time).RunAsync(stop)).Recordings;
    }
}
