using Pipeline.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training.Qrs;

/// <summary>How the QRS network is trained; the same options and data give the same weights.</summary>
public sealed record QrsTrainingOptions
{
    /// <summary>Batches of 512 candidates.</summary>
    public int Steps { get; init; } = 10_000;

    /// <summary>Greatest learning rate; it falls as a cosine.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Decoupled decay of the weights.</summary>
    public double Decay { get; init; } = 1e-2;

    /// <summary>Dropout of the inputs, 0 to 1.</summary>
    public double Dropout { get; init; } = 0.06;

    /// <summary>Simulated recordings of each kind that are trained on beside the others.</summary>
    public int SimulatedOfKind { get; init; } = 12;

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>
/// Trains <see cref="QrsClassifier"/> on candidates together with the ensemble that it is distilled from: weighted cross-entropy, AdamW.
/// The ensemble's target is the label; the network's target is the mean of the label and of the ensemble's probability for the same input
/// (distillation, Hinton, Vinyals and Dean 2015, arXiv:1503.02531), so that it depends little on the seed.
/// </summary>
internal static class QrsTrainer
{
    private const double DistillationWeight = 0.5;      // of the ensemble in the network's target

    /// <summary>Begins a training on the rows of everybody but <paramref name="held"/>.</summary>
    public static TrainingLoop Begin(QrsExamples examples, IReadOnlySet<string> held, QrsTrainingOptions options)
    {
        manual_seed(options.Seed);
        var rows = examples.Without(held);
        var (mean, scale) = examples.Moments(rows);
        var network = new QrsClassifier(mean, scale);
        var place = torch.device(options.Device);
        network.to(place);
        var batch = new QrsBatch(examples, rows, options.Dropout);
        var schedule = new TrainingSchedule(
            options.Steps, options.Seed, options.LearningRate, options.Decay, step => RateFactor(step, options.Steps));
        return new TrainingLoop(network, schedule, random =>
        {
            batch.Next(random, network);
            return Loss(network, batch, place);
        });
    }

    /// <summary>Cosine from 1 to 0.01.</summary>
    private static double RateFactor(int step, int steps) => 0.01 + 0.99 * (1 + Math.Cos(Math.PI * Math.Min(1, step / (double)steps))) / 2;

    private static BatchLoss Loss(QrsClassifier network, QrsBatch batch, Device device)
    {
        const int size = QrsBatch.Size, members = QrsEnsemble.Count;
        var inputs = tensor(batch.Inputs, [size, QrsExamples.RowLength]).to(device);
        var labels = tensor(batch.Labels, [size, 1]).to(device);
        var ensemble = network.Ensemble.Forward(inputs);
        var odds = network.Forward(inputs);
        var target = labels * (1 - DistillationWeight) + ensemble.mean([1], keepdim: true).sigmoid().detach() * DistillationWeight;
        var loss = Loss(ensemble, labels.expand(size, members), tensor(batch.MemberWeights, [size, members]).to(device))
            + Loss(odds, target, tensor(batch.Weights, [size, 1]).to(device));
        using var still = no_grad();
        var wrong = (((odds > 0).to(float32) - labels).abs().mean() * 100).detach();
        return new BatchLoss(loss, wrong);
    }

    private static Tensor Loss(Tensor odds, Tensor target, Tensor weights) =>
        (nn.functional.binary_cross_entropy_with_logits(odds, target, reduction: nn.Reduction.None) * weights).mean();
}
