using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// A temporal convolutional network, after TEMPONet (Zanghieri et al. 2020, doi:10.1109/TBCAS.2019.2959160) and Q-PPG (Burrello et al. 2021,
/// doi:10.1109/TBCAS.2021.3122017): causal dilated convolutions in residual blocks. Theirs run along the 256 samples of a raw window; here a
/// convolution along the rates makes 32 numbers of each window, and the dilated ones (1, 2, 4, 8) run over windows: 31 of them, a minute.
/// State: the windows that the next ones still look at.
/// </summary>
public sealed class WindowTcn : ZooNetwork
{
    private const int Taps = 3, Channels = 32;
    private static readonly int[] Dilations = [1, 2, 4, 8];

    private readonly WindowEncoder _encoder = new(Channels);
    private readonly Conv1d[] _conv;

    /// <summary>An untrained one.</summary>
    public WindowTcn()
        : base(nameof(WindowTcn), Channels, Channels * Dilations.Sum(Reach))
    {
        _conv = [.. Dilations.Select(d => nn.Conv1d(Channels, Channels, Taps, dilation: d))];
        register_module("encoder", _encoder);
        for (var i = 0; i < Dilations.Length; i++)
            register_module($"conv{i}", _conv[i]);
    }

    /// <inheritdoc/>
    protected override long BodyFlop => _encoder.Flop + _conv.Sum(conv => ZooLayers.Flop(conv));

    /// <summary>Windows before the present one that a convolution looks at.</summary>
    private static int Reach(int dilation) => (Taps - 1) * dilation;

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state)
    {
        var x = _encoder.Forward(input).transpose(1, 2);      // [B, channels, W]
        var (next, first) = (new List<Tensor>(), 0L);
        for (var i = 0; i < Dilations.Length; i++)
        {
            var reach = Reach(Dilations[i]);
            var all = cat([state.narrow(1, first * Channels, reach * Channels).reshape(-1, Channels, reach), x], 2);
            next.Add(all.narrow(2, all.size(2) - reach, reach).reshape(-1, Channels * reach));
            x = x + _conv[i].forward(all).relu();
            first += reach;
        }
        return (x.transpose(1, 2), cat(next, 1));
    }

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state)
    {
        var x = graph.Reshape(_encoder.Forward(graph, input), -1, Channels, 1);
        var (next, first) = (new List<string>(), 0L);
        for (var i = 0; i < Dilations.Length; i++)
        {
            var reach = Reach(Dilations[i]);
            var before = graph.Reshape(graph.Slice(state, 1, first * Channels, (first + reach) * Channels), -1, Channels, reach);
            var all = graph.Concat(2, before, x);
            next.Add(graph.Reshape(graph.Slice(all, 2, 1, reach + 1), -1, Channels * reach));
            x = graph.Add(x, graph.Relu(graph.Conv1d(all, _conv[i].weight, _conv[i].bias!, dilation: Dilations[i])));
            first += reach;
        }
        return (graph.Reshape(x, -1, Channels), graph.Concat(1, [.. next]));
    }
}
