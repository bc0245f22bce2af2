using System.Numerics;

namespace Pipeline.Models.Filters;

/// <summary>
/// Butterworth filters (S. Butterworth 1930, "On the theory of filter amplifiers") of any order, by the bilinear transform with warped edges:
/// gain 1/sqrt 2 at each edge, none of it rippled. Numerically the filters of SciPy's <c>butter(..., output="sos")</c>, but each section
/// is scaled to gain 1 where the filter's is.
/// </summary>
public static class Butterworth
{
    private const int MaxOrder = 16;

    /// <summary>Passes [<paramref name="lowHz"/>, <paramref name="highHz"/>]; falls by 6 x order dB an octave on each side.</summary>
    /// <param name="order">Order of each slope, 1 to 16.</param>
    /// <param name="lowHz">Lower edge; above 0.</param>
    /// <param name="highHz">Upper edge; above the lower and below half the rate.</param>
    /// <param name="rateHz">Samples per second.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public static BiquadCascade BandPass(int order, double lowHz, double highHz, double rateHz)
    {
        CheckEdge(lowHz, rateHz);
        CheckEdge(highHz, rateHz);
        if (lowHz >= highHz)
            throw new ArgumentOutOfRangeException(nameof(highHz), highHz, $"More than the lower edge {lowHz} Hz is wanted.");
        double low = Warp(lowHz, rateHz), high = Warp(highHz, rateHz), centre = Math.Sqrt(low * high);
        var poles = Prototype(order).SelectMany(p =>
        {
            var half = p * (high - low) / 2;
            var root = Complex.Sqrt(half * half - centre * centre);
            return new[] { half + root, half - root };
        });
        return Cascade(poles, (1, 0, -1), null, Complex.FromPolarCoordinates(1, 2 * Math.Atan(centre)));
    }

    /// <summary>Passes what lies below <paramref name="edgeHz"/>; falls by 6 x order dB an octave above.</summary>
    /// <inheritdoc cref="HighPass"/>
    public static BiquadCascade LowPass(int order, double edgeHz, double rateHz)
    {
        CheckEdge(edgeHz, rateHz);
        var edge = Warp(edgeHz, rateHz);
        return Cascade(Prototype(order).Select(p => p * edge), (1, 2, 1), (1, 1, 0), 1);
    }

    /// <summary>Passes what lies above <paramref name="edgeHz"/>; falls by 6 x order dB an octave below.</summary>
    /// <param name="order">1 to 16.</param>
    /// <param name="edgeHz">Edge; above 0 and below half the rate.</param>
    /// <param name="rateHz">Samples per second.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public static BiquadCascade HighPass(int order, double edgeHz, double rateHz)
    {
        CheckEdge(edgeHz, rateHz);
        var edge = Warp(edgeHz, rateHz);
        return Cascade(Prototype(order).Select(p => edge / p), (1, -2, 1), (1, -1, 0), -1);
    }

    // Analogue low-pass with its edge at 1 rad/s: poles on the left half of the unit circle.
    private static IEnumerable<Complex> Prototype(int order)
    {
        if (order is < 1 or > MaxOrder)
            throw new ArgumentOutOfRangeException(nameof(order), order, $"1 to {MaxOrder} is wanted.");
        return Enumerable.Range(0, order).Select(k => Complex.FromPolarCoordinates(1, Math.PI * (2 * k + order + 1) / (2 * order)));
    }

    // Analogue frequency (half the rate is 1 rad/s x infinity) that the bilinear transform z = (1 + s) / (1 - s) puts at the edge.
    private static double Warp(double hz, double rateHz) => Math.Tan(Math.PI * hz / rateHz);

    private static BiquadCascade Cascade(
        IEnumerable<Complex> poles, (double B0, double B1, double B2) second, (double B0, double B1, double B2)? first, Complex unity)
    {
        var digital = poles.Select(s => (1 + s) / (1 - s)).ToArray();
        var sections = digital.Where(z => z.Imaginary > 1e-12).Select(z => Section(z, Complex.Conjugate(z), second, unity)).ToList();
        var real = digital.Where(z => Math.Abs(z.Imaginary) <= 1e-12).OrderBy(z => z.Real).ToArray();
        for (var i = 0; i + 1 < real.Length; i += 2)
            sections.Add(Section(real[i], real[i + 1], second, unity));
        if (real.Length % 2 == 1)
            sections.Add(Section(real[^1], 0, first ?? second, unity));
        // The sharpest resonance last: what reaches it is already limited.
        return new BiquadCascade([.. sections.OrderBy(s => Math.Abs(s.A2))]);
    }

    private static Biquad Section(Complex pole, Complex other, (double B0, double B1, double B2) zeros, Complex unity)
    {
        double a1 = -(pole + other).Real, a2 = (pole * other).Real;
        var back = 1 / unity;
        var gain = Complex.Abs((1 + back * (a1 + back * a2)) / (zeros.B0 + back * (zeros.B1 + back * zeros.B2)));
        return new Biquad(gain * zeros.B0, gain * zeros.B1, gain * zeros.B2, a1, a2);
    }

    private static void CheckEdge(double edgeHz, double rateHz)
    {
        if (!double.IsFinite(rateHz) || rateHz <= 0)
            throw new ArgumentOutOfRangeException(nameof(rateHz), rateHz, "A finite positive rate is wanted.");
        if (!(edgeHz > 0 && edgeHz < rateHz / 2))
            throw new ArgumentOutOfRangeException(nameof(edgeHz), edgeHz, $"An edge above 0 and below {rateHz / 2} Hz is wanted.");
    }
}
