using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// CorNET on the spectra of PPG and accelerometer with depthwise separable convolutions (Howard et al. 2017, arXiv:1704.04861) and one small
/// LSTM, about 20,000 weights: what is left of <see cref="CorNet"/> for a small device. A convolution of each row by itself along the
/// rates, then one across the rows.
/// </summary>
public sealed class CorNetDepthwise : ZooNetwork
{
    private const int Taps = 7, Channels = 32, PoolSize = 4, Units = 24;
    private const int Half = Rates / PoolSize, Quarter = Half / PoolSize;

    private readonly Conv1d _depth1;
    private readonly Conv1d _point1;
    private readonly Conv1d _depth2;
    private readonly Conv1d _point2;
    private readonly BatchNorm1d _norm1;
    private readonly BatchNorm1d _norm2;
    private readonly LSTM _memory;

    /// <summary>An untrained one.</summary>
    public CorNetDepthwise()
        : base(nameof(CorNetDepthwise), Units, 2 * Units)
    {
        _depth1 = nn.Conv1d(Rows, Rows, Taps, padding: Taps / 2, groups: Rows);
        _point1 = nn.Conv1d(Rows, Channels, 1);
        _norm1 = ZooLayers.Norm(Channels);
        _depth2 = nn.Conv1d(Channels, Channels, Taps, padding: Taps / 2, groups: Channels);
        _point2 = nn.Conv1d(Channels, Channels, 1);
        _norm2 = ZooLayers.Norm(Channels);
        _memory = nn.LSTM(Channels * Quarter, Units, batchFirst: true);
        register_module("depth1", _depth1);
        register_module("point1", _point1);
        register_module("norm1", _norm1);
        register_module("depth2", _depth2);
        register_module("point2", _point2);
        register_module("norm2", _norm2);
        register_module("memory", _memory);
    }

    /// <inheritdoc/>
    protected override long BodyFlop =>
        ZooLayers.Flop(_depth1, Rates) + ZooLayers.Flop(_point1, Rates) + ZooLayers.Flop(_depth2, Half) + ZooLayers.Flop(_point2, Half)
        + ZooLayers.Flop(_memory);

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state)
    {
        var x = ZooLayers.Pool(ZooLayers.Block(_point1, _norm1, _depth1.forward(input.flatten(0, 1))), PoolSize);
        x = ZooLayers.Pool(ZooLayers.Block(_point2, _norm2, _depth2.forward(x)), PoolSize);
        return ZooLayers.Run(_memory, x.reshape(input.size(0), input.size(1), Channels * Quarter), state, 1, Units);
    }

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state)
    {
        string Depth(Conv1d conv, string x, int channels) => graph.Conv1d(x, conv.weight, conv.bias!, padding: Taps / 2, groups: channels);
        var x = ZooLayers.Block(graph, _point1, _norm1, Depth(_depth1, input, Rows), 0);
        x = ZooLayers.Block(graph, _point2, _norm2, Depth(_depth2, ZooLayers.Pool(graph, x, Channels, Rates, PoolSize), Channels), 0);
        x = graph.Reshape(ZooLayers.Pool(graph, x, Channels, Half, PoolSize), -1, Channels * Quarter);
        return ZooLayers.Run(graph, _memory, x, state, 1, Units);
    }
}
