namespace Pipeline.Benchmarks.Faults;

/// <summary>A periodic wave of a few harmonics, evaluated from the sine and cosine of its phase.</summary>
internal readonly struct PeriodicWave
{
    private readonly double[] _cosine;      // of the harmonics, from the first
    private readonly double[] _sine;

    private PeriodicWave(double[] cosine, double[] sine) => (_cosine, _sine) = (cosine, sine);

    /// <summary>Harmonics of the given amplitudes at random phases.</summary>
    public static PeriodicWave Of(ReadOnlySpan<double> amplitudes, Random random)
    {
        var (cosine, sine) = (new double[amplitudes.Length], new double[amplitudes.Length]);
        for (var h = 0; h < amplitudes.Length; h++)
            (sine[h], cosine[h]) = Math.SinCos(2 * Math.PI * random.NextDouble());
        for (var h = 0; h < amplitudes.Length; h++)
            (cosine[h], sine[h]) = (cosine[h] * amplitudes[h], sine[h] * amplitudes[h]);
        return new PeriodicWave(cosine, sine);
    }

    /// <summary>A wave of variance 1 whose five harmonics fall by e^−<paramref name="fall"/> each, more or less.</summary>
    public static PeriodicWave Falling(double fall, Random random)
    {
        Span<double> amplitudes = stackalloc double[5];
        double power = 0;
        for (var h = 0; h < amplitudes.Length; h++)
        {
            amplitudes[h] = Math.Exp(-fall * h + (h == 0 ? 0 : 0.4 * Course.Normal(random)));
            power += amplitudes[h] * amplitudes[h] / 2;
        }
        foreach (ref var amplitude in amplitudes)
            amplitude /= Math.Sqrt(power);
        return Of(amplitudes, random);
    }

    /// <summary>The wave plus <paramref name="share"/> of another one, this one times <paramref name="own"/>.</summary>
    public PeriodicWave Mixed(double own, PeriodicWave other, double share)
    {
        var (cosine, sine) = ((double[])_cosine.Clone(), (double[])_sine.Clone());
        for (var h = 0; h < cosine.Length; h++)
            (cosine[h], sine[h]) = (own * cosine[h] + share * other._cosine[h], own * sine[h] + share * other._sine[h]);
        return new PeriodicWave(cosine, sine);
    }

    /// <summary>Its value where the phase has this sine and cosine.</summary>
    public double At(double sine, double cosine)
    {
        var (s, c, value) = (sine, cosine, 0.0);
        for (var h = 0; h < _cosine.Length; h++)
        {
            value += _cosine[h] * c + _sine[h] * s;
            (s, c) = (s * cosine + c * sine, c * cosine - s * sine);
        }
        return value;
    }
}
