using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>What <see cref="RateNetwork.Encode"/> makes of windows, one row each.</summary>
/// <param name="Hidden">[N, 8 x 85]: the encoder's part of the correction.</param>
/// <param name="Encoded">[N, 85]: the encoder's evidence, bounded logits.</param>
/// <param name="Likely">[N, 85]: the same as probabilities.</param>
/// <param name="Gates">[N, 4 x 16]: the encoder's part of the LSTM's gates.</param>
/// <param name="Classical">[N, 85]: the classical likelihood, in units of its mean, and a floor.</param>
public sealed record RateEvidence(Tensor Hidden, Tensor Encoded, Tensor Likely, Tensor Gates, Tensor Classical)
{
    /// <summary>The row of window <paramref name="index"/> alone.</summary>
    public RateEvidence At(int index) => new(
        Hidden.narrow(0, index, 1), Encoded.narrow(0, index, 1), Likely.narrow(0, index, 1), Gates.narrow(0, index, 1), Classical.narrow(0, index, 1));

    /// <summary>Of [<paramref name="sequences"/> x <paramref name="windows"/>] rows, for each window those of all sequences.</summary>
    public IReadOnlyList<RateEvidence> Windows(int sequences, int windows)
    {
        Tensor[] Cut(Tensor all) => [.. all.reshape(sequences, windows, -1).unbind(1)];
        var (hidden, encoded, likely, gates, classical) = (Cut(Hidden), Cut(Encoded), Cut(Likely), Cut(Gates), Cut(Classical));
        return [.. Enumerable.Range(0, windows).Select(w => new RateEvidence(hidden[w], encoded[w], likely[w], gates[w], classical[w]))];
    }
}

/// <summary>The parameters of <see cref="RateNetwork.Step"/> as matrices.</summary>
/// <param name="Motion">[85, 85]: how a belief moves in one hop.</param>
/// <param name="Mix1">[85, 8 x 85]: the prior's part of the correction.</param>
/// <param name="Mix2">[8 x 85, 85]: its second layer.</param>
/// <param name="Plain">[85, 85]: how the plain belief moves in one hop.</param>
/// <param name="Surprise">[1, 4 x 16]: from the agreement of evidence and belief to the LSTM's gates.</param>
/// <param name="Recurrent">[16, 4 x 16]: from h to the LSTM's gates.</param>
public sealed record RateFilter(Tensor Motion, Tensor Mix1, Tensor Mix2, Tensor Plain, Tensor Surprise, Tensor Recurrent);

/// <summary>What <see cref="RateNetwork"/> carries from window to window, one row a stream.</summary>
/// <param name="Belief">[B, 85]: probability of each rate.</param>
/// <param name="Plain">[B, 85]: the same by the filter that learns nothing.</param>
/// <param name="H">[B, 16]: the LSTM's output.</param>
/// <param name="C">[B, 16]: the LSTM's memory.</param>
public sealed record RateState(Tensor Belief, Tensor Plain, Tensor H, Tensor C)
{
    /// <summary>Streams of which nothing is known but <paramref name="belief"/>.</summary>
    public static RateState From(Tensor belief)
    {
        ArgumentNullException.ThrowIfNull(belief);
        Tensor Zeros() => zeros(belief.size(0), RateNetwork.Hidden).to(belief.device);
        return new RateState(belief, belief, Zeros(), Zeros());
    }

    /// <summary>Outlives the innermost scope.</summary>
    internal void Keep()
    {
        foreach (var part in new[] { Belief, Plain, H, C })
            part.MoveToOuterDisposeScope();
    }
}

/// <summary>What <see cref="RateNetwork.Step"/> says of a window.</summary>
/// <param name="Logits">[B, 85]: the learned filter's belief, before the softmax.</param>
/// <param name="Answer">[B, 85]: probability of each rate, by both filters; without gradient.</param>
/// <param name="Trust">[B, 1]: logit of the chance that the answer is within 5 per minute.</param>
/// <param name="Next">What is carried on.</param>
public sealed record RateAnswer(Tensor Logits, Tensor Answer, Tensor Trust, RateState Next);
