using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// Two convolutions and two LSTM layers on one PPG channel, after CorNET (Biswas et al. 2019, doi:10.1109/TBCAS.2019.2892297): 32 filters,
/// batch normalisation, ReLU, pooling by 4 and dropout 0.1 each, then 128 units each. The paper's layers run along the 1,000 samples of a
/// window of raw PPG; here the convolutions run along the rates of the PPG's mean spectrum (no accelerometer, no classical likelihood), and
/// the LSTM from window to window.
/// </summary>
public sealed class CorNet : ZooNetwork
{
    private const int Taps = 7, Channels = 32, PoolSize = 4, Layers = 2, Units = 128;
    private const int Half = Rates / PoolSize, Quarter = Half / PoolSize;
    private const double Dropout = 0.1;

    private readonly Conv1d _conv1;
    private readonly Conv1d _conv2;
    private readonly BatchNorm1d _norm1;
    private readonly BatchNorm1d _norm2;
    private readonly LSTM _memory;

    /// <summary>An untrained one.</summary>
    public CorNet()
        : base(nameof(CorNet), Units, 2 * Layers * Units)
    {
        _conv1 = nn.Conv1d(1, Channels, Taps, padding: Taps / 2);
        _norm1 = ZooLayers.Norm(Channels);
        _conv2 = nn.Conv1d(Channels, Channels, Taps, padding: Taps / 2);
        _norm2 = ZooLayers.Norm(Channels);
        _memory = nn.LSTM(Channels * Quarter, Units, Layers, batchFirst: true);
        register_module("conv1", _conv1);
        register_module("norm1", _norm1);
        register_module("conv2", _conv2);
        register_module("norm2", _norm2);
        register_module("memory", _memory);
    }

    /// <inheritdoc/>
    protected override long BodyFlop => ZooLayers.Flop(_conv1, Rates) + ZooLayers.Flop(_conv2, Half) + ZooLayers.Flop(_memory);

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state)
    {
        var x = input.narrow(2, 0, 1).flatten(0, 1);
        x = nn.functional.dropout(ZooLayers.Pool(ZooLayers.Block(_conv1, _norm1, x), PoolSize), Dropout, training);
        x = nn.functional.dropout(ZooLayers.Pool(ZooLayers.Block(_conv2, _norm2, x), PoolSize), Dropout, training);
        return ZooLayers.Run(_memory, x.reshape(input.size(0), input.size(1), Channels * Quarter), state, Layers, Units);
    }

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state)
    {
        var x = graph.Slice(input, 1, 0, 1);
        x = ZooLayers.Pool(graph, ZooLayers.Block(graph, _conv1, _norm1, x, Taps / 2), Channels, Rates, PoolSize);
        x = ZooLayers.Pool(graph, ZooLayers.Block(graph, _conv2, _norm2, x, Taps / 2), Channels, Half, PoolSize);
        return ZooLayers.Run(graph, _memory, graph.Reshape(x, -1, Channels * Quarter), state, Layers, Units);
    }
}
