using System.Numerics.Tensors;

namespace Pipeline.Models.Features;

/// <summary>Reads a belief over the 85 rates of <see cref="RateFeatures"/>.</summary>
public static class RateReadout
{
    private const int Reach = 3;

    private static readonly float[] Rates =
        [.. Enumerable.Range(0, RateFeatures.RateCount).Select(k => (float)(RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * k))];

    /// <summary>
    /// The rate (centre of gravity of the belief within 3 rates of its greatest) and the standard deviation of the belief sharpened to the
    /// power of 2.5 (the network's labels are 3 bpm wide, which the belief keeps), both per minute. NaN when the belief holds NaN.
    /// </summary>
    public static (float Rate, float Sigma) Read(ReadOnlySpan<float> belief)
    {
        var best = TensorPrimitives.IndexOfMax(belief);     // or the first NaN
        if (float.IsNaN(belief[best]))
            return (float.NaN, float.NaN);
        double mass = 0, moment = 0;
        for (var k = Math.Max(0, best - Reach); k <= Math.Min(belief.Length - 1, best + Reach); k++)
        {
            mass += belief[k];
            moment += belief[k] * k;
        }
        var rate = (float)(RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * moment / mass);
        Span<float> sharp = stackalloc float[RateFeatures.RateCount], square = stackalloc float[RateFeatures.RateCount];
        TensorPrimitives.Sqrt(belief, sharp);
        TensorPrimitives.Multiply(sharp, belief, sharp);
        TensorPrimitives.Multiply(sharp, belief, sharp);
        TensorPrimitives.Subtract(Rates, rate, square);
        TensorPrimitives.Multiply(square, square, square);
        return (rate, MathF.Sqrt(TensorPrimitives.Dot(sharp, square) / TensorPrimitives.Sum(sharp)));
    }
}
