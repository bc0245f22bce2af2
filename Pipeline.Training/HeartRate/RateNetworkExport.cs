using Pipeline.Models.Features;
using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate;

public sealed partial class RateNetwork
{
    /// <inheritdoc/>
    public override byte[] ToOnnx()
    {
        var graph = new OnnxGraph("heart_rate");
        var input = graph.Input("input", _rows, Rates);
        var state = graph.Input("state", StateLength);
        using var scope = NewDisposeScope();
        var h1 = graph.Relu(graph.Conv1d(input, _conv1.weight, _conv1.bias!, padding: 3));
        var h2 = graph.Relu(graph.Conv1d(h1, _conv2.weight, _conv2.bias!, padding: 3));
        var hidden = graph.Add(h2, graph.Relu(graph.Conv1d(h2, _conv3.weight, _conv3.bias!, padding: 6, dilation: 3)));
        var evidence = Bounded(graph, graph.Reshape(graph.Conv1d(hidden, _observe.weight, _observe.bias!, padding: 2), -1, Rates));
        var (factor, offset, floor) = RateFeatures.LogLikelihood;
        var row = graph.Reshape(graph.Slice(input, 1, RateFeatures.LikelihoodRow, RateFeatures.LikelihoodRow + 1), -1, Rates);
        var likelihood = graph.Unary("Exp", graph.Mul(graph.Sub(row, graph.Scalar(offset)), graph.Scalar(1 / factor)));
        var classical = graph.Add(likelihood, graph.Scalar(ClassicalFloor - floor));

        var moved = Moved(graph, state, 0, _kernel.detach().softmax(0).reshape(1, 1, 2 * KernelReach + 1));
        var (h, c) = Remember(graph, hidden, evidence, moved, state);
        var gate = graph.Linear(h, _gate.weight, _gate.bias!);
        var leak = graph.Unary("Sigmoid", graph.Add(graph.Slice(gate, 1, 1, 2), graph.Constant(_leak)));
        var kept = graph.Mul(moved, graph.Sub(graph.Scalar(1), leak));
        var spread = graph.Add(graph.Mul(leak, graph.Scalar(1.0 / Rates)), graph.Scalar(BeliefGuard));
        var prior = graph.Log(graph.Add(kept, spread));

        var weights = _weights.ToArray();
        string Weighted(string x, int unit, float weight) => graph.Mul(x, graph.Mul(
            graph.Unary("Exp", graph.Clip(graph.Slice(gate, 1, unit, unit + 1), -MostWeight, MostWeight)), graph.Scalar(weight)));
        var own = graph.Add(Weighted(evidence, 0, weights[0]), graph.Mul(prior, graph.Scalar(weights[1])));
        var corrected = graph.Add(own, Correction(graph, hidden, prior));
        var next = graph.Softmax(graph.Add(corrected, Weighted(graph.Log(classical), 2, weights[2])), 1);
        var plain = Plain(graph, state, classical);
        var answer = graph.Add(graph.Mul(next, graph.Scalar(1 - PlainShare)), graph.Mul(plain, graph.Scalar(PlainShare)));
        string Less(string belief) => graph.Sub(belief, graph.Scalar(1.0 / Rates));
        var trust = graph.Unary("Sigmoid", graph.Linear(graph.Concat(1, h, Shape(graph, answer)), _trust.weight, _trust.bias!));
        graph.Output("output", graph.Concat(1, answer, trust), OutputLength);
        graph.Output("next_state", graph.Concat(1, Less(next), Less(plain), h, c), StateLength);
        return graph.ToBytes();
    }

    private static string Bounded(OnnxGraph graph, string x) =>
        graph.Mul(graph.Unary("Tanh", graph.Mul(x, graph.Scalar(1 / MostEvidence))), graph.Scalar(MostEvidence));

    private static string Shape(OnnxGraph graph, string belief)
    {
        var axis = graph.Constant(Axis, 1, Rates);
        var along = graph.Mul(belief, axis);
        var mean = Sum(graph, along);
        var variance = graph.Relu(graph.Sub(Sum(graph, graph.Mul(along, axis)), graph.Mul(mean, mean)));
        return graph.Concat(1, graph.Log(Sum(graph, graph.Mul(belief, belief))),
            graph.Log(graph.Add(variance, graph.Scalar(VarianceGuard))));
    }

    // A sum by Gemm: in which order a reduction over 85 numbers adds depends on where in the batch the row lies.
    private static string Sum(OnnxGraph graph, string x) => graph.Linear(x, ones(1, Rates), null);

    /// <summary>The belief that stands in the state from <paramref name="first"/> on, moved.</summary>
    private static string Moved(OnnxGraph graph, string state, int first, Tensor kernel)
    {
        var belief = graph.Add(graph.Slice(state, 1, first, first + Rates), graph.Scalar(1.0 / Rates));
        return graph.Reshape(graph.Conv1d(graph.Reshape(belief, -1, 1, Rates), kernel, null, padding: KernelReach), -1, Rates);
    }

    private static string Plain(OnnxGraph graph, string state, string classical)
    {
        var moved = Moved(graph, state, Rates, tensor(PlainKernel, [1, 1, PlainKernel.Length]));
        var prior = graph.Add(graph.Mul(moved, graph.Scalar(1 - PlainLeak)), graph.Scalar(PlainLeak / Rates));
        var weighed = graph.Mul(prior, classical);
        return graph.Div(weighed, Sum(graph, weighed));
    }

    private (string H, string C) Remember(OnnxGraph graph, string hidden, string evidence, string moved, string state)
    {
        var agreement = Sum(graph, graph.Mul(moved, graph.Softmax(evidence, 1)));
        var surprise = graph.Log(graph.Add(agreement, graph.Scalar(BeliefGuard)));
        var lstm = _memory.parameters().ToList();
        return graph.LstmStep(
            graph.Concat(1, graph.Mean(hidden, 2), graph.Max(hidden, 2), surprise),
            graph.Slice(state, 1, 2 * Rates, 2 * Rates + Hidden), graph.Slice(state, 1, 2 * Rates + Hidden, StateLength),
            lstm[0], lstm[1], lstm[2], lstm[3]);
    }

    private string Correction(OnnxGraph graph, string hidden, string prior)
    {
        var scaled = graph.Reshape(graph.Add(graph.Mul(prior, graph.Scalar(0.2)), graph.Scalar(1)), -1, 1, Rates);
        var mixed = graph.Relu(graph.Conv1d(graph.Concat(1, hidden, scaled), _mix1.weight, _mix1.bias!, padding: MixTaps / 2));
        return Bounded(graph, graph.Reshape(graph.Conv1d(mixed, _mix2.weight, _mix2.bias!, padding: MixTaps / 2), -1, Rates));
    }
}
