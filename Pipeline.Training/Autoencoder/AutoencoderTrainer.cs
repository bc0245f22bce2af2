using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
using Pipeline.Training.Export;
using Pipeline.Training.Qrs;
using Pipeline.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training.Autoencoder;

/// <summary>How the autoencoder is trained; the same options and data give the same weights.</summary>
public sealed record AutoencoderTrainingOptions
{
    /// <summary>Batches of 48 sequences of 24 beats.</summary>
    public int Steps { get; init; } = 1500;

    /// <summary>Greatest learning rate, after the warm-up; it falls as a cosine.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>
/// Trains <see cref="BeatAutoencoder"/>: the reconstruction on normal beats without noise (abnormal ones in between only pass through the LSTM), the denoising on all beats with noise. Mean squared
/// errors in units of the usual QRS complex, over the points that are the beat's own; of what is left of the noise the logarithm for each sequence, so that little noise counts as much as strong.
/// </summary>
public sealed class AutoencoderTrainer
{
    private const double MinRateHz = 80, MaxRateHz = 50_000;
    private const double Decay = 1e-4, WarmUp = 50;
    private const double DenoisingWeight = 0.1, LeastLeft = 2e-3;       // mean square, in units of the QRS complex: no better is wanted

    /// <summary>Beats of a batch.</summary>
    public const int BeatsOfBatch = BeatBatch.Size * BeatBatch.Beats;

    private readonly List<BeatSequence> _sequences = [];
    private readonly IReadOnlyDictionary<string, EcgRecording> _noises;
    private readonly AutoencoderTrainingOptions _options;

    /// <param name="noises">Recordings of noise alone, by name: <c>em</c>, <c>ma</c>, <c>bw</c>; any may be missing.</param>
    /// <param name="options">Options.</param>
    public AutoencoderTrainer(IReadOnlyDictionary<string, EcgRecording> noises, AutoencoderTrainingOptions options) => (_noises, _options) = (noises, options);

    /// <summary>Finds the beats of a recording; <paramref name="qrs"/> decides on them.</summary>
    public void Add(EcgRecording recording, QrsModel? qrs) => _sequences.Add(BeatSequence.Of(recording, qrs));

    /// <summary>Begins to train on everybody but <paramref name="held"/>; its error is the RMS of the denoised waves, % of a usual QRS complex.</summary>
    public TrainingLoop Begin(IReadOnlySet<string> held)
    {
        manual_seed(_options.Seed);
        var network = new BeatAutoencoder();
        var device = torch.device(_options.Device);
        network.to(device);
        var batch = new BeatBatch([.. _sequences.Where(one => !held.Contains(one.Person))], _noises);
        var schedule = new TrainingSchedule(
            _options.Steps, _options.Seed, _options.LearningRate, Decay,
            step => Math.Min(1, (step + 1) / WarmUp) * (0.01 + 0.99 * (1 + Math.Cos(Math.PI * step / _options.Steps)) / 2));
        return new TrainingLoop(network, schedule, random =>
        {
            batch.Next(random);
            return Loss(network, batch, device);
        });
    }

    /// <summary>Writes the package; returns name and version.</summary>
    public static string Save(string folder, string name, BeatAutoencoder network, IReadOnlyDictionary<string, string> card)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var scope = NewDisposeScope();
        var manifest = new ModelManifest
        {
            Format = ModelPackage.Format,
            Name = name,
            Version = "",
            Task = EcgAutoencoder.Task,
            Features = BeatRow.Name,
            Kinds = ["ecg"],
            MinRateHz = MinRateHz,
            MaxRateHz = MaxRateHz,
            WindowSeconds = 8,
            HopSeconds = 2,
            InputLength = BeatRow.InputLength,
            StateLength = BeatAutoencoder.StateLength,
            OutputLength = BeatRow.OutputLength,
            Parameters = (int)network.parameters().Sum(p => p.numel()),
            Mflop = Math.Round(BeatAutoencoder.Flop / 1e6, 2),
            Sha256 = new Dictionary<string, string>(),
            Card = card,
        };
        return TrainedPackage.Save(folder, manifest, network.state_dict(), network.ToOnnx());
    }

    private static BatchLoss Loss(BeatAutoencoder network, BeatBatch batch, Device device)
    {
        const int beats = BeatBatch.Beats, size = BeatBatch.Size, points = BeatRow.Points, numbers = BeatRow.InputNumbers;
        var own = tensor(batch.Own, [beats, size, points]).to(device);
        var quiet = tensor(batch.Quiet, [beats, size, numbers]).to(device);
        var normal = tensor(batch.Normal, [beats, size, 1]).to(device) * own;
        var off = (network.Reconstruct(quiet) - quiet.narrow(2, numbers - points, points)).square() * normal;
        var denoised = network.Denoise(tensor(batch.Noisy, [beats, size, numbers]).to(device));
        var left = ((denoised - tensor(batch.Targets, [beats, size, points]).to(device)).square() * own).sum([0, 2]) / (own.sum([0, 2]) + 1);     // [sequences]
        return new BatchLoss(off.sum() / (normal.sum() + 1) + (left + LeastLeft).log().mean() * DenoisingWeight, (left.sqrt().mean() * 100).detach());
    }
}
