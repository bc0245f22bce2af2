using Pipeline.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>How the QRS network is trained; the same options and data give the same weights.</summary>
public sealed record QrsTrainingOptions
{
    /// <summary>Batches of 512 candidates.</summary>
    public int Steps { get; init; } = 10_000;

    /// <summary>Greatest learning rate; it falls as a cosine.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Decoupled decay of the weights.</summary>
    public double Decay { get; init; } = 1e-2;

    /// <summary>Part of a candidate's numbers that is left out in training, so that no single one is relied on.</summary>
    public double Dropped { get; init; } = 0.06;

    /// <summary>Seed of the weights and of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where it runs.</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>
/// Fits <see cref="QrsClassifier"/> to candidates, and its teachers with it: weighted cross-entropy, AdamW. The teachers are asked for the answer; the
/// network for the mean of the answer and of how likely the teachers together hold a beat, of the very same input (distillation, Hinton, Vinyals and Dean 2015,
/// arXiv:1503.02531). So it, too, depends little on the seed.
/// </summary>
internal static class QrsTrainer
{
    private const int Batch = 512;
    private const int Teachers = QrsTeachers.Count;
    private const float Shown = 0.75f;      // of a batch, to each teacher: others to each, so that they differ
    private const double Taught = 0.5;      // of what the network is asked for, by the teachers

    /// <summary>Begins a fit to the rows that are of none of <paramref name="held"/>.</summary>
    public static TrainingLoop Begin(QrsExamples examples, IReadOnlySet<string> held, QrsTrainingOptions options)
    {
        manual_seed(options.Seed);
        var rows = examples.Without(held);
        var (mean, scale) = examples.Moments(rows);
        var network = new QrsClassifier(mean, scale);
        var place = torch.device(options.Device);
        network.to(place);
        var x = new float[Batch * QrsExamples.RowLength];
        float[] y = new float[Batch], weights = new float[Batch], shown = new float[Batch * Teachers];
        BatchLoss Answer(Random random)
        {
            for (var i = 0; i < Batch; i++)
            {
                var row = rows[random.Next(rows.Length)];
                var z = x.AsSpan(i * QrsExamples.RowLength, QrsExamples.RowLength);
                network.Normalise(examples.Row(row), z);
                Drop(z, options.Dropped, random);
                var (isBeat, weight) = examples.Answer(row);
                (y[i], weights[i]) = (isBeat ? 1 : 0, weight);
                foreach (ref var part in shown.AsSpan(i * Teachers, Teachers))
                    part = random.NextSingle() < Shown ? weight / Shown : 0;
            }
            var inputs = tensor(x, [Batch, QrsExamples.RowLength]).to(place);
            var answers = tensor(y, [Batch, 1]).to(place);
            var teachers = network.Teachers.Forward(inputs);
            var odds = network.Forward(inputs);
            var wanted = answers * (1 - Taught) + teachers.mean([1], keepdim: true).sigmoid().detach() * Taught;
            var loss = Loss(teachers, answers.expand(Batch, Teachers), tensor(shown, [Batch, Teachers]).to(place)) + Loss(odds, wanted, tensor(weights, [Batch, 1]).to(place));
            using var still = no_grad();
            var wrong = (((odds > 0).to(float32) - answers).abs().mean() * 100).detach();
            return new BatchLoss(loss, wrong);
        }
        return new TrainingLoop(
            network,
            new TrainingSchedule(options.Steps, options.Seed, options.LearningRate, options.Decay, step => 0.01 + 0.99 * (1 + Math.Cos(Math.PI * Math.Min(1, step / (double)options.Steps))) / 2),
            Answer);
    }

    private static Tensor Loss(Tensor odds, Tensor wanted, Tensor weights) =>
        (nn.functional.binary_cross_entropy_with_logits(odds, wanted, reduction: nn.Reduction.None) * weights).mean();

    private static void Drop(Span<float> inputs, double part, Random random)
    {
        var scale = (float)(1 / (1 - part));
        for (var k = 0; k < inputs.Length; k++)
            inputs[k] = random.NextSingle() < part ? 0 : inputs[k] * scale;
    }
}
