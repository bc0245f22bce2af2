using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.Torch;

/// <summary>Loss and error of one batch.</summary>
/// <param name="Loss">Scalar to minimise, with gradient.</param>
/// <param name="Error">Scalar for display, in the unit of the training (bpm, percent), without gradient.</param>
public readonly record struct BatchLoss(Tensor Loss, Tensor Error);

/// <summary>How a training runs.</summary>
/// <param name="Steps">Batches in all.</param>
/// <param name="Seed">Seed of every random number.</param>
/// <param name="LearningRate">Learning rate of AdamW before <paramref name="RateFactor"/>.</param>
/// <param name="WeightDecay">Decoupled weight decay.</param>
/// <param name="RateFactor">Factor of the learning rate at a step; the first step is 0.</param>
public sealed record TrainingSchedule(int Steps, int Seed, double LearningRate, double WeightDecay, Func<int, double> RateFactor);

/// <summary>
/// Gradient descent by AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) that can be stopped after any step and continued from
/// <see cref="State"/> with the same weights as a run without a stop: the random numbers of a step, libtorch's too, depend on the seed and
/// the step's number alone. Used by one thread.
/// </summary>
public sealed class TrainingLoop : IDisposable
{
    private const double MaxGradientNorm = 1;
    private readonly TrainingSchedule _schedule;
    private readonly Func<Random, BatchLoss> _loss;
    private readonly AdamW _optimizer;
    private readonly Parameter[] _parameters;

    /// <summary>Begins a training.</summary>
    /// <param name="network">The network to train; disposed with the loop.</param>
    /// <param name="schedule">Steps, seed and learning rates.</param>
    /// <param name="loss">Draws a batch from the generator and evaluates the network on it.</param>
    public TrainingLoop(nn.Module network, TrainingSchedule schedule, Func<Random, BatchLoss> loss)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(schedule);
        (Network, _schedule, _loss) = (network, schedule, loss);
        _parameters = [.. network.parameters()];
        _optimizer = optim.AdamW(_parameters, schedule.LearningRate, beta1: 0.9, beta2: 0.999, weight_decay: schedule.WeightDecay);
    }

    /// <summary>The network that is trained.</summary>
    public nn.Module Network { get; }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    /// <summary>Steps in all.</summary>
    public int Steps => _schedule.Steps;

    /// <summary>Does one step; returns its loss and error before the step.</summary>
    public (double Loss, double Error) Next()
    {
        var random = RandomOf(_schedule.Seed, Step);
        manual_seed(random.Next());
        using var scope = NewDisposeScope();
        using var pause = CollectionPause.Begin();
        foreach (var group in _optimizer.ParamGroups)
            group.LearningRate = _schedule.LearningRate * _schedule.RateFactor(Step);
        var (loss, error) = _loss(random);
        _optimizer.zero_grad();
        loss.backward();
        nn.utils.clip_grad_norm_(_parameters, MaxGradientNorm);
        _optimizer.step();
        Step++;
        return (loss.item<float>(), error.item<float>());
    }

    /// <summary>
    /// Weights and the moments of the optimiser, by name: with <see cref="Step"/> everything that later steps depend on. The tensors
    /// themselves, not copies.
    /// </summary>
    public Dictionary<string, Tensor> State()
    {
        var state = Network.state_dict().ToDictionary(t => $"network.{t.Key}", t => t.Value, StringComparer.Ordinal);
        foreach (var (index, moments) in Moments())
        {
            state.Add($"optimizer.exp_avg.{index}", moments.exp_avg);
            state.Add($"optimizer.exp_avg_sq.{index}", moments.exp_avg_sq);
        }
        return state;
    }

    /// <summary>Continues from what <see cref="State"/> gave after <paramref name="step"/> steps.</summary>
    /// <exception cref="ArgumentException">The tensors are those of another network; names every difference.</exception>
    public void Restore(IReadOnlyDictionary<string, Tensor> state, int step)
    {
        ArgumentNullException.ThrowIfNull(state);
        var own = State();
        var faults = own.Keys.Except(state.Keys).Select(name => $"'{name}' is missing")
            .Concat(state.Keys.Except(own.Keys).Select(name => $"'{name}' is unknown"))
            .Concat(own.Where(o => state.TryGetValue(o.Key, out var given) && !given.shape.SequenceEqual(o.Value.shape))
                .Select(o => $"'{o.Key}' is [{string.Join(", ", state[o.Key].shape)}], expected [{string.Join(", ", o.Value.shape)}]"))
                    .ToList();
        if (faults.Count > 0)
            throw new ArgumentException($"The state does not fit the network: {string.Join("; ", faults)}.", nameof(state));
        using var still = no_grad();
        foreach (var (name, tensor) in own)
            tensor.copy_(state[name]);
        foreach (var (_, moments) in Moments())
            moments.step = step;
        Step = step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        Network.Dispose();
    }

    private IEnumerable<(int Index, AdamW.State Moments)> Moments() =>
        _optimizer.state_dict().State.Select((state, index) => (index, (AdamW.State)state));

    /// <summary>
    /// The generator of a step. Neighbouring seeds give similar numbers in .NET's generator, so they are mixed first
    /// (SplitMix64, Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
    /// </summary>
    private static Random RandomOf(int seed, int step)
    {
        var z = ((ulong)(uint)seed << 32 | (uint)step) + 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return new Random((int)((z ^ z >> 31) & int.MaxValue));
    }
}
