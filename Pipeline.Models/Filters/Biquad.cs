using Pipeline.Models.State;

namespace Pipeline.Models.Filters;

/// <summary>
/// A second-order recursive filter: y[n] = B0 x[n] + B1 x[n-1] + B2 x[n-2] - A1 y[n-1] - A2 y[n-2], in float64. The coefficients are
/// immutable and shared; the delays are the caller's (<see cref="BiquadDelays"/>). Allocates nothing.
/// </summary>
/// <param name="B0">Feed-forward, now.</param>
/// <param name="B1">Feed-forward, one sample ago.</param>
/// <param name="B2">Feed-forward, two samples ago.</param>
/// <param name="A1">Feedback, one sample ago.</param>
/// <param name="A2">Feedback, two samples ago.</param>
internal readonly record struct Biquad(double B0, double B1, double B2, double A1, double A2)
{
    /// <summary>
    /// Butterworth low-pass of order 2 (S. Butterworth 1930, "On the theory of filter amplifiers") by the bilinear transform with a
    /// prewarped edge: gain 1 at 0 Hz, 1/√2 at <paramref name="edgeHz"/>, 12 dB an octave above it. Equals SciPy's <c>butter(2, edgeHz,
    /// fs=rateHz)</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The edge is not above 0 and below half the rate.</exception>
    public static Biquad LowPass(double edgeHz, double rateHz)
    {
        if (!(edgeHz > 0 && edgeHz < rateHz / 2))
            throw new ArgumentOutOfRangeException(nameof(edgeHz), edgeHz, $"An edge above 0 and below {rateHz / 2} Hz is wanted.");
        var edge = Math.Tan(Math.PI * edgeHz / rateHz);
        var norm = 1 / (1 + Math.Sqrt(2) * edge + edge * edge);
        var gain = edge * edge * norm;
        return new Biquad(gain, 2 * gain, gain, 2 * (edge * edge - 1) * norm, (1 - Math.Sqrt(2) * edge + edge * edge) * norm);
    }

    /// <summary>
    /// Butterworth high-pass of order 2: gain 0 at 0 Hz, 1/√2 at <paramref name="edgeHz"/>, 1 far above it. Equals SciPy's
    /// <c>butter(2, edgeHz, 'high', fs=rateHz)</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The edge is not above 0 and below half the rate.</exception>
    public static Biquad HighPass(double edgeHz, double rateHz)
    {
        if (!(edgeHz > 0 && edgeHz < rateHz / 2))
            throw new ArgumentOutOfRangeException(nameof(edgeHz), edgeHz, $"An edge above 0 and below {rateHz / 2} Hz is wanted.");
        var edge = Math.Tan(Math.PI * edgeHz / rateHz);
        var norm = 1 / (1 + Math.Sqrt(2) * edge + edge * edge);
        return new Biquad(norm, -2 * norm, norm, 2 * (edge * edge - 1) * norm, (1 - Math.Sqrt(2) * edge + edge * edge) * norm);
    }

    /// <summary>Delay, in samples, of what changes slowly: the group delay at 0 Hz.</summary>
    public double DelayAtZero => (B1 + 2 * B2) / (B0 + B1 + B2) - (A1 + 2 * A2) / (1 + A1 + A2);

    /// <summary>Filters the next sample.</summary>
    /// <param name="sample">Input, finite.</param>
    /// <param name="delays">The last two inputs and outputs.</param>
    public double Next(double sample, ref BiquadDelays delays)
    {
        var y = B0 * sample + B1 * delays.X1 + B2 * delays.X2 - A1 * delays.Y1 - A2 * delays.Y2;
        (delays.X2, delays.X1, delays.Y2, delays.Y1) = (delays.X1, sample, delays.Y1, y);
        return y;
    }
}

/// <summary>State of a <see cref="Biquad"/>: the last two inputs and outputs (direct form I).</summary>
internal struct BiquadDelays
{
    public double X1, X2, Y1, Y2;

    /// <summary>As if <paramref name="sample"/> had always been the input of a low-pass with gain 1: no step at the start.</summary>
    public void Settle(double sample) => X1 = X2 = Y1 = Y2 = sample;

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref X1);
        state.Value(ref X2);
        state.Value(ref Y1);
        state.Value(ref Y2);
    }
}
