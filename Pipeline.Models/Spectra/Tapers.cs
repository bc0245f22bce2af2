namespace Pipeline.Models.Spectra;

/// <summary>The taper that frames are multiplied with.</summary>
internal static class Tapers
{
    /// <summary>Periodic Hann taper, 0 to 1: 0.5 - 0.5 cos(2 pi n / <paramref name="length"/>), n = 0..length - 1.</summary>
    public static double[] Hann(int length) =>
        [.. Enumerable.Range(0, length).Select(n => 0.5 - 0.5 * Math.Cos(2 * Math.PI * n / length))];
}
