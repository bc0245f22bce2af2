namespace Pipeline.Training.Qrs;

/// <summary>
/// Draws batches of candidates, each with equal probability. Every random number comes from the generator of <see cref="Next"/>.
/// </summary>
/// <param name="examples">All candidates.</param>
/// <param name="rows">Those to draw from.</param>
/// <param name="dropout">Dropout of the inputs, 0 to 1.</param>
internal sealed class QrsBatch(QrsExamples examples, int[] rows, double dropout)
{
    /// <summary>Candidates of a batch.</summary>
    public const int Size = 512;

    private const int Members = QrsEnsemble.Count;
    private const float MemberShare = 0.75f;    // of a batch, drawn for each member of the ensemble, so that they differ

    /// <summary>[batch x <see cref="QrsExamples.RowLength"/>], normalised.</summary>
    public float[] Inputs { get; } = new float[Size * QrsExamples.RowLength];

    /// <summary>[batch]: 1 for a beat, 0 for none.</summary>
    public float[] Labels { get; } = new float[Size];

    /// <summary>[batch]: weights of the network's loss.</summary>
    public float[] Weights { get; } = new float[Size];

    /// <summary>
    /// [batch x <see cref="QrsEnsemble.Count"/>]: weights of the losses of the ensemble's members; 0 where a member does not see the
    /// candidate.
    /// </summary>
    public float[] MemberWeights { get; } = new float[Size * Members];

    /// <summary>Draws a batch, normalised as <paramref name="network"/> takes it.</summary>
    public void Next(Random random, QrsClassifier network)
    {
        for (var i = 0; i < Size; i++)
        {
            var row = rows[random.Next(rows.Length)];
            var inputs = Inputs.AsSpan(i * QrsExamples.RowLength, QrsExamples.RowLength);
            network.Normalise(examples.Row(row), inputs);
            Drop(inputs, random);
            var (isBeat, weight) = examples.Answer(row);
            (Labels[i], Weights[i]) = (isBeat ? 1 : 0, weight);
            foreach (ref var part in MemberWeights.AsSpan(i * Members, Members))
                part = random.NextSingle() < MemberShare ? weight / MemberShare : 0;
        }
    }

    private void Drop(Span<float> inputs, Random random)
    {
        var scale = (float)(1 / (1 - dropout));
        for (var k = 0; k < inputs.Length; k++)
            inputs[k] = random.NextSingle() < dropout ? 0 : inputs[k] * scale;
    }
}
