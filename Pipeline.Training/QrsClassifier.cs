using Pipeline.Training.Torch;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>
/// The QRS network: normalisation, one hidden layer, log-odds. Input [B, <see cref="InputLength"/>] (a candidate as the detector describes it),
/// output [B, 1]. While it is trained it carries the <see cref="QrsTeachers"/> that it learns from; no part of them is kept.
/// </summary>
public sealed class QrsClassifier : nn.Module
{
    /// <summary>Floats of a candidate.</summary>
    public const int InputLength = QrsNetworkInput.Count;

    /// <summary>Hidden units.</summary>
    public const int Hidden = 18;

    private readonly Linear _hidden = nn.Linear(InputLength, Hidden);
    private readonly Linear _output = nn.Linear(Hidden, 1);
    private readonly QrsTeachers _teachers = new();
    private readonly float[] _mean;
    private readonly float[] _scale;

    internal QrsClassifier(float[] mean, float[] scale)
        : base(nameof(QrsClassifier))
    {
        (_mean, _scale) = (mean, scale);
        register_module("hidden", _hidden);
        register_module("output", _output);
        register_module("teachers", _teachers);
    }

    /// <summary>What it learns from.</summary>
    internal QrsTeachers Teachers => _teachers;

    /// <summary>Log-odds [B, 1] of normalised candidates [B, <see cref="InputLength"/>].</summary>
    public Tensor Forward(Tensor normalised) => _output.forward(_hidden.forward(normalised).relu());

    /// <summary>A candidate as <see cref="Forward"/> takes it.</summary>
    internal void Normalise(ReadOnlySpan<float> row, Span<float> normalised)
    {
        for (var k = 0; k < normalised.Length; k++)
            normalised[k] = Math.Clamp((row[k] - _mean[k]) * _scale[k], -QrsNetwork.Limit, QrsNetwork.Limit);
    }

    /// <summary>The network as the detector runs it.</summary>
    internal QrsNetwork ToNetwork() => new(
        _mean, _scale, _hidden.weight.ToArray(), _hidden.bias!.ToArray(), _output.weight.ToArray(),
        _output.bias!.ToArray()[0]);

    /// <summary>What a package keeps of it.</summary>
    internal Dictionary<string, Tensor> Weights() => new()
    {
        ["mean"] = tensor(_mean),
        ["scale"] = tensor(_scale),
        ["hidden.weight"] = _hidden.weight,
        ["hidden.bias"] = _hidden.bias!,
        ["output.weight"] = _output.weight,
        ["output.bias"] = _output.bias!,
    };

    /// <summary>The network as an ONNX file: <c>input</c> [B, <see cref="InputLength"/>] → <c>output</c> [B, 1].</summary>
    public byte[] ToOnnx()
    {
        using var scope = NewDisposeScope();
        var graph = new OnnxGraph("qrs");
        var input = graph.Input("input", InputLength);
        var centred = graph.Mul(graph.Sub(input, graph.Constant(_mean, 1, InputLength)), graph.Constant(_scale, 1, InputLength));
        var hidden = graph.Relu(graph.Linear(graph.Clip(centred, -QrsNetwork.Limit, QrsNetwork.Limit), _hidden.weight, _hidden.bias!));
        graph.Output("output", graph.Linear(hidden, _output.weight, _output.bias!), 1);
        return graph.ToBytes();
    }
}
