namespace Pipeline.Models.Estimators.Beats;

/// <summary>
/// What a beat is, by three logistic regressions on its <see cref="BeatFeatures"/>: ventricular, supraventricular or fusion against all others. Normal is what is left.
/// Immutable.
/// </summary>
internal sealed class BeatScore
{
    private const int Classes = 3;
    private static readonly BeatLabel[] Labels = [BeatLabel.Ventricular, BeatLabel.Supraventricular, BeatLabel.Fusion];

    private readonly float[][] _weights;

    /// <param name="weights">[3][<see cref="BeatFeatures.Count"/>]: ventricular, supraventricular, fusion.</param>
    public BeatScore(params float[][] weights)
    {
        if (weights.Length != Classes || weights.Any(one => one.Length != BeatFeatures.Count))
            throw new ArgumentException($"{Classes} times {BeatFeatures.Count} weights are wanted.", nameof(weights));
        _weights = weights;
    }

    /// <summary>Those that <c>bench accuracy-beats --fit</c> finds on MIT-BIH DS1.</summary>
    public static BeatScore Default { get; } = new(
        [
            -2.5731f, 2.3194f, 1.2585f, -1.9601f, 1.0662f, 0.081478f, 2.9812f, -1.5313f, -0.0873f, -1.1185f, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        [
            -2.9358f, 0, 0, 0, 0, 0, 0, -1.126f, 0, 0, 6.266f, 4.6905f, 7.0893f, -1.5699f, 2.164f, -1.9525f, 0.57507f, -0.86127f, -0.67121f,
        ],
        [
            -4.4467f, -3.6535f, -0.078954f, 1.7561f, -0.76688f, 1.8348f, -1.7903f, -1.3007f, -0.24868f, -0.5104f, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ]);

    /// <summary>The likeliest kind and its probability, 0 to 1.</summary>
    public (BeatLabel Label, float Probability) Of(ReadOnlySpan<float> features)
    {
        Span<float> odds = stackalloc float[Classes];
        var (all, best) = (1f, -1);     // the odds of normal are 1
        for (var c = 0; c < Classes; c++)
        {
            var sum = 0f;
            for (var k = 0; k < features.Length; k++)
                sum += _weights[c][k] * features[k];
            odds[c] = MathF.Exp(Math.Clamp(sum, -20, 20));
            all += odds[c];
            if (odds[c] > (best < 0 ? 1 : odds[best]))
                best = c;
        }
        return best < 0 ? (BeatLabel.Normal, 1 / all) : (Labels[best], odds[best] / all);
    }
}
