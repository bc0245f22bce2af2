using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.Qrs;

/// <summary>
/// The QRS network: normalisation, one hidden layer, log-odds. Input [B, <see cref="InputLength"/>] (a candidate as the detector describes
/// it), output [B, 1]. During training it contains the <see cref="QrsEnsemble"/> that it is distilled from; exported is the network alone.
/// </summary>
public sealed class QrsClassifier : nn.Module
{
    /// <summary>Floats of a candidate.</summary>
    public const int InputLength = QrsNetworkInput.Count;

    /// <summary>Hidden units.</summary>
    public const int Hidden = 18;

    private readonly Linear _hidden = nn.Linear(InputLength, Hidden);
    private readonly Linear _output = nn.Linear(Hidden, 1);
    private readonly QrsEnsemble _ensemble = new();
    private readonly float[] _mean;
    private readonly float[] _scale;

    internal QrsClassifier(float[] mean, float[] scale)
        : base(nameof(QrsClassifier))
    {
        (_mean, _scale) = (mean, scale);
        register_module("hidden", _hidden);
        register_module("output", _output);
        register_module("ensemble", _ensemble);
    }

    /// <summary>The ensemble that it is distilled from.</summary>
    internal QrsEnsemble Ensemble => _ensemble;

    /// <summary>Log-odds [B, 1] of normalised candidates [B, <see cref="InputLength"/>].</summary>
    public Tensor Forward(Tensor normalised) => _output.forward(_hidden.forward(normalised).relu());

    /// <summary>Normalises a candidate for <see cref="Forward"/>; both [<see cref="InputLength"/>].</summary>
    internal void Normalise(ReadOnlySpan<float> row, Span<float> normalised)
    {
        for (var k = 0; k < normalised.Length; k++)
            normalised[k] = Math.Clamp((row[k] - _mean[k]) * _scale[k], -QrsNetwork.Limit, QrsNetwork.Limit);
    }

    /// <summary>The network as the detector runs it.</summary>
    internal QrsNetwork ToNetwork() => new(
        _mean, _scale, _hidden.weight.ToArray(), _hidden.bias!.ToArray(), _output.weight.ToArray(),
        _output.bias!.ToArray()[0]);

    /// <summary>The tensors of the package, by name.</summary>
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
