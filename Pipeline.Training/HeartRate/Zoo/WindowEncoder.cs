using Pipeline.Models.Features;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>Two convolutions along the rates and a dense layer: the numbers of one window, for networks that differ in what they do over windows.</summary>
internal sealed class WindowEncoder : nn.Module
{
    private const int Rows = RateFeatures.InputRowCount, Rates = RateFeatures.RateCount;
    private const int Taps = 7, Channels = 16, PoolSize = 2, Length = Rates / PoolSize;

    private readonly Conv1d _conv1;
    private readonly Conv1d _conv2;
    private readonly Linear _dense;
    private readonly int _width;

    /// <summary>An untrained one that makes <paramref name="width"/> numbers.</summary>
    public WindowEncoder(int width)
        : base(nameof(WindowEncoder))
    {
        _width = width;
        _conv1 = nn.Conv1d(Rows, Channels, Taps, padding: Taps / 2);
        _conv2 = nn.Conv1d(Channels, Channels, Taps, padding: Taps / 2);
        _dense = nn.Linear(Channels * Length, width);
        register_module("conv1", _conv1);
        register_module("conv2", _conv2);
        register_module("dense", _dense);
    }

    /// <summary>Multiplications and additions of a window.</summary>
    public long Flop => ZooLayers.Flop(_conv1, Rates) + ZooLayers.Flop(_conv2, Rates) + ZooLayers.Flop(_dense);

    /// <summary>[B, W, 14, 85] → [B, W, width].</summary>
    public Tensor Forward(Tensor input)
    {
        var x = _conv2.forward(_conv1.forward(input.flatten(0, 1)).relu()).relu();
        return _dense.forward(ZooLayers.Pool(x, PoolSize).flatten(1)).relu().reshape(input.size(0), input.size(1), _width);
    }

    /// <summary>The same of one window in ONNX: [B, 14, 85] → [B, width].</summary>
    public string Forward(OnnxGraph graph, string input)
    {
        var x = graph.Relu(graph.Conv1d(input, _conv1.weight, _conv1.bias!, padding: Taps / 2));
        x = graph.Relu(graph.Conv1d(x, _conv2.weight, _conv2.bias!, padding: Taps / 2));
        x = graph.Reshape(ZooLayers.Pool(graph, x, Channels, Rates, PoolSize), -1, Channels * Length);
        return graph.Relu(graph.Linear(x, _dense.weight, _dense.bias!));
    }
}
