using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Whether a candidate is a beat: a weighted sum of its features, positive for a beat. The constants are a logistic regression on the
/// candidates of open recordings (clean, one lead, turned leads, added noise), found by <c>pipeline bench accuracy-qrs --fit</c>, which
/// also shows what constants found without a recording score on it.
/// </summary>
internal sealed class QrsScore
{
    private static readonly float[] Fitted =
    [
        3.5593f, -0.20605f, -0.64569f, 2.1602f, 0.72349f, 0.49417f, -5.7152f, 2.0741f,
        0.95f, -2.035f, -4.1186f, -0.92387f, -0.17763f, -1.2284f, -0.12696f, -1.8714f,
        -0.64508f, -0.26656f, -1.8851f, -0.8998f, -0.40567f, -0.4992f, 1.6272f, 0.81911f,
        -0.87338f, -3.2667f, 0.9008f, 0.65383f, -0.87761f, -0.17482f, 6.8795f, 1.4177f,
        1.4168f, -1.7926f, 1.4412f, 1.9767f, 1.6826f, 0.28051f, 1.8271f, -0.47952f,
        -1.037f, 1.334f, 1.7591f, -2.1567f,
    ];

    private readonly float[] _weights;

    /// <summary>Takes one weight for each of <see cref="QrsFeatures.Count"/> features.</summary>
    public QrsScore(float[] weights) => _weights = weights;

    /// <summary>With the constants fitted to all open recordings.</summary>
    public static QrsScore Default { get; } = new(Fitted);

    /// <summary>Logarithm of the odds that a candidate with these features is a beat.</summary>
    public float LogOdds(ReadOnlySpan<float> features) => TensorPrimitives.Dot(features, _weights);
}
