namespace Pipeline.Benchmarks.Faults;

/// <summary>What synthetic signals are drawn from: seeded numbers, noise of several colours, holes.</summary>
internal static class Draw
{
    /// <summary>A number from a kind's name, to seed with: the same in every process.</summary>
    public static int HashOf(string text)
    {
        var hash = 17;
        foreach (var letter in text)
            hash = unchecked(hash * 31 + letter);
        return hash;
    }

    /// <summary>Standard normal.</summary>
    public static double Normal(this Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public static double Uniform(this Random random, double low, double high) => low + (high - low) * random.NextDouble();

    /// <summary>Log-uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public static double LogUniform(this Random random, double low, double high) => low * Math.Pow(high / low, random.NextDouble());

    /// <summary>One of <paramref name="choices"/>.</summary>
    public static T Of<T>(this Random random, params T[] choices) => choices[random.Next(choices.Length)];

    /// <summary>Adds white noise of standard deviation <paramref name="sigma"/>.</summary>
    public static void AddWhite(this Random random, Span<double> signal, double sigma)
    {
        foreach (ref var value in signal)
            value += sigma * random.Normal();
    }

    /// <summary>
    /// Adds noise of standard deviation <paramref name="sigma"/> between about <paramref name="lowHz"/> and <paramref name="highHz"/>:
    /// white noise through first-order high-pass and second-order low-pass.
    /// </summary>
    public static void AddBand(this Random random, Span<double> signal, double rateHz, double sigma, double lowHz, double highHz)
    {
        var (a, b) = (Math.Exp(-2 * Math.PI * highHz / rateHz), Math.Exp(-2 * Math.PI * lowHz / rateHz));
        double one = 0, two = 0, slow = 0, squares = 0;
        var noise = new double[signal.Length];
        for (var i = -(int)(2 * rateHz); i < noise.Length; i++)
        {
            one = a * one + (1 - a) * random.Normal();
            two = a * two + (1 - a) * one;
            slow = b * slow + (1 - b) * two;
            if (i < 0)
                continue;
            noise[i] = two - slow;
            squares += noise[i] * noise[i];
        }
        var scale = sigma / Math.Sqrt(squares / noise.Length + 1e-300);
        for (var i = 0; i < noise.Length; i++)
            signal[i] += scale * noise[i];
    }

    /// <summary>Adds noise of which a slow part is the larger: power falls with the frequency (pink, about −10 dB a decade).</summary>
    public static void AddPink(this Random random, Span<double> signal, double rateHz, double sigma)
    {
        foreach (var (low, high) in new[] { (0.1, 0.4), (0.4, 1.6), (1.6, 6.4), (6.4, 25.6), (25.6, 0.45 * rateHz) })
            random.AddBand(signal, rateHz, sigma / Math.Sqrt(5), low, high);
    }

    /// <summary>Adds a random walk that is drawn back to zero within seconds; standard deviation about <paramref name="sigma"/>.</summary>
    public static void AddWalk(this Random random, Span<double> signal, double rateHz, double sigma)
    {
        var (value, keep) = (0.0, Math.Exp(-1 / (2 * rateHz)));
        foreach (ref var sample in signal)
        {
            value = keep * value + sigma * Math.Sqrt(1 - keep * keep) * random.Normal();
            sample += value;
        }
    }

    /// <summary>Adds mains hum of <paramref name="amplitude"/>.</summary>
    public static void AddHum(this Random random, Span<double> signal, double rateHz, double amplitude)
    {
        var (hz, phase) = (random.Of(50.0, 60.0), random.Uniform(0, 6.28));
        for (var i = 0; i < signal.Length; i++)
            signal[i] += amplitude * Math.Sin(2 * Math.PI * hz * i / rateHz + phase);
    }

    /// <summary>Adds a Gaussian wave at <paramref name="at"/> s of standard deviation <paramref name="width"/> s.</summary>
    public static void AddWave(Span<double> signal, double rateHz, double at, double size, double width)
    {
        var first = Math.Max(0, (int)((at - 5 * width) * rateHz));
        for (var i = first; i < Math.Min(signal.Length, (at + 5 * width) * rateHz); i++)
        {
            var z = (i / rateHz - at) / width;
            signal[i] += size * Math.Exp(-z * z / 2);
        }
    }

    /// <summary>Rounded to <paramref name="step"/>.</summary>
    public static float[] Quantised(ReadOnlySpan<double> signal, double step)
    {
        var samples = new float[signal.Length];
        for (var i = 0; i < samples.Length; i++)
            samples[i] = (float)(step * Math.Round(signal[i] / step));
        return samples;
    }
}
