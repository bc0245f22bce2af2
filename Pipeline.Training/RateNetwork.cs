using Pipeline.Models.Features;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>
/// Heart rate from spectra: a convolutional encoder over the rate axis, an LSTM over windows that judges how far the present spectra can be
/// trusted, and a Bayes filter over rates whose belief is carried from window to window. Everything is learned end to end.
/// <para>Input [B, 12, 85] (<see cref="RateFeatures"/>), state [B, 85 + 2 x 16] (belief less the uniform one, LSTM h and c; zero at the start),
/// output [B, 85 + 1]: probability of each rate, and the chance that the estimate is within 5 bpm.</para>
/// </summary>
public sealed class RateNetwork : nn.Module
{
    /// <summary>Hidden units of the LSTM.</summary>
    public const int Hidden = 16;

    /// <summary>Floats of state.</summary>
    public const int StateLength = Rates + 2 * Hidden;

    /// <summary>Floats of output.</summary>
    public const int OutputLength = Rates + 1;

    /// <summary>Multiplications and additions of one hop; those of activations are left out.</summary>
    public const long Flop = 2L * (
        Rates * Channels * (7L * RateFeatures.InputRowCount + 7 * Channels + 5 * Channels + 5)   // encoder and evidence
        + Rates * (2 * KernelReach + 1)                                                          // motion of the belief
        + Rates * 5L * (8 * (Channels + 1) + 8)                                                  // correction
        + 4L * Hidden * (2 * Channels + 1 + Hidden) + 3 * Hidden);                               // LSTM and its heads

    private const int Rates = RateFeatures.RateCount;
    private const int Channels = 16;
    private const int KernelReach = 10;      // rates to either side that a heart rate may move in one hop: 25 bpm in 2 s
    private const double BeliefGuard = 1e-8;

    private readonly Conv1d _conv1 = nn.Conv1d(RateFeatures.InputRowCount, Channels, 7, padding: 3);
    private readonly Conv1d _conv2 = nn.Conv1d(Channels, Channels, 7, padding: 3);
    private readonly Conv1d _conv3 = nn.Conv1d(Channels, Channels, 5, padding: 6, dilation: 3);
    private readonly Conv1d _observe = nn.Conv1d(Channels, 1, 5, padding: 2);
    private readonly Conv1d _mix1 = nn.Conv1d(Channels + 1, 8, 5, padding: 2);
    private readonly Conv1d _mix2 = nn.Conv1d(8, 1, 5, padding: 2);
    private readonly LSTM _memory = nn.LSTM(2 * Channels + 1, Hidden);
    private readonly Linear _gate = nn.Linear(Hidden, 2);
    private readonly Linear _trust = nn.Linear(Hidden, 1);
    private readonly Parameter _kernel;
    private readonly Parameter _leak;
    private readonly Parameter _weights;

    /// <summary>Starts as a plain filter: the gates and the correction begin at zero.</summary>
    public RateNetwork()
        : base(nameof(RateNetwork))
    {
        using var scope = NewDisposeScope();
        var start = new float[2 * KernelReach + 1];
        for (var j = 0; j < start.Length; j++)
            start[j] = -0.5f * Math.Abs(j - KernelReach);
        _kernel = new Parameter(tensor(start));
        _leak = new Parameter(tensor([-4f]));
        _weights = new Parameter(tensor([1f, 1f]));
        RegisterComponents();
        using var still = no_grad();
        foreach (var zero in new[] { _mix2.weight.Tensor, _mix2.bias!.Tensor, _gate.weight.Tensor, _gate.bias!.Tensor })
            zero.zero_();
    }

    /// <summary>The encoder, for any number of windows at once: [N, 12, 85] → hidden [N, 16, 85], evidence [N, 85], pooled [N, 32].</summary>
    public (Tensor Hidden, Tensor Evidence, Tensor Pooled) Encode(Tensor input)
    {
        var h = _conv2.forward(_conv1.forward(input).relu()).relu();
        h = h + _conv3.forward(h).relu();
        return (h, _observe.forward(h).squeeze(1), cat([h.mean([2]), h.max(2).values], 1));
    }

