using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.Qrs;

/// <summary>
/// The ensemble that <see cref="QrsClassifier"/> is distilled from: <see cref="Count"/> larger networks that are trained with it, each on a
/// random part of every batch. Its mean depends less on the seed than one network does. No part of it is exported.
/// </summary>
internal sealed class QrsEnsemble : nn.Module
{
    /// <summary>Networks of the ensemble.</summary>
    public const int Count = 3;

    private const int Units = 24;
    private readonly Linear _hidden = nn.Linear(QrsClassifier.InputLength, Count * Units);
    private readonly Linear _output = nn.Linear(Count * Units, 1);

    public QrsEnsemble()
        : base(nameof(QrsEnsemble))
    {
        register_module("hidden", _hidden);
        register_module("output", _output);
    }

    /// <summary>
    /// Log-odds of each network [B, <see cref="Count"/>] of normalised candidates [B, <see cref="QrsClassifier.InputLength"/>].
    /// </summary>
    public Tensor Forward(Tensor normalised) =>
        (_hidden.forward(normalised).relu() * _output.weight).reshape(-1, Count, Units).sum(2) + _output.bias!;
}
