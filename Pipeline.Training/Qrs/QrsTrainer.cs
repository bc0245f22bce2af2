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

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>
/// Trains <see cref="QrsClassifier"/> on candidates together with the ensemble that it is distilled from: weighted cross-entropy, AdamW. The ensemble's target
/// is the label; the network's target is the mean of the label and of the ensemble's probability for the same input (distillation, Hinton, Vinyals and
/// Dean 2015, arXiv:1503.02531), so that it depends little on the seed.
/// </summary>
internal static class QrsTrainer
{
    private const int Batch = 512;
    private const int Members = QrsEnsemble.Count;
    private const float MemberShare = 0.75f;            // of a batch, drawn for each member of the ensemble, so that they differ
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
        var x = new float[Batch * QrsExamples.RowLength];
        float[] y = new float[Batch], weights = new float[Batch], memberWeights = new float[Batch * Members];
        BatchLoss DrawLoss(Random random)
        {
            for (var i = 0; i < Batch; i++)
            {
                var row = rows[random.Next(rows.Length)];
                var z = x.AsSpan(i * QrsExamples.RowLength, QrsExamples.RowLength);
                network.Normalise(examples.Row(row), z);
                Drop(z, options.Dropout, random);
                var (isBeat, weight) = examples.Answer(row);
                (y[i], weights[i]) = (isBeat ? 1 : 0, weight);
                foreach (ref var part in memberWeights.AsSpan(i * Members, Members))
                    part = random.NextSingle() < MemberShare ? weight / MemberShare : 0;
            }
            var inputs = tensor(x, [Batch, QrsExamples.RowLength]).to(place);
            var labels = tensor(y, [Batch, 1]).to(place);
            var ensemble = network.Ensemble.Forward(inputs);
            var odds = network.Forward(inputs);
            var target = labels * (1 - DistillationWeight) + ensemble.mean([1], keepdim: true).sigmoid().detach() * DistillationWeight;
            var loss = Loss(ensemble, labels.expand(Batch, Members), tensor(memberWeights, [Batch, Members]).to(place)) + Loss(odds, target, tensor(weights, [Batch, 1]).to(place));
            using var still = no_grad();
            var wrong = (((odds > 0).to(float32) - labels).abs().mean() * 100).detach();
            return new BatchLoss(loss, wrong);
        }
        return new TrainingLoop(
            network,
            new TrainingSchedule(options.Steps, options.Seed, options.LearningRate, options.Decay, step => 0.01 + 0.99 * (1 + Math.Cos(Math.PI * Math.Min(1, step / (double)options.Steps))) / 2),
            DrawLoss);
    }

    private static Tensor Loss(Tensor odds, Tensor target, Tensor weights) =>
        (nn.functional.binary_cross_entropy_with_logits(odds, target, reduction: nn.Reduction.None) * weights).mean();

    private static void Drop(Span<float> inputs, double part, Random random)
    {
        var scale = (float)(1 / (1 - part));
        for (var k = 0; k < inputs.Length; k++)
            inputs[k] = random.NextSingle() < part ? 0 : inputs[k] * scale;
    }
}
