using static TorchSharp.torch;

namespace Pipeline.Training;

/// <summary>What <see cref="RateNetwork.Encode"/> makes of windows, one row each.</summary>
/// <param name="Hidden">[N, 8 x 85]: the encoder's part of the correction.</param>
/// <param name="Encoded">[N, 85]: the encoder's evidence, bounded logits.</param>
/// <param name="Likely">[N, 85]: the same as probabilities.</param>
/// <param name="Gates">[N, 4 x 16]: the encoder's part of the LSTM's gates.</param>
/// <param name="Classical">[N, 85]: logarithm of the classical likelihood, in units of its mean.</param>
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
/// <param name="Surprise">[1, 4 x 16]: from the agreement of evidence and belief to the LSTM's gates.</param>
/// <param name="Recurrent">[16, 4 x 16]: from h to the LSTM's gates.</param>
public sealed record RateFilter(Tensor Motion, Tensor Mix1, Tensor Mix2, Tensor Surprise, Tensor Recurrent);
