using Pipeline.Models.Features;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// A network that is compared with the default. It makes numbers of each window; the head that all share turns them into the probability of
/// each rate and the trust. The papers' networks give one number, the rate: the distribution is what a standard deviation comes from, and
/// what the default is trained by, so that only what lies before the head differs. State is zero at a stream's start.
/// </summary>
public abstract class ZooNetwork : RateArchitecture
{
    /// <summary>Rows of a window's input, and rates.</summary>
    protected const int Rows = RateFeatures.InputRowCount, Rates = RateFeatures.RateCount;

    private readonly Linear _head;

    /// <summary>A network of the class <paramref name="name"/> that makes <paramref name="width"/> numbers of a window.</summary>
    protected ZooNetwork(string name, int width, int stateCount)
        : base(name, stateCount)
    {
        _head = nn.Linear(width, OutputLength);
        register_module("head", _head);
    }

    /// <inheritdoc/>
    public sealed override long Flop => BodyFlop + ZooLayers.Flop(_head);

    /// <inheritdoc/>
    public sealed override Tensor Start(Tensor belief)
    {
        ArgumentNullException.ThrowIfNull(belief);
        return zeros(belief.size(0), StateCount).to(belief.device);
    }

    /// <inheritdoc/>
    public sealed override RateAnswers Forward(Tensor input, Tensor state)
    {
        var (width, next) = Body(input, state);
        var output = _head.forward(width);
        var logits = output.narrow(2, 0, Rates);
        return new RateAnswers(logits, logits.detach().softmax(2), output.select(2, Rates), next);
    }

    /// <inheritdoc/>
    public sealed override byte[] ToOnnx()
    {
        using var still = no_grad();
        using var scope = NewDisposeScope();
        var graph = new OnnxGraph("heart_rate");
        var input = graph.Input("input", Rows, Rates);
        var (width, next) = Body(graph, input, StateCount == 0 ? "" : graph.Input("state", StateCount));
        var output = graph.Linear(width, _head.weight, _head.bias!);
        graph.Output(
            "output", graph.Concat(1, graph.Softmax(graph.Slice(output, 1, 0, Rates), 1), graph.Unary("Sigmoid", graph.Slice(output, 1, Rates, Rates + 1))),
            OutputLength);
        if (StateCount > 0)
            graph.Output("next_state", next, StateCount);
        return graph.ToBytes();
    }

    /// <summary><see cref="RateArchitecture.Flop"/> of what lies before the head.</summary>
    protected abstract long BodyFlop { get; }

    /// <summary>Windows [B, W, 14, 85] and the state before them [B, S] to numbers [B, W, width] and the state after them.</summary>
    protected abstract (Tensor Width, Tensor Next) Body(Tensor input, Tensor state);

    /// <summary>The same of one window in ONNX: [B, 14, 85] and [B, S] to [B, width] and [B, S].</summary>
    protected abstract (string Width, string Next) Body(OnnxGraph graph, string input, string state);
}
