using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>What one step answered: the loss to descend, and the error that a person reads, in the training's own unit.</summary>
public readonly record struct StepAnswer(Tensor Loss, Tensor Error);

/// <summary>
/// Gradient descent that can be left after any step and taken up again from <see cref="State"/>, to the very same weights: the random numbers
/// of a step come from the seed and the step's number alone, those of libtorch too. One thread.
/// </summary>
/// <param name="network">What is trained; disposed with the loop.</param>
/// <param name="optimizer">Changes it; disposed with the loop.</param>
/// <param name="steps">Steps in all.</param>
/// <param name="seed">Seed of every draw.</param>
/// <param name="rateFactor">Factor of the learning rate at a step, from 0.</param>
/// <param name="answer">Runs a batch drawn from the generator.</param>
public sealed class TrainingLoop(
    nn.Module network, optim.Optimizer optimizer, int steps, int seed, Func<long, double> rateFactor, Func<Random, StepAnswer> answer) : IDisposable
{
    private const double MaxGradientNorm = 1;
    private const string NetworkPrefix = "network.", OptimizerPrefix = "optimizer.";
    private readonly optim.lr_scheduler.LRScheduler _schedule = optim.lr_scheduler.LambdaLR(optimizer, rateFactor);

    /// <summary>What is trained.</summary>
    public nn.Module Network { get; } = network;

    /// <summary>Steps that are done.</summary>
    public int Step { get; private set; }

    /// <summary>Steps in all.</summary>
    public int Steps { get; } = steps;

    /// <summary>One step; returns its loss and error.</summary>
    public (double Loss, double Error) Next()
    {
        var draw = Draw(seed, Step);
        manual_seed(draw.Next());
        using var scope = NewDisposeScope();
        var (loss, error) = answer(draw);
        optimizer.zero_grad();
        loss.backward();
        nn.utils.clip_grad_norm_(Network.parameters(), MaxGradientNorm);
        optimizer.step();
        _schedule.step();
        Step++;
        return (loss.item<float>(), error.item<float>());
    }

    /// <summary>Weights and the optimiser's memory: with <see cref="Step"/> all that later steps depend on. The tensors themselves, not copies.</summary>
    public Dictionary<string, Tensor> State() =>
        Network.state_dict().Select(t => (NetworkPrefix + t.Key, t.Value)).Concat(optimizer.state_dict().Select(t => (OptimizerPrefix + t.Key, t.Value)))
            .ToDictionary(t => t.Item1, t => t.Item2, StringComparer.Ordinal);

    /// <summary>Takes up what <see cref="State"/> gave after <paramref name="step"/> steps.</summary>
    /// <exception cref="ArgumentException">The tensors are those of another network.</exception>
    public void Restore(IReadOnlyDictionary<string, Tensor> state, int step)
    {
        ArgumentNullException.ThrowIfNull(state);
        Network.load_state_dict(Part(NetworkPrefix));
        optimizer.load_state_dict(Part(OptimizerPrefix), step);
        _schedule.step(step);
        Step = step;

        Dictionary<string, Tensor> Part(string prefix) =>
            state.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], t => t.Value, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        optimizer.Dispose();
        Network.Dispose();
    }

    /// <summary>
    /// The generator of a step. Seeds that follow each other give alike numbers in .NET's generator, so they are mixed first
    /// (SplitMix64, Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
    /// </summary>
    private static Random Draw(int seed, int step)
    {
        var z = ((ulong)(uint)seed << 32 | (uint)step) + 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return new Random((int)((z ^ z >> 31) & int.MaxValue));
    }
}
