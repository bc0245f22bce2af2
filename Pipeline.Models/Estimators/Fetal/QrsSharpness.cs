using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// How sharp the QRS complexes of a heart are. A fetus's last half as long as its mother's, so they move about twice as fast: this tells
/// the two hearts apart where size and rate do not.
/// </summary>
internal static class QrsSharpness
{
    private const int Half = 15;        // samples on each side of the R peak: 60 ms
    private const int LeastBeats = 5;

    private static readonly float[] Taper = [.. Enumerable.Range(-Half, 2 * Half + 1).Select(k => 0.5f * (1 + MathF.Cos(MathF.PI * k / (Half + 1))))];

    /// <summary>
    /// Root mean square frequency, Hz, of the mean beat (±60 ms, in a Hann taper) of all leads together: about 10 to 15 of a mother, 20 to
    /// 30 of a fetus. NaN where fewer than five beats lie wholly in the window, or all is zero.
    /// </summary>
    public static float Of(SignalRows signals, ReadOnlySpan<int> beats)
    {
        Span<float> mean = stackalloc float[2 * Half + 1];
        double slopes = 0, energy = 0;
        for (var c = 0; c < signals.Count; c++)
        {
            var signal = signals[c];
            var count = 0;
            mean.Clear();
            foreach (var at in beats)
                if (at >= Half && at < signal.Length - Half)
                {
                    TensorPrimitives.Add(mean, signal.Slice(at - Half, mean.Length), mean);
                    count++;
                }
            if (count < LeastBeats)
                return float.NaN;
            TensorPrimitives.Add(mean, -TensorPrimitives.Sum<float>(mean) / mean.Length, mean);
            TensorPrimitives.Multiply(mean, Taper, mean);
            for (var k = 1; k + 1 < mean.Length; k++)
                slopes += (mean[k + 1] - mean[k - 1]) * (double)(mean[k + 1] - mean[k - 1]);
            energy += TensorPrimitives.SumOfSquares<float>(mean);
        }
        return energy > 0 ? (float)(Math.Sqrt(slopes / energy) * FetalTiming.RateHz / (4 * Math.PI)) : float.NaN;
    }
}
