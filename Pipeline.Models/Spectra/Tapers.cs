namespace Pipeline.Models.Spectra;

/// <summary>The tapers' values, periodic (the frame's period is its length, as spectra want it), 0 to 1.</summary>
public static class Tapers
{
    /// <summary>The <paramref name="length"/> values of <paramref name="taper"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An unknown taper, or a length below 1.</exception>
    public static double[] Create(Taper taper, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var (mean, depth) = taper switch
        {
            Taper.Hann => (0.5, 0.5),
            Taper.Hamming => (0.54, 0.46),
            Taper.Rectangular => (1.0, 0.0),
            _ => throw new ArgumentOutOfRangeException(nameof(taper), taper, null),
        };
        var values = new double[length];
        for (var n = 0; n < length; n++)
            values[n] = mean - depth * Math.Cos(2 * Math.PI * n / length);
        return values;
    }
}
