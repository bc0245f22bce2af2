using Pipeline.Models.Features;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate;

/// <summary>
/// A network that estimates a rate from the spectra of windows, one window after the other: what the default and the networks that it is
/// compared with have in common, so that all are trained by one loop, scored on one protocol, exported and served in one way. A new one is a
/// class and a line in <see cref="Zoo.RateArchitectures"/>.
/// </summary>
/// <param name="name">Name of the class, for TorchSharp.</param>
/// <param name="stateCount">Floats that are carried from window to window for each stream; 0 without memory.</param>
public abstract class RateArchitecture(string name, int stateCount) : nn.Module(name)
{
    /// <summary>Floats of a row of output: the probability of each rate, then the chance that the estimate is within 5 per minute.</summary>
    public const int OutputLength = RateFeatures.RateCount + 1;

    /// <summary>Floats that are carried from window to window for each stream; all zero in ONNX at a stream's start.</summary>
    public int StateCount { get; } = stateCount;

    /// <summary>Multiplications and additions of one window; those of activations are left out.</summary>
    public abstract long Flop { get; }

    /// <summary>
    /// States [B, <see cref="StateCount"/>] at the start of streams; a network that keeps a belief begins at <paramref name="belief"/> [B, 85],
    /// the others at zero.
    /// </summary>
    public abstract Tensor Start(Tensor belief);

    /// <summary>
    /// Successive windows of streams, [B, W, rows, 85], from a state [B, <see cref="StateCount"/>] on. Cutting the windows in two calls that
    /// hand the state on gives the same as one call.
    /// </summary>
    public abstract RateAnswers Forward(Tensor input, Tensor state);

    /// <summary>
    /// The network as an ONNX file, one window with state in and out: <c>input</c> [B, rows, 85], <c>state</c> [B, S]; <c>output</c> [B, 86],
    /// <c>next_state</c> [B, S]. Without memory there is no state.
    /// </summary>
    public abstract byte[] ToOnnx();
}

/// <summary>What a network says of windows.</summary>
/// <param name="Logits">[B, W, 85]: the belief that is trained, before the softmax.</param>
/// <param name="Answer">[B, W, 85]: probability of each rate.</param>
/// <param name="Trust">[B, W]: logit of the chance that the estimate is within 5 per minute.</param>
/// <param name="Next">[B, S]: what is carried on.</param>
public sealed record RateAnswers(Tensor Logits, Tensor Answer, Tensor Trust, Tensor Next);
