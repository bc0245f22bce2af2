using Pipeline.Host.Errors;
using Pipeline.Models.Packages;
using Pipeline.Training.HeartRate.Zoo;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Networks;

/// <summary>A network that can be trained.</summary>
/// <param name="Name">What the user types.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Read">Reads the recordings of a request.</param>
/// <param name="HasTest">Whether it can also be scored on other recordings, and with other classical constants.</param>
/// <param name="IsSimulated">Whether it can be trained without recordings.</param>
internal sealed record TrainedModel(string Name, string Description, Func<TrainRequest, ITraining> Read, bool HasTest = false, bool IsSimulated = false);

/// <summary>The networks that can be trained.</summary>
internal static class Trainings
{
    /// <summary>All of them. A new one is a line here.</summary>
    public static IReadOnlyList<TrainedModel> All { get; } =
    [
        .. RateArchitectures.All.Select(one => new TrainedModel(
            one.Name, $"Train a heart-rate network, {one.Description}, on recordings of a PPG (NAME.hea or NAME.csv) with NAME.ref.csv beside them.",
            request => new RateTraining(request, one), HasTest: true)),
        new("qrs", "Train the QRS network on ECG records with reference beats (NAME.hea with NAME.atr); records em, ma, bw without are noise to mix in.", request => new QrsTraining(request)),
        new("fetal", "Train the fetal network on simulated labours and on recordings of abdominal leads with reference beats of the fetus (NAME.hea with NAME.fqrs, NAME.edf with NAME.edf.qrs).", request => new FetalTraining(request), IsSimulated: true),
        new("ecg-autoencoder", "Train the LSTM autoencoder of an ECG's beats on records with reference beats (NAME.hea with NAME.atr); records em, ma, bw without are noise to take out.", request => new AutoencoderTraining(request)),
        new("blood-pressure", "Measure a network for blood pressure without a cuff: a PPG, and an ECG where there is one, with an arterial line beside it or subjects.csv; without --data on simulated persons.", request => new PressureTraining(request), IsSimulated: true),
    ];

    /// <summary>How a network is trained again: by the architecture of its card, else its task; null: it cannot be.</summary>
    public static Func<TrainRequest, ITraining>? ReadOf(ModelManifest manifest)
    {
        var name = manifest.Card.GetValueOrDefault(RateTraining.ArchitectureNote) ?? manifest.Task.Replace('_', '-');
        return All.FirstOrDefault(model => model.Name == name)?.Read;
    }

    /// <summary>Loads libtorch; one thread computes.</summary>
    /// <exception cref="CommandException">It is not there, or finds no such device.</exception>
    public static void NeedLibtorch(string device)
    {
        if (Libtorch.Fault is { } fault)
            throw new CommandException($"Training is not possible: {fault}");
        torch.set_num_threads(1);
        if (device == "cuda" && !torch.cuda.is_available())
            throw CommandException.BadUsage("--device cuda: this libtorch finds no CUDA device; cpu is possible.");
    }
}