    /// <summary>One hop for encoded windows [B, ...]: returns logits [B, 85], trust logit [B, 1] and the next state.</summary>
    public (Tensor Logits, Tensor Trust, Tensor Belief, Tensor H, Tensor C) Step(
        Tensor hidden, Tensor evidence, Tensor pooled, Tensor belief, Tensor h, Tensor c)
    {
        var kernel = _kernel.Tensor.softmax(0).reshape(1, 1, 2 * KernelReach + 1);
        var moved = nn.functional.conv1d(belief.unsqueeze(1), kernel, padding: KernelReach).squeeze(1);
        var surprise = ((moved * evidence.softmax(1)).sum(1, true) + BeliefGuard).log();
        var (memory, hNext, cNext) = _memory.forward(cat([pooled, surprise], 1).unsqueeze(0), (h.unsqueeze(0), c.unsqueeze(0)));
        var m = memory.squeeze(0);
        var gate = _gate.forward(m);
        var leak = (gate.narrow(1, 1, 1) + _leak).sigmoid();
        var prior = ((moved * (1 - leak)) + leak * (1.0 / Rates) + BeliefGuard).log();
        var mixed = _mix2.forward(_mix1.forward(cat([hidden, (prior * 0.2 + 1).unsqueeze(1)], 1)).relu()).squeeze(1);
        var sharpness = gate.narrow(1, 0, 1).clamp(-3, 3).exp();
        var logits = evidence * sharpness * _weights.Tensor.narrow(0, 0, 1) + prior * _weights.Tensor.narrow(0, 1, 1) + mixed;
        return (logits, _trust.forward(m), logits.softmax(1), hNext.squeeze(0), cNext.squeeze(0));
    }

    /// <summary>The network as an ONNX file, one hop with state in and out.</summary>
    public byte[] ToOnnx()
    {
        var graph = new OnnxGraph("heart_rate");
        var input = graph.Input("input", RateFeatures.InputRowCount, Rates);
        var state = graph.Input("state", StateLength);
        var h1 = graph.Relu(graph.Conv1d(input, _conv1.weight, _conv1.bias!, padding: 3));
        var h2 = graph.Relu(graph.Conv1d(h1, _conv2.weight, _conv2.bias!, padding: 3));
        var hidden = graph.Add(h2, graph.Relu(graph.Conv1d(h2, _conv3.weight, _conv3.bias!, padding: 6, dilation: 3)));
        var evidence = graph.Reshape(graph.Conv1d(hidden, _observe.weight, _observe.bias!, padding: 2), -1, Rates);
        var pooled = graph.Concat(1, graph.Mean(hidden, 2), graph.Max(hidden, 2));

        var belief = graph.Add(graph.Slice(state, 1, 0, Rates), graph.Scalar(1.0 / Rates));
        using var scope = NewDisposeScope();
        var kernel = _kernel.Tensor.detach().softmax(0).reshape(1, 1, 2 * KernelReach + 1);
        var moved = graph.Reshape(graph.Conv1d(graph.Reshape(belief, -1, 1, Rates), kernel, null, padding: KernelReach), -1, Rates);
        // A sum by Gemm: in which order a reduction over 85 numbers adds depends on where in the batch the row lies.
        var agreement = graph.Linear(graph.Mul(moved, graph.Softmax(evidence, 1)), ones(1, Rates), null);
        var surprise = graph.Log(graph.Add(agreement, graph.Scalar(BeliefGuard)));
        var lstm = _memory.parameters().ToList();
        var (h, c) = graph.LstmStep(
            graph.Concat(1, pooled, surprise), graph.Slice(state, 1, Rates, Rates + Hidden), graph.Slice(state, 1, Rates + Hidden, StateLength),
            lstm[0], lstm[1], lstm[2], lstm[3]);
        var gate = graph.Linear(h, _gate.weight, _gate.bias!);
        var leak = graph.Unary("Sigmoid", graph.Add(graph.Slice(gate, 1, 1, 2), graph.Constant(_leak.Tensor)));
        var kept = graph.Mul(moved, graph.Sub(graph.Scalar(1), leak));
        var prior = graph.Log(graph.Add(graph.Add(kept, graph.Mul(leak, graph.Scalar(1.0 / Rates))), graph.Scalar(BeliefGuard)));
        var scaled = graph.Reshape(graph.Add(graph.Mul(prior, graph.Scalar(0.2)), graph.Scalar(1)), -1, 1, Rates);
        var mixed = graph.Relu(graph.Conv1d(graph.Concat(1, hidden, scaled), _mix1.weight, _mix1.bias!, padding: 2));
        var correction = graph.Reshape(graph.Conv1d(mixed, _mix2.weight, _mix2.bias!, padding: 2), -1, Rates);
        var sharpness = graph.Unary("Exp", graph.Clip(graph.Slice(gate, 1, 0, 1), -3, 3));
        var weights = _weights.Tensor.ToArray<float>();
        var logits = graph.Add(
            graph.Add(graph.Mul(graph.Mul(evidence, sharpness), graph.Scalar(weights[0])), graph.Mul(prior, graph.Scalar(weights[1]))), correction);
        var next = graph.Softmax(logits, 1);
        graph.Output("output", graph.Concat(1, next, graph.Unary("Sigmoid", graph.Linear(h, _trust.weight, _trust.bias!))), OutputLength);
        graph.Output("next_state", graph.Concat(1, graph.Sub(next, graph.Scalar(1.0 / Rates)), h, c), StateLength);
        return graph.ToBytes();
    }
}
