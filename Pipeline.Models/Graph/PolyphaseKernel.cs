namespace Pipeline.Models.Graph;

/// <summary>
/// Low-pass taps for a change of rate, one row a phase: sinc at the lower rate's half under a Kaiser window (beta 5) of 20 x max(up, down) + 1
/// taps at the common rate, as SciPy's <c>resample_poly</c>; each phase is scaled to sum 1, so that a constant stays exactly itself.
/// </summary>
internal sealed class PolyphaseKernel
{
    private const double Beta = 5;
    private const int HalfPerRate = 10;

    private readonly float[] _taps;   // [up x width]

    public PolyphaseKernel(RateRatio ratio)
    {
        Ratio = ratio;
        var half = HalfPerRate * Math.Max(ratio.Up, ratio.Down);
        Reach = (half + ratio.Up - 1) / ratio.Up;
        Width = 2 * Reach + 1;
        _taps = new float[ratio.Up * Width];
        var row = new double[Width];
        for (var phase = 0; phase < ratio.Up; phase++)
        {
            for (var d = -Reach; d <= Reach; d++)
                row[d + Reach] = Tap(phase - d * ratio.Up, half, Math.Max(ratio.Up, ratio.Down));
            var sum = row.Sum();
            for (var j = 0; j < Width; j++)
                _taps[phase * Width + j] = (float)(row[j] / sum);
        }
    }

    /// <summary>The rates.</summary>
    public RateRatio Ratio { get; }

    /// <summary>Input samples to each side that an output looks at.</summary>
    public int Reach { get; }

    /// <summary>Taps of a phase: 2 reach + 1.</summary>
    public int Width { get; }

    /// <summary>Taps for outputs <paramref name="phase"/> / up after an input sample, the oldest sample's first.</summary>
    public ReadOnlySpan<float> Of(int phase) => _taps.AsSpan(phase * Width, Width);

    private static double Tap(int position, int half, int rate)
    {
        if (Math.Abs(position) > half)
            return 0;
        var x = Math.PI * position / rate;
        var edge = position / (double)half;
        return (position == 0 ? 1 : Math.Sin(x) / x) * BesselI0(Beta * Math.Sqrt(1 - edge * edge));
    }

    // Power series of the modified Bessel function of order 0.
    private static double BesselI0(double x)
    {
        var (sum, term) = (1.0, 1.0);
        for (var k = 1; term > 1e-17 * sum; k++)
        {
            term *= x * x / (4.0 * k * k);
            sum += term;
        }
        return sum;
    }
}
