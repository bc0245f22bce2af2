using Pipeline.Models.Simulation;
using Pipeline.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training.Pressure;

/// <summary>How the pressure network is trained; the same options and data give the same weights.</summary>
public sealed record PressureTrainingOptions
{
    /// <summary>Most epochs; the number is chosen by early stopping, on some of those who are trained on.</summary>
    public int Epochs { get; init; } = 100;

    /// <summary>Batches of an epoch; people are drawn evenly.</summary>
    public int StepsOfEpoch { get; init; } = 40;

    /// <summary>Epochs without a better error before a training stops.</summary>
    public int Patience { get; init; } = 6;

    /// <summary>Learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Simulated persons, where there is no other data.</summary>
    public int SimulatedPersons { get; init; } = 240;

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>Trains and runs <see cref="PressureNetwork"/>.</summary>
public sealed class PressureTrainer(PressureTrainingOptions options)
{
    private const int BatchSize = 32, SimulatedSeconds = 120;
    private const double SystolicMean = 120, SystolicDeviation = 20, DiastolicMean = 70, DiastolicDeviation = 12;
    private const int ValidationPart = 6;   // one in so many of those who are trained on

    /// <summary>A simulated person, by number.</summary>
    public static PressureRecording Simulated(int number)
    {
        var made = SimulatedPressureCourse.Of(40_000 + number, SimulatedSeconds);
        var signals = new PressureSignals(
            made.Ppg, SimulatedPressureCourse.PpgRateHz, made.PpgFirst, made.Ecg, SimulatedPressureCourse.EcgRateHz, made.EcgFirst, made.Peaks, made.Feet);
        var windows = new List<PressureWindow>();
        for (var second = 2; second + PressureWindow.Seconds < SimulatedSeconds - 2; second += 4)
        {
            var start = made.PpgFirst.AddSeconds(second);
            var begin = start.SecondsSince(default);
            var beats = made.Beats.Where(beat => beat.FootSeconds >= begin && beat.FootSeconds < begin + PressureWindow.Seconds).ToArray();
            if (PressureWindow.Of(signals, start, beats.Average(beat => beat.Systolic), beats.Average(beat => beat.Diastolic)) is { } window)
                windows.Add(window);
        }
        return new PressureRecording($"person{number:000}", "simulated", windows, HasCourse: true);
    }

    /// <summary>
    /// Epochs after which the error of persons that are not trained on, one in six of <paramref name="recordings"/>, is least; the training stops when it has not become better for some epochs.
    /// </summary>
    public int FindEpochs(IReadOnlyList<PressureRecording> recordings, Action<string> progress, CancellationToken stop)
    {
        var (learnt, checkedOn) = (recordings.Where((_, i) => i % ValidationPart != 2).ToList(), recordings.Where((_, i) => i % ValidationPart == 2).ToList());
        if (checkedOn.Count == 0)
            return options.Epochs;      // too few persons to check on
        using var loop = Begin(learnt, options.Epochs);
        var (best, least) = (1, double.PositiveInfinity);
        for (var epoch = 1; epoch <= options.Epochs && epoch - best <= options.Patience; epoch++)
        {
            for (var step = 0; step < options.StepsOfEpoch; step++)
            {
                stop.ThrowIfCancellationRequested();
                loop.Next();
            }
            var network = (PressureNetwork)loop.Network;
            var error = checkedOn.Average(one => Run(network, one).Zip(one.Windows, (found, window) => Math.Abs(found.Systolic - window.Systolic) + Math.Abs(found.Diastolic - window.Diastolic)).Average());
            progress(FormattableString.Invariant($"epoch {epoch}, error {error / 2:F1} mmHg"));
            if (error < least)
                (best, least) = (epoch, error);
        }
        return best;
    }

    /// <summary>Begins a training of <paramref name="epochs"/>.</summary>
    public TrainingLoop Begin(IReadOnlyList<PressureRecording> recordings, int epochs)
    {
        manual_seed(options.Seed);
        var device = torch.device(options.Device);
        var network = new PressureNetwork();
        network.to(device);
        return new TrainingLoop(network, new TrainingSchedule(epochs * options.StepsOfEpoch, options.Seed, options.LearningRate, 1e-3, _ => 1), random =>
        {
            var windows = new PressureWindow[BatchSize];
            for (var i = 0; i < BatchSize; i++)
                windows[i] = recordings[random.Next(recordings.Count)] is var one ? one.Windows[random.Next(one.Windows.Count)] : null!;
            var wanted = tensor(windows.SelectMany(Wanted).ToArray(), [BatchSize, 2]).to(device);
            var found = Forward(network, windows, device);
            var error = (found - wanted).abs();
            return new BatchLoss(nn.functional.smooth_l1_loss(found, wanted), (error.detach() * tensor(new[] { (float)SystolicDeviation, (float)DiastolicDeviation }).to(device)).mean());
        });
    }

    /// <summary>The pressures of each window, mmHg.</summary>
    public static (double Systolic, double Diastolic)[] Run(PressureNetwork network, PressureRecording recording)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(recording);
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var found = Forward(network, [.. recording.Windows], network.parameters().First().device).ToArray();
        return [.. Enumerable.Range(0, recording.Windows.Count).Select(i => (SystolicMean + SystolicDeviation * found[2 * i], DiastolicMean + DiastolicDeviation * found[2 * i + 1]))];
    }

    private static Tensor Forward(PressureNetwork network, PressureWindow[] windows, Device device) => network.Forward(
        tensor(windows.SelectMany(window => window.Input).ToArray(), [windows.Length, 2, PressureWindow.Length]).to(device),
        tensor(windows.SelectMany(window => window.Features).ToArray(), [windows.Length, PressureWindow.FeatureCount]).to(device));

    private static float[] Wanted(PressureWindow window) =>
        [(float)((window.Systolic - SystolicMean) / SystolicDeviation), (float)((window.Diastolic - DiastolicMean) / DiastolicDeviation)];
}
