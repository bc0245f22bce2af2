using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>
/// The QRS network: normalisation, one hidden layer, log-odds. Input [B, <see cref="InputLength"/>] (a candidate as the detector describes it),
/// output [B, 1]. It is the mean of <see cref="Members"/> networks of <see cref="Units"/> hidden units that are trained apart: how one of them decides on
/// doubtful candidates hangs on its seed, how their mean does much less.
/// </summary>
public sealed class QrsClassifier : nn.Module
{
    /// <summary>Floats of a candidate.</summary>
    public const int InputLength = QrsNetworkInput.Count;

    /// <summary>Networks whose log-odds are averaged.</summary>
    public const int Members = 3;

    /// <summary>Hidden units of each.</summary>
    public const int Units = 24;

    /// <summary>Hidden units of all.</summary>
    public const int Hidden = Members * Units;

    private readonly Linear _hidden = nn.Linear(InputLength, Hidden);
    private readonly Linear _output = nn.Linear(Hidden, 1);
    private readonly float[] _mean;
    private readonly float[] _scale;

    internal QrsClassifier(float[] mean, float[] scale)
        : base(nameof(QrsClassifier))
    {
        (_mean, _scale) = (mean, scale);
        RegisterComponents();
    }

    /// <summary>Log-odds [B] of normalised candidates [B, <see cref="InputLength"/>].</summary>
    public Tensor Forward(Tensor normalised) => MemberOdds(normalised).mean([1]);

    /// <summary>Each member's log-odds [B, <see cref="Members"/>] of normalised candidates [B, <see cref="InputLength"/>].</summary>
    public Tensor MemberOdds(Tensor normalised) =>
        (_hidden.forward(normalised).relu() * _output.weight).reshape(-1, Members, Units).sum(2) + _output.bias!;

    /// <summary>A candidate as <see cref="Forward"/> takes it.</summary>
    internal void Normalise(ReadOnlySpan<float> row, Span<float> normalised)
    {
        for (var k = 0; k < normalised.Length; k++)
            normalised[k] = Math.Clamp((row[k] - _mean[k]) * _scale[k], -QrsNetwork.Limit, QrsNetwork.Limit);
    }

    /// <summary>The network as the detector runs it.</summary>
    internal QrsNetwork ToNetwork() => new(
        _mean, _scale, _hidden.weight.Tensor.ToArray<float>(), _hidden.bias!.Tensor.ToArray<float>(), MeanOutput().ToArray<float>(),
        _output.bias!.Tensor.ToArray<float>()[0]);

    // The mean of the members is one network: each counts a part.
    private Tensor MeanOutput() => (_output.weight.Tensor / Members).detach();

    /// <summary>What a package keeps of it.</summary>
    internal Dictionary<string, Tensor> Weights() => new()
    {
        ["mean"] = tensor(_mean, InputLength),
        ["scale"] = tensor(_scale, InputLength),
        ["hidden.weight"] = _hidden.weight.Tensor,
        ["hidden.bias"] = _hidden.bias!.Tensor,
        ["output.weight"] = MeanOutput(),
        ["output.bias"] = _output.bias!.Tensor,
    };

    /// <summary>The network as an ONNX file: <c>input</c> [B, <see cref="InputLength"/>] → <c>output</c> [B, 1].</summary>
    public byte[] ToOnnx()
    {
        using var scope = NewDisposeScope();
        var graph = new OnnxGraph("qrs");
        var input = graph.Input("input", InputLength);
        var centred = graph.Mul(graph.Sub(input, graph.Constant(_mean, 1, InputLength)), graph.Constant(_scale, 1, InputLength));
        var hidden = graph.Relu(graph.Linear(graph.Clip(centred, -QrsNetwork.Limit, QrsNetwork.Limit), _hidden.weight, _hidden.bias!));
        graph.Output("output", graph.Linear(hidden, MeanOutput(), _output.bias!.Tensor), 1);
        return graph.ToBytes();
    }
}
