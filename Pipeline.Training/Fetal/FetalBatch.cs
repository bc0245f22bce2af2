using Pipeline.Models.Features;
using Pipeline.Training.HeartRate;

namespace Pipeline.Training.Fetal;

/// <summary>
/// Draws batches of <see cref="RateBatch.Size"/> sequences of <see cref="RateBatch.Windows"/> windows: half of them simulated, the others recorded, both evenly by their number of leads.
/// </summary>
internal sealed class FetalBatch
{
    private const int Rates = RateFeatures.RateCount;
    private const double FromStart = 0.5;       // share of the sequences that start where their recording does
    private const double Scale = 0.25;          // SD of the logarithm of a row's factor
    private const int ScaledRows = RateFeatures.LikelihoodRow;

    private readonly FetalSequence[][] _groups;

    /// <summary>Batches from sequences, of which there is at least one.</summary>
    public FetalBatch(IReadOnlyList<FetalSequence> sequences) =>
        _groups = [.. sequences.GroupBy(s => (IsSimulated: s.Person is null, s.Leads)).OrderBy(group => group.Key).Select(group => group.ToArray())];

    /// <summary>[batch x windows x 18 x 85].</summary>
    public float[] Input { get; } = new float[RateBatch.Size * RateBatch.Windows * FetalFeatures.InputLength];

    /// <summary>[batch x windows]; NaN where there is no reference, 0 where there is no fetus.</summary>
    public float[] Labels { get; } = new float[RateBatch.Size * RateBatch.Windows];

    /// <summary>[batch x 85]: belief before the first window, sum 1.</summary>
    public float[] Belief { get; } = new float[RateBatch.Size * Rates];

    /// <summary>Draws a batch.</summary>
    public void Next(Random random)
    {
        Array.Clear(Input);
        Array.Fill(Labels, float.NaN);
        for (var b = 0; b < RateBatch.Size; b++)
        {
            var group = _groups[random.Next(_groups.Length)];
            Fill(b, group[random.Next(group.Length)], random);
            RateBatch.SetStartBelief(random, Belief.AsSpan(b * Rates, Rates));
        }
    }

    private void Fill(int index, FetalSequence sequence, Random random)
    {
        var excess = sequence.Count - RateBatch.Windows;
        var first = excess <= 0 || random.NextDouble() < FromStart ? 0 : random.Next(excess + 1);
        Span<float> factors = stackalloc float[ScaledRows];
        foreach (ref var factor in factors)
            factor = (float)Math.Exp(Scale * Normal(random));
        for (var w = 0; w < Math.Min(RateBatch.Windows, sequence.Count); w++)
        {
            var at = index * RateBatch.Windows + w;
            var input = Input.AsSpan(at * FetalFeatures.InputLength, FetalFeatures.InputLength);
            sequence.CopyInput(first + w, input);
            for (var row = 0; row < ScaledRows; row++)
                foreach (ref var value in input.Slice(row * Rates, Rates))
                    value *= factors[row];
            Labels[at] = (float)sequence.Labels[first + w];
        }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
