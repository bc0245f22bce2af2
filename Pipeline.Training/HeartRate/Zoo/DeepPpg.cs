using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// Convolutions on spectra, without memory, after Deep PPG (Reiss, Indlekofer, Schmidt and Van Laerhoven 2019, doi:10.3390/s19143079): four
/// blocks of convolution 5, batch normalisation, ReLU and pooling by 2 with 64, 128, 256 and 256 channels, then dense layers of 512 and 128.
/// The paper gives the network 7 windows of 8 s with a spectrum of PPG and of each axis; here it has one window and the 14 rows that all have.
/// </summary>
public sealed class DeepPpg : ZooNetwork
{
    private const int Taps = 5, Dense = 512, Width = 128;
    private const double Dropout = 0.1;
    private static readonly int[] Channels = [Rows, 64, 128, 256, 256];

    private readonly Conv1d[] _conv;
    private readonly BatchNorm1d[] _norm;
    private readonly Linear _dense;
    private readonly Linear _last;

    /// <summary>An untrained one.</summary>
    public DeepPpg()
        : base(nameof(DeepPpg), Width, 0)
    {
        _conv = [.. Blocks.Select(i => nn.Conv1d(Channels[i], Channels[i + 1], Taps, padding: Taps / 2))];
        _norm = [.. Blocks.Select(i => ZooLayers.Norm(Channels[i + 1]))];
        _dense = nn.Linear(Channels[^1] * LengthOf(Channels.Length - 1), Dense);
        _last = nn.Linear(Dense, Width);
        foreach (var i in Blocks)
        {
            register_module($"conv{i}", _conv[i]);
            register_module($"norm{i}", _norm[i]);
        }
        register_module("dense", _dense);
        register_module("last", _last);
    }

    private static IEnumerable<int> Blocks => Enumerable.Range(0, Channels.Length - 1);

    /// <summary>Rates that are left before a block.</summary>
    private static int LengthOf(int block) => Rates >> block;

    /// <inheritdoc/>
    protected override long BodyFlop => Blocks.Sum(i => ZooLayers.Flop(_conv[i], LengthOf(i))) + ZooLayers.Flop(_dense) + ZooLayers.Flop(_last);

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state)
    {
        var x = input.flatten(0, 1);
        foreach (var i in Blocks)
            x = ZooLayers.Pool(ZooLayers.Block(_conv[i], _norm[i], x), 2);
        x = nn.functional.dropout(_dense.forward(x.flatten(1)).relu(), Dropout, training);
        return (_last.forward(x).relu().reshape(input.size(0), input.size(1), Width), state);
    }

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state)
    {
        var x = input;
        foreach (var i in Blocks)
            x = ZooLayers.Pool(graph, ZooLayers.Block(graph, _conv[i], _norm[i], x, Taps / 2), Channels[i + 1], LengthOf(i), 2);
        x = graph.Relu(graph.Linear(graph.Reshape(x, -1, _dense.weight.size(1)), _dense.weight, _dense.bias!));
        return (graph.Relu(graph.Linear(x, _last.weight, _last.bias!)), state);
    }
}
