namespace Pipeline.Models.Simulation;

/// <summary>
/// A heart as a dipole that turns: three axes, each a sum of Gaussian waves around the R peak (Sameni et al. 2007,
/// https://doi.org/10.1155/2007/43407, in time instead of phase). A lead is a weighted sum of the axes.
/// </summary>
internal sealed class DipoleHeart
{
    private const float StSegment = 0.08f;

    private readonly EcgLead[] _axes;
    private readonly float _usualInterval;      // s, at which the T wave lies where its table has it

    private DipoleHeart(float usualInterval, params EcgLead[] axes) => (_usualInterval, _axes) = (usualInterval, axes);

    /// <summary>Axes of a dipole.</summary>
    public const int AxisCount = 3;

    /// <summary>Most peaks that <see cref="Render"/> needs for a second.</summary>
    public const int MaxPeaks = 12;

    /// <summary>The mother's: 1 is the height of the R wave on the first axis.</summary>
    public static DipoleHeart Mother { get; } = new(
        0.8f,
        new([(-0.17, 0.022, 0.11), (-0.026, 0.0075, -0.08), (0, 0.0095, 1.02), (0.028, 0.009, -0.2), (0.25, 0.045, 0.25), (0.31, 0.03, 0.08)]),
        new([(-0.165, 0.024, 0.08), (-0.018, 0.009, 0.12), (0.006, 0.0105, 0.6), (0.034, 0.01, -0.32), (0.26, 0.05, 0.16)]),
        new([(-0.18, 0.02, -0.05), (-0.016, 0.008, 0.24), (0.014, 0.011, -0.62), (0.04, 0.012, 0.1), (0.24, 0.048, -0.18)]));

    /// <summary>The fetus's: a QRS of half the width, a small T wave.</summary>
    public static DipoleHeart Fetus { get; } = new(
        0.43f,
        new([(-0.075, 0.012, 0.08), (-0.012, 0.004, -0.16), (0, 0.005, 1.03), (0.013, 0.005, -0.28), (0.13, 0.024, 0.09)]),
        new([(-0.072, 0.012, 0.05), (-0.009, 0.0045, 0.2), (0.004, 0.0055, 0.62), (0.016, 0.0055, -0.4), (0.135, 0.026, 0.06)]),
        new([(-0.078, 0.011, -0.04), (-0.008, 0.0042, 0.3), (0.007, 0.0055, -0.66), (0.019, 0.006, 0.12), (0.125, 0.024, -0.05)]));

    /// <summary>
    /// Writes a second that begins at <paramref name="from"/> into <paramref name="axes"/>, [3 x rate]. <paramref name="peaks"/> ascend
    /// from one at or before it to one after it.
    /// </summary>
    public void Render(ReadOnlySpan<double> peaks, double from, int rateHz, Span<float> axes)
    {
        const float ToAfter = 1 / WaveTables.SecondsAfter, ToBefore = 1 / WaveTables.SecondsBefore;
        for (var axis = 0; axis < AxisCount; axis++)
        {
            var (after, before) = (_axes[axis].After, _axes[axis].Before);
            var beat = -1;
            double peak = 0, nextPeak = double.NegativeInfinity;
            float stretch = 1;
            var samples = axes.Slice(axis * rateHz, rateHz);
            for (var i = 0; i < samples.Length; i++)
            {
                var time = from + (double)i / rateHz;
                while (time >= nextPeak)
                {
                    beat++;
                    (peak, nextPeak) = (peaks[beat], peaks[beat + 1]);
                    stretch = Math.Clamp(MathF.Sqrt(_usualInterval / (float)(nextPeak - peak)), 0.7f, 1.6f);
                }
                var (since, until) = ((float)(time - peak), (float)(nextPeak - time));
                var wave = after.At((since < StSegment ? since : StSegment + (since - StSegment) * stretch) * ToAfter);
                if (until < WaveTables.SecondsBefore)
                    wave += before.At(until * ToBefore);
                samples[i] = wave;
            }
        }
    }
}
