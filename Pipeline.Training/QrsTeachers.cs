using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>
/// What <see cref="QrsClassifier"/> learns from besides the answers: <see cref="Count"/> larger networks that are trained with it, each on other parts of
/// the batches. What one of them says of doubtful candidates hangs on its seed, what they say together does much less.
/// </summary>
internal sealed class QrsTeachers : nn.Module
{
    /// <summary>How many.</summary>
    public const int Count = 3;

    private const int Units = 24;
    private readonly Linear _hidden = nn.Linear(QrsClassifier.InputLength, Count * Units);
    private readonly Linear _output = nn.Linear(Count * Units, 1);

    public QrsTeachers()
        : base(nameof(QrsTeachers))
    {
        register_module("hidden", _hidden);
        register_module("output", _output);
    }

    /// <summary>Each one's log-odds [B, <see cref="Count"/>] of normalised candidates [B, <see cref="QrsClassifier.InputLength"/>].</summary>
    public Tensor Forward(Tensor normalised) =>
        (_hidden.forward(normalised).relu() * _output.weight).reshape(-1, Count, Units).sum(2) + _output.bias!;
}
