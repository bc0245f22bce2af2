using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>Layers that several networks of the zoo use, each in TorchSharp (whole sequences) and in ONNX (one window).</summary>
internal static class ZooLayers
{
    private const double NormGuard = 1e-5;

    /// <summary>Multiplications and additions of <paramref name="times"/> applications of a layer's matrices.</summary>
    public static long Flop(nn.Module layer, long times = 1) =>
        2 * times * layer.parameters().Where(p => p.dim() > 1).Sum(p => p.numel());

    /// <summary>Batch normalisation over the channels (Ioffe and Szegedy 2015, arXiv:1502.03167).</summary>
    public static BatchNorm1d Norm(int channels) => nn.BatchNorm1d(channels, eps: NormGuard);

    /// <summary>Convolution, batch normalisation, ReLU.</summary>
    public static Tensor Block(Conv1d conv, BatchNorm1d norm, Tensor x) => norm.forward(conv.forward(x)).relu();

    /// <summary>The same in ONNX, where the normalisation, which is fixed after training, is part of the convolution.</summary>
    public static string Block(OnnxGraph graph, Conv1d conv, BatchNorm1d norm, string x, long padding, long dilation = 1, long groups = 1)
    {
        var scale = norm.weight! * (norm.running_var! + NormGuard).rsqrt();       // not null: it has them all
        var bias = (conv.bias! - norm.running_mean!) * scale + norm.bias!;
        return graph.Relu(graph.Conv1d(x, conv.weight * scale.reshape(-1, 1, 1), bias, padding: padding, dilation: dilation, groups: groups));
    }

    /// <summary>The greatest of each <paramref name="size"/> neighbours [.., length] → [.., length / size]; what is over is left out.</summary>
    public static Tensor Pool(Tensor x, long size) => nn.functional.max_pool1d(x, size, size);

    /// <summary>The same in ONNX for [B, <paramref name="channels"/>, <paramref name="length"/>].</summary>
    public static string Pool(OnnxGraph graph, string x, long channels, long length, long size) =>
        graph.Max(graph.Reshape(graph.Slice(x, 2, 0, length / size * size), -1, channels, length / size, size), 3);

    /// <summary>
    /// LSTM layers (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735) over [B, W, in]; the state [B, 2 x layers x units] is h of
    /// each layer, then c of each.
    /// </summary>
    public static (Tensor Width, Tensor Next) Run(LSTM layer, Tensor x, Tensor state, int layers, int units)
    {
        var parts = state.reshape(-1, 2, layers, units).permute(1, 2, 0, 3).contiguous();
        var (width, h, c) = layer.forward(x, (parts[0], parts[1]));
        return (width, stack([h, c]).permute(2, 0, 1, 3).reshape(-1, 2L * layers * units));
    }

    /// <summary>The same of one window [B, in] in ONNX.</summary>
    public static (string Width, string Next) Run(OnnxGraph graph, LSTM layer, string x, string state, int layers, int units)
    {
        var weights = layer.parameters().ToList();      // of each layer: from the input, from h, and the biases of both
        var (hs, cs) = (new string[layers], new string[layers]);
        for (var i = 0; i < layers; i++)
        {
            string Part(int index) => graph.Slice(state, 1, (long)index * units, (index + 1L) * units);
            (hs[i], cs[i]) = graph.LstmStep(
                x, Part(i), Part(layers + i), weights[4 * i], weights[4 * i + 1], weights[4 * i + 2], weights[4 * i + 3]);
            x = hs[i];
        }
        return (x, graph.Concat(1, [.. hs, .. cs]));
    }

    /// <summary>
    /// GRU layers (Cho et al. 2014, doi:10.3115/v1/D14-1179) over [B, W, in]; the state [B, layers x units] is h of each layer.
    /// </summary>
    public static (Tensor Width, Tensor Next) Run(GRU layer, Tensor x, Tensor state, int layers, int units)
    {
        var (width, h) = layer.forward(x, state.reshape(-1, layers, units).transpose(0, 1).contiguous());
        return (width, h.transpose(0, 1).reshape(-1, (long)layers * units));
    }

    /// <summary>The same of one window [B, in] in ONNX: PyTorch's gates r, z, n.</summary>
    public static (string Width, string Next) Run(OnnxGraph graph, GRU layer, string x, string state, int layers, int units)
    {
        var weights = layer.parameters().ToList();
        var hs = new string[layers];
        for (var i = 0; i < layers; i++)
        {
            var h = graph.Slice(state, 1, (long)i * units, (i + 1L) * units);
            var (given, carried) = (
                graph.Linear(x, weights[4 * i], weights[4 * i + 2]), graph.Linear(h, weights[4 * i + 1], weights[4 * i + 3]));
            string Part(string all, int gate) => graph.Slice(all, 1, (long)gate * units, (gate + 1L) * units);
            string Gate(int gate) => graph.Unary("Sigmoid", graph.Add(Part(given, gate), Part(carried, gate)));
            var fresh = graph.Unary("Tanh", graph.Add(Part(given, 2), graph.Mul(Gate(0), Part(carried, 2))));
            x = hs[i] = graph.Add(fresh, graph.Mul(Gate(1), graph.Sub(h, fresh)));
        }
        return (x, graph.Concat(1, hs));
    }
}
