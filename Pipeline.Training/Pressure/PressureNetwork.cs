using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.Pressure;

/// <summary>
/// Systolic and diastolic pressure of a window from PPG and ECG: a residual network (He et al. 2016, arXiv:1512.03385) whose output an LSTM reads along the window,
/// as in doi:10.3389/fpubh.2024.1426168. Four blocks of two convolutions, each at half the rate of the one before.
/// </summary>
public sealed class PressureNetwork : nn.Module
{
    private const int Hidden = 32, Groups = 4;
    private static readonly int[] Channels = [16, 16, 32, 32];
    private readonly Conv1d _stem;
    private readonly Conv1d[] _first, _second, _skip;
    private readonly GroupNorm[] _norm;
    private readonly LSTM _memory;
    private readonly Linear _answer;

    /// <summary>A network with weights by libtorch's generator.</summary>
    public PressureNetwork()
        : base(nameof(PressureNetwork))
    {
        _stem = Register("stem", nn.Conv1d(2, Channels[0], 7, stride: 2, padding: 3));
        int[] inputs = [Channels[0], .. Channels[..^1]];
        _first = [.. Channels.Select((channels, i) => Register($"first{i}", nn.Conv1d(inputs[i], channels, 5, stride: 2, padding: 2)))];
        _second = [.. Channels.Select((channels, i) => Register($"second{i}", nn.Conv1d(channels, channels, 5, padding: 2)))];
        _skip = [.. Channels.Select((channels, i) => Register($"skip{i}", nn.Conv1d(inputs[i], channels, 1, stride: 2)))];
        _norm = [.. Channels.Select((channels, i) => Register($"norm{i}", nn.GroupNorm(Groups, channels)))];
        foreach (var norm in _norm)
        {
            nn.init.ones_(norm.weight);     // TorchSharp 0.107 leaves what was in the memory
            nn.init.zeros_(norm.bias);
        }
        _memory = Register("memory", nn.LSTM(Channels[^1], Hidden, batchFirst: true));
        _answer = Register("answer", nn.Linear(Hidden + PressureWindow.FeatureCount, 2));
    }

    /// <summary>[B, 2, <see cref="PressureWindow.Length"/>] and [B, <see cref="PressureWindow.FeatureCount"/>] to [B, 2]: systolic and diastolic, in deviations of the population.</summary>
    public Tensor Forward(Tensor input, Tensor features)
    {
        var h = _stem.forward(input).relu();
        for (var i = 0; i < _first.Length; i++)
            h = (_norm[i].forward(_second[i].forward(_first[i].forward(h).relu())) + _skip[i].forward(h)).relu();
        var rest = zeros(1, h.size(0), Hidden).to(h.device);
        var (all, _, _) = _memory.forward(h.transpose(1, 2).contiguous(), (rest, rest));
        return _answer.forward(cat([all.select(1, -1), features], 1));
    }

    private T Register<T>(string name, T module)
        where T : nn.Module
    {
        register_module(name, module);
        return module;
    }
}
