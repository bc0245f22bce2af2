namespace Pipeline.Models.Simulation;

/// <summary>
/// How one heart sounds at one place: first and second sound as sums of short waves under Gaussians, a murmur as band-limited noise.
/// Amplitudes are parts of the first sound's.
/// </summary>
internal sealed class HeartSoundShape
{
    /// <summary>Seconds before and after a first sound within which its beat is heard.</summary>
    public const double BeforeSeconds = 0.15, AfterSeconds = 1;

    private readonly (double Delay, double Hz, double Width, double Size, double Phase)[] _first, _second;
    private readonly double _secondSize, _systoleOffset;

    /// <param name="noise">Draws it.</param>
    public HeartSoundShape(ref NoiseSource noise)
    {
        var split = noise.Uniform(0, 0.02);
        _first =
        [
            (0, noise.Uniform(28, 55), noise.Uniform(0.016, 0.028), 1, noise.Uniform(0, 6.28)),
            (noise.Uniform(0.005, 0.02), noise.Uniform(55, 110), noise.Uniform(0.010, 0.02), noise.Uniform(0.3, 0.9), noise.Uniform(0, 6.28)),
        ];
        _second =
        [
            (-split / 2, noise.Uniform(40, 75), noise.Uniform(0.010, 0.02), 1, noise.Uniform(0, 6.28)),
            (split / 2, noise.Uniform(70, 140), noise.Uniform(0.007, 0.014), noise.Uniform(0.4, 1), noise.Uniform(0, 6.28)),
        ];
        _secondSize = ElectrodeFaults.LogUniform(0.4, 1.6, ref noise);
        _systoleOffset = noise.Uniform(-0.03, 0.03);
    }

    /// <summary>Seconds from a first sound to its second one, where the beats come <paramref name="interval"/> s apart.</summary>
    public double SystoleAfter(double interval) =>
        Math.Min(0.425 - 0.0015 * Math.Min(60 / Math.Clamp(interval, 0.35, 2), 150) + _systoleOffset, 0.6 * interval);

    /// <summary>Adds the beat whose first sound is at <paramref name="first"/> s and its second at <paramref name="second"/>; sample 0 is
    /// at <paramref name="start"/> s.</summary>
    public void AddBeat(Span<float> samples, double rateHz, double start, double first, double second, double size)
    {
        AddSound(samples, rateHz, first - start, _first, size);
        AddSound(samples, rateHz, second - start, _second, size * _secondSize);
    }

    private static void AddSound(
        Span<float> samples, double rateHz, double at, (double Delay, double Hz, double Width, double Size, double Phase)[] waves, double size)
    {
        foreach (var (delay, hz, width, part, phase) in waves)
        {
            var centre = at + delay;
            var (from, to) = (Math.Max(0, (int)((centre - 4 * width) * rateHz)), (int)Math.Min(samples.Length, (centre + 4 * width) * rateHz + 1));
            for (var i = from; i < to; i++)
            {
                var t = i / rateHz - centre;
                samples[i] += (float)(size * part * Math.Exp(-t * t / (2 * width * width)) * Math.Cos(2 * Math.PI * hz * t + phase));
            }
        }
    }
}
