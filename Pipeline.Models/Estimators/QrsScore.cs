using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators;

/// <summary>
/// Whether a candidate is a beat: a weighted sum of its features, positive for a beat. The constants are a logistic regression on the
/// candidates of open recordings (clean, one lead, turned leads, added noise), found by <c>pipeline bench accuracy-qrs --fit</c>, which
/// also shows what constants found without a recording score on it.
/// </summary>
internal sealed class QrsScore
{
    private static readonly float[] Fitted =
    [
        3.668f, -0.40138f, -0.27713f, 1.8715f, 0.45783f, 0.0052634f, -5.2829f, 1.9266f,
        -1.7042f, -0.64418f, -4.9044f, -0.24363f, -0.19954f, -0.70377f, -0.1934f, -3.4265f,
        -0.54233f, 0.24992f, -1.8f, -0.5571f, -0.20199f, -2.4388f, 1.8315f, 0.84219f,
        -0.8404f, -0.96621f, -0.16313f, -0.8435f, -0.071794f, -0.93583f, 6.1551f, 0.024945f,
        -0.076891f, -1.6357f, 0.52869f, 2.5829f, 2.063f, 0.26799f, 0.45154f, -1.1429f,
        -0.50725f, 1.1761f, 2.1263f, -0.47998f,
    ];

    private readonly float[] _weights;

    /// <summary>Takes one weight for each of <see cref="QrsFeatures.Count"/> features.</summary>
    public QrsScore(float[] weights) => _weights = weights;

    /// <summary>With the constants fitted to all open recordings.</summary>
    public static QrsScore Default { get; } = new(Fitted);

    /// <summary>Logarithm of the odds that a candidate with these features is a beat.</summary>
    public float LogOdds(ReadOnlySpan<float> features) => TensorPrimitives.Dot(features, _weights);
}
