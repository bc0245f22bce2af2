using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>Runs training loops one after the other on the calling thread, keeps them in a checkpoint, and says how far they are.</summary>
/// <param name="time">How often the checkpoint is written.</param>
/// <param name="stepped">Told after every step.</param>
internal sealed class Fitting(TimeProvider time, Action? stepped = null)
{
    private const double Memory = 0.95;   // of the averages that are shown
    private static readonly TimeSpan CheckpointEvery = TimeSpan.FromSeconds(30);
    private int _doneSteps;
    private double _loss = double.NaN;
    private double _error = double.NaN;

    /// <summary>What is being done.</summary>
    public string Doing { get; set; } = "Reading";

    /// <summary>Unit of the error.</summary>
    public string ErrorUnit { get; set; } = "";

    /// <summary>Steps of all loops.</summary>
    public int TotalSteps { get; set; }

    /// <summary>Steps that are done.</summary>
    public int DoneSteps => Volatile.Read(ref _doneSteps);

    /// <summary>Part of all steps that is done, 0 to 1.</summary>
    public double Progress => TotalSteps == 0 ? 0 : DoneSteps / (double)TotalSteps;

    /// <summary>What is being done, with loss and error averaged over the last steps.</summary>
    public string Text => double.IsNaN(Volatile.Read(ref _loss))
        ? Doing
        : string.Create(CultureInfo.InvariantCulture, $"{Doing}: loss {Volatile.Read(ref _loss):F3}, error {Volatile.Read(ref _error):F2} {ErrorUnit}");

    /// <summary>Makes what the training needs before its first loop.</summary>
    /// <exception cref="CommandException">It was interrupted.</exception>
    public void Prepare(ITraining training, CancellationToken stop)
    {
        try
        {
            training.Prepare((doing, part) => Doing = string.Create(CultureInfo.InvariantCulture, $"{doing} {100 * part:F0} %"), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new CommandException("Interrupted before the first step: the same command begins again.");
        }
    }

    /// <summary>A loop that an earlier run finished.</summary>
    public void Skip(int steps) => Interlocked.Add(ref _doneSteps, steps);

    /// <summary>Trains without <paramref name="held"/>, from the checkpoint's step on. The network is on the CPU and in evaluation afterwards.</summary>
    /// <exception cref="CommandException">It was interrupted; the checkpoint is written.</exception>
    public TrainingLoop Fit(ITraining training, TrainCheckpoint checkpoint, IReadOnlySet<string> held, CancellationToken stop)
    {
        if (checkpoint.Inputs is null && FitInputs(training, held, stop) is { } inputs)
            checkpoint.Keep(inputs);
        var loop = training.Begin(held, checkpoint.Inputs);
        checkpoint.Restore(loop);
        Skip(loop.Step);
        var saved = time.GetTimestamp();
        while (loop.Step < loop.Steps)
        {
            if (stop.IsCancellationRequested)
            {
                checkpoint.Save(loop);
                throw new CommandException($"Interrupted at step {loop.Step} of {loop.Steps} ({Doing}); the same command goes on from there: it is kept in {checkpoint.Path}.");
            }
            Show(loop.Next(), loop.Step);
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

    private string? FitInputs(ITraining training, IReadOnlySet<string> held, CancellationToken stop)
    {
        var doing = Doing;
        Volatile.Write(ref _loss, double.NaN);   // that of the training before
        try
        {
            stop.ThrowIfCancellationRequested();
            return training.FitInputs(held, text => Doing = $"{doing}: {text}", stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new CommandException($"Interrupted before the first step ({Doing}); the same command goes on with it.");
        }
        finally
        {
            Doing = doing;
        }
    }

    private void Show((double Loss, double Error) answer, int step)
    {
        Volatile.Write(ref _loss, step == 1 || double.IsNaN(_loss) ? answer.Loss : Memory * _loss + (1 - Memory) * answer.Loss);
        Volatile.Write(ref _error, step == 1 || double.IsNaN(_error) ? answer.Error : Memory * _error + (1 - Memory) * answer.Error);
        Interlocked.Increment(ref _doneSteps);
    }
}
