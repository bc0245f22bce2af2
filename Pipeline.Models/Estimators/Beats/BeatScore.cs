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
            -1.4621f, 0.79442f, 0, 0, 0, 0, 0, 0, 0.92896f, -1.4788f, 1.056f, 0.82137f, 0, 1.0611f, 0, 0, 0, 0, 0, 0,
            2.8591f, 0, 0, -0.019829f, -0.93235f, 0, 0, 0.36571f, 0, 0, 0, 0,
        ],
        [
            -0.35952f, 0.12585f, 0.066457f, 0.18946f, -0.09987f, -0.28145f, -0.16388f, -0.080611f, -0.14287f,
            -0.0041847f, -0.18158f, -0.16929f, -0.14378f, -0.56901f, -0.45628f, 0.7507f, -0.09253f, -0.54112f, 0.23896f,
            -0.54108f, -0.29603f, -0.018167f, -0.38443f, 0.45607f, 0.1488f, -0.11582f, 0.1684f, 0.50738f, 0.24279f,
            -0.40608f, -0.47911f, 0.018014f,
        ],
        [
            -0.49789f, -0.067002f, -0.085549f, -0.074779f, -0.067688f, -0.42285f, -0.10346f, 0.041788f, -0.091834f,
            0.064645f, 0.054774f, -0.1014f, 0.0091674f, 0.13958f, 0.2461f, -0.076916f, -0.17457f, 0.3537f, -0.16895f,
            -0.14973f, -0.4192f, -0.031521f, -0.36277f, -0.26784f, -0.3165f, 0.027094f, -0.1235f, -0.8568f, -0.0018366f,
            0.070269f, -0.75984f, -0.074471f,
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
