using Pipeline.Models.Packages;
using Pipeline.Tests.Torch;
using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Training;

/// <summary>Every operator of the exporter: ONNX Runtime gives what TorchSharp's forward gives.</summary>
[Collection(nameof(SeededTraining))]
public sealed class OnnxGraphTests
{
    private const float Tolerance = 1e-5f;
    private const int Hidden = 5;

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void Every_operator_gives_the_same_in_ONNX_Runtime_as_in_TorchSharp(int rows)
    {
        NeedLibtorch.OrSkip();
        using var scope = NewDisposeScope();
        using var still = no_grad();
        manual_seed(3);
        var network = new EveryOperator();
        using var session = new OnnxSession(network.ToOnnx(), [rows]);
        var (state, next) = (new float[rows * 2 * Hidden], new float[rows * 2 * Hidden]);
        var output = new float[rows * session.OutputLength];
        var known = zeros(rows, 2 * Hidden);
        for (var window = 0; window < 4; window++)
        {
            var x = rand(rows, 2, 12) * 2;
            var (expected, carried) = network.Forward(x, known);
            known = carried;

            session.Forward(rows, x.ToArray(), state, output, next);
            next.CopyTo(state, 0);

            Assert.All(expected.ToArray().Zip(output), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            Assert.All(carried.ToArray().Zip(next), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        }
    }

    /// <summary>
    /// A network without meaning. 16 outputs of a convolution: written in two dimensions, also strided, dilated, added and used in both
    /// forms.
    /// </summary>
    private sealed class EveryOperator
    {
        private readonly Tensor _wide1 = randn(16, 2, 3) * 0.4, _bias1 = randn(16), _wide2 = randn(16, 16, 3) * 0.1;
        private readonly Tensor _narrow1 = randn(4, 2, 3) * 0.4, _bias2 = randn(4), _narrow2 = randn(4, 16, 3) * 0.1;
        private readonly Tensor _strided = randn(16, 16, 3) * 0.1, _bias3 = randn(16);
        private readonly Tensor _inputs = randn(4 * Hidden, 6) * 0.4, _recurrent = randn(4 * Hidden, Hidden) * 0.4,
            _bias4 = randn(4 * Hidden), _bias5 = randn(4 * Hidden);
        private readonly Tensor _head = randn(7, Hidden), _bias6 = randn(7);

        public (Tensor Output, Tensor State) Forward(Tensor x, Tensor state)
        {
            var wide = Convolve(x, _wide1, _bias1, 1).relu();
            wide += Convolve(wide, _wide2, null, 2, dilation: 2);
            var narrow = (Convolve(x, _narrow1, _bias2, 2, dilation: 2) + Convolve(wide, _narrow2, null, 1)).relu();
            var flat = narrow.reshape(-1, 48).narrow(1, 0, 12);
            var pooled = cat([narrow.mean([2]), narrow.max(2).values.narrow(1, 1, 2)], 1);
            var (h, c) = (state.narrow(1, 0, Hidden), state.narrow(1, Hidden, Hidden));
            var gates = pooled.matmul(_inputs.t()) + _bias4 + h.matmul(_recurrent.t()) + _bias5;
            Tensor Gate(int index) => gates.narrow(1, index * Hidden, Hidden);
            c = Gate(1).sigmoid() * c + Gate(0).sigmoid() * Gate(2).tanh();
            h = Gate(3).sigmoid() * c.tanh();
            var positive = flat.clamp(-1, 1).exp() / (flat.sigmoid() + 0.5);
            var answer = cat([(h.matmul(_head.t()) + _bias6).softmax(1), positive.log() - flat.tanh() * 0.5], 1);
            return (cat([answer, Convolve(wide, _strided, _bias3, 0, stride: 2).mean([2])], 1), cat([h, c], 1));
        }

        public byte[] ToOnnx()
        {
            var graph = new OnnxGraph("test");
            var x = graph.Input("input", 2, 12);
            var state = graph.Input("state", 2 * Hidden);
            var wide = graph.Relu(graph.Conv1d(x, _wide1, _bias1, padding: 1));
            wide = graph.Add(wide, graph.Conv1d(wide, _wide2, null, padding: 2, dilation: 2));
            var narrow = graph.Relu(graph.Add(graph.Conv1d(x, _narrow1, _bias2, padding: 2, dilation: 2),
                graph.Conv1d(wide, _narrow2, null, padding: 1)));
            var flat = graph.Slice(graph.Reshape(narrow, -1, 48), 1, 0, 12);
            var pooled = graph.Concat(1, graph.Mean(narrow, 2), graph.Slice(graph.Max(narrow, 2), 1, 1, 3));
            var (h, c) = graph.LstmStep(pooled, graph.Slice(state, 1, 0, Hidden), graph.Slice(state, 1, Hidden, 2 * Hidden), _inputs,
                _recurrent, _bias4, _bias5);
            var positive = graph.Div(graph.Unary("Exp", graph.Clip(flat, -1, 1)),
                graph.Add(graph.Unary("Sigmoid", flat), graph.Scalar(0.5)));
            var difference = graph.Sub(graph.Log(positive), graph.Mul(graph.Scalar(0.5), graph.Unary("Tanh", flat)));
            var answer = graph.Concat(1, graph.Softmax(graph.Linear(h, _head, _bias6), 1), difference);
            graph.Output("output", graph.Concat(1, answer, graph.Mean(graph.Conv1d(wide, _strided, _bias3, stride: 2), 2)), 7 + 12 + 16);
            graph.Output("next_state", graph.Concat(1, h, c), 2 * Hidden);
            return graph.ToBytes();
        }

        private static Tensor Convolve(Tensor x, Tensor weight, Tensor? bias, long padding, long stride = 1, long dilation = 1) =>
            nn.functional.conv1d(x, weight, bias, stride, padding, dilation);
    }
}
