using Pipeline.Models.Simulation;

namespace Pipeline.Training.HeartSound;

/// <summary>Five seconds of sound at 1,000 Hz of which it is known where the beats are.</summary>
/// <param name="Samples">[5000].</param>
/// <param name="Beats">Middles of the pulses, or of the first heart sounds, in seconds, ascending.</param>
/// <param name="Decibels">Signal over noise; NaN where it is not one number.</param>
public sealed record SoundExample(float[] Samples, double[] Beats, double Decibels)
{
    /// <summary>Samples per second.</summary>
    public const int RateHz = 1000;

    /// <summary>Length.</summary>
    public const double Seconds = 5;

    private const int Count = (int)(Seconds * RateHz);
    private const double LeastRate = 50, MostRate = 120, LeastDeviation = 0.005, MostDeviation = 0.05, LeastWidth = 0.03, MostWidth = 0.07;
    private const double LeastHeight = 0.8, MostHeight = 1.2, LeastDecibels = 5, MostDecibels = 25;
    private static readonly HeartSoundKind[] Kinds =
        [HeartSoundKind.Normal, HeartSoundKind.Murmur, HeartSoundKind.Noisy, HeartSoundKind.OverBreathing, HeartSoundKind.OverSpeech, HeartSoundKind.Irregular];

    /// <summary>Heart rate, 60 over the mean interval, per minute.</summary>
    public double Rate => 60 / Intervals().Average();

    /// <summary>Heart rate variability: standard deviation of the intervals, ms.</summary>
    public double Variability => 1000 * DeviationOf(Intervals());

    /// <summary>
    /// The customer's generator: intervals normal about 60 / rate, each beat a Gaussian whose standard deviation is a sixth of its width, white noise. Rate 50 to 120 a minute,
    /// deviation 5 to 50 ms, width 30 to 70 ms, height 0.8 to 1.2, 5 to 25 dB.
    /// </summary>
    public static SoundExample Pulses(int seed)
    {
        var random = new Random(seed);
        double Uniform(double low, double high) => low + (high - low) * random.NextDouble();
        var (rate, deviation, width) = (Uniform(LeastRate, MostRate), Uniform(LeastDeviation, MostDeviation), Uniform(LeastWidth, MostWidth));
        var (height, decibels) = (Uniform(LeastHeight, MostHeight), Uniform(LeastDecibels, MostDecibels));
        var (samples, beats) = (new float[Count], new List<double>());
        for (var at = Uniform(0, 60 / rate); at < Seconds; at += Math.Max(0.3, 60 / rate + deviation * Normal(random)))
        {
            beats.Add(at);
            var sigma = width / 6;
            for (var i = Math.Max(0, (int)((at - width) * RateHz)); i < Math.Min(Count, (at + width) * RateHz); i++)
                samples[i] += (float)(height * Math.Exp(-Math.Pow((i / (double)RateHz - at) / sigma, 2) / 2));
        }
        var noise = Math.Sqrt(samples.Average(x => x * x) / Math.Pow(10, decibels / 10));
        for (var i = 0; i < Count; i++)
            samples[i] += (float)(noise * Normal(random));
        return new SoundExample(samples, [.. beats], decibels);
    }

    /// <summary>Our generator: first and second sounds, murmur, breathing, speech, noise, irregular rhythm (<see cref="HeartSoundKindSimulator"/>), in turn.</summary>
    public static SoundExample Sounds(int seed)
    {
        var sound = HeartSoundKindSimulator.Draw(Kinds[seed % Kinds.Length], seed, Seconds, RateHz);
        return new SoundExample(sound.Samples, [.. sound.FirstSounds], double.NaN);
    }

    /// <summary>Standard deviation.</summary>
    public static double DeviationOf(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
    }

    private double[] Intervals() => [.. Beats.Skip(1).Zip(Beats, (next, one) => next - one)];

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
