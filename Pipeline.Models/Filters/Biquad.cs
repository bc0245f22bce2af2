namespace Pipeline.Models.Filters;

/// <summary>
/// One second-order section: y[n] = B0 x[n] + B1 x[n-1] + B2 x[n-2] - A1 y[n-1] - A2 y[n-2]. Of first order when B2 and A2 are 0.
/// </summary>
/// <param name="B0">Feed-forward, now.</param>
/// <param name="B1">Feed-forward, one sample ago.</param>
/// <param name="B2">Feed-forward, two samples ago.</param>
/// <param name="A1">Feed-back, one sample ago.</param>
/// <param name="A2">Feed-back, two samples ago.</param>
public readonly record struct Biquad(double B0, double B1, double B2, double A1, double A2)
{
    /// <summary>Gain for a constant input.</summary>
    public double GainAtZero => (B0 + B1 + B2) / (1 + A1 + A2);
}
