using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// Dilated convolutions and an LSTM, after PPGnet (Shyam et al. 2019, doi:10.1109/EMBC.2019.8856989): convolutions 3 wide with dilations 1,
/// 2, 4, 8 and 16, each with what came before it added, then an LSTM over windows. The paper's convolutions run along the samples of a raw
/// window, and its LSTM over 15 windows from zero; here they run along the rates, and the LSTM's state goes on from window to window.
/// </summary>
public sealed class PpgNet : ZooNetwork
{
    private const int Taps = 3, Channels = 32, PoolSize = 4, Units = 64;
    private const int Length = Rates / PoolSize;
    private static readonly int[] Dilations = [1, 2, 4, 8, 16];

    private readonly Conv1d[] _conv;
    private readonly BatchNorm1d[] _norm;
    private readonly LSTM _memory;

    /// <summary>An untrained one.</summary>
    public PpgNet()
        : base(nameof(PpgNet), Units, 2 * Units)
    {
        _conv = [.. Dilations.Select((d, i) => nn.Conv1d(i == 0 ? Rows : Channels, Channels, Taps, padding: d, dilation: d))];
        _norm = [.. Dilations.Select(_ => ZooLayers.Norm(Channels))];
        _memory = nn.LSTM(Channels * Length, Units, batchFirst: true);
        for (var i = 0; i < Dilations.Length; i++)
        {
            register_module($"conv{i}", _conv[i]);
            register_module($"norm{i}", _norm[i]);
        }
        register_module("memory", _memory);
    }

    /// <inheritdoc/>
    protected override long BodyFlop => _conv.Sum(conv => ZooLayers.Flop(conv, Rates)) + ZooLayers.Flop(_memory);

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state)
    {
        var x = ZooLayers.Block(_conv[0], _norm[0], input.flatten(0, 1));
        for (var i = 1; i < Dilations.Length; i++)
            x = x + ZooLayers.Block(_conv[i], _norm[i], x);
        x = ZooLayers.Pool(x, PoolSize).reshape(input.size(0), input.size(1), Channels * Length);
        return ZooLayers.Run(_memory, x, state, 1, Units);
    }

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state)
    {
        var x = ZooLayers.Block(graph, _conv[0], _norm[0], input, Dilations[0]);
        for (var i = 1; i < Dilations.Length; i++)
            x = graph.Add(x, ZooLayers.Block(graph, _conv[i], _norm[i], x, Dilations[i], Dilations[i]));
        x = graph.Reshape(ZooLayers.Pool(graph, x, Channels, Rates, PoolSize), -1, Channels * Length);
        return ZooLayers.Run(graph, _memory, x, state, 1, Units);
    }
}
