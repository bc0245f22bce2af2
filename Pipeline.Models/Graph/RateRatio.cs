namespace Pipeline.Models.Graph;

/// <summary>How a rate becomes another: output k lies at input position k x <paramref name="Down"/> / <paramref name="Up"/>. In lowest terms.</summary>
/// <param name="Up">Output samples per <paramref name="Down"/> input samples; 1 to 4,096.</param>
/// <param name="Down">Input samples per <paramref name="Up"/> output samples; 1 to 4,096.</param>
internal readonly record struct RateRatio(int Up, int Down)
{
    private const int Largest = 4096;

    /// <summary>The ratio to / from as a fraction, by continued fractions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none of whole numbers up to 4,096, to 1e-9.</exception>
    public static RateRatio Of(double fromHz, double toHz)
    {
        if (!double.IsFinite(toHz) || toHz <= 0)
            throw new ArgumentOutOfRangeException(nameof(toHz), toHz, "A finite positive rate is wanted.");
        var ratio = toHz / fromHz;
        (double up, double down, double upBefore, double downBefore) = (1, 0, 0, 1);
        for (var rest = ratio; ; rest = 1 / (rest - Math.Floor(rest)))
        {
            var whole = Math.Floor(rest);
            (up, upBefore) = (whole * up + upBefore, up);
            (down, downBefore) = (whole * down + downBefore, down);
            if (up > Largest || down > Largest)
                throw new ArgumentOutOfRangeException(nameof(toHz), toHz, $"{toHz} Hz over {fromHz} Hz is no fraction of whole numbers up to {Largest}.");
            if (up > 0 && Math.Abs(up / down / ratio - 1) < 1e-9)
                return new RateRatio((int)up, (int)down);
        }
    }

    /// <summary>The first output index that lies at or after input index <paramref name="input"/>.</summary>
    public long FirstAtOrAfter(long input) => (input * Up + Down - 1) / Down;
}
