namespace Pipeline.Training.HeartRate;

/// <summary>
/// Simulated sequences, as from bedside monitors (the recordings are of exercise): pulses of random waveform at 36 to 210 a minute,
/// respiration, noise, one to three channels, with a nearly still accelerometer or none.
/// </summary>
public sealed class RateSimulation(Random random)
{
    private const int Harmonics = 6;
    private const double WindowSeconds = 8, HopSeconds = 2;
    private static readonly double[] Rates = [50, 62.5, 100];

    /// <summary>A signal for <paramref name="windows"/> windows, and the mean heart rate of each, per minute.</summary>
    public (RateExcerpt Excerpt, float[] Labels) Draw(int windows)
    {
        var rate = Rates[random.Next(Rates.Length)];
        var count = (int)Math.Ceiling(((windows - 1) * HopSeconds + WindowSeconds) * rate) + 1;
        var breaths = Between(0.1, 0.5);
        var phases = Phases(rate, count, breaths);
        var channels = 1 + random.Next(3);
        var ppg = new float[channels][];
        var wave = Waveform();
        for (var c = 0; c < channels; c++)
            ppg[c] = Pulse(rate, phases, breaths, [.. Waveform().Zip(wave, (own, all) => 0.2 * own + 0.8 * all)]);
        float[][] acc = random.NextDouble() < 0.5 ? [] : [Still(count), Still(count), Still(count)];
        var labels = new float[windows];
        for (var w = 0; w < windows; w++)
        {
            var start = (int)(w * HopSeconds * rate);
            labels[w] = (float)((phases[start + (int)(WindowSeconds * rate)] - phases[start]) / (2 * Math.PI) * 60 / WindowSeconds);
        }
        return (new RateExcerpt(rate, ppg, acc, [.. ppg.Select(_ => 1f)], 20), labels);
    }

    /// <summary>Cardiac phase at each sample, radians: the rate wanders, has occasional ramps and respiratory sinus arrhythmia.</summary>
    private double[] Phases(double rateHz, int count, double breaths)
    {
        var phases = new double[count];
        double beats = Between(36, 210), target = beats, slope = 0, phase = 2 * Math.PI * random.NextDouble();
        var sinus = random.NextDouble() < 0.5 ? 0.05 * random.NextDouble() : 0;
        var wander = 0.4 * random.NextDouble();
        for (var i = 0; i < count; i++)
        {
            if (i % (int)rateHz == 0)
            {
                if (random.NextDouble() < 0.02)
                    (target, slope) = (Between(40, 200), 0.2 + 1.3 * random.NextDouble());
                beats = Math.Clamp(beats + Math.Clamp(target - beats, -slope, slope) + wander * (random.NextDouble() - 0.5) * 2, 36, 215);
            }
            phases[i] = phase;
            phase += 2 * Math.PI * beats / 60 / rateHz * (1 + sinus * Math.Sin(2 * Math.PI * breaths * i / rateHz));
        }
        return phases;
    }

    private float[] Pulse(double rateHz, double[] phases, double breaths, double[] wave)
    {
        var samples = new float[phases.Length];
        var depth = 0.3 * random.NextDouble() * random.NextDouble();
        var baseline = random.NextDouble() * random.NextDouble();
        var noise = 0.3 * random.NextDouble() * random.NextDouble();
        var alternans = random.NextDouble() < 0.2 ? 0.2 * random.NextDouble() : 0;
        var starts = wave.Select(_ => 2 * Math.PI * random.NextDouble()).ToArray();
        for (var i = 0; i < samples.Length; i++)
        {
            var breath = Math.Sin(2 * Math.PI * breaths * i / rateHz);
            double value = 0;
            for (var h = 0; h < wave.Length; h++)
                value += wave[h] * Math.Sin((h + 1) * phases[i] + starts[h]);
            value *= 1 + depth * breath + alternans * Math.Sin(phases[i] / 2);
            samples[i] = (float)(value + baseline * breath + noise * (random.NextDouble() - 0.5) * 3.5);
        }
        return samples;
    }

    /// <summary>Random amplitudes of the harmonics, decreasing on average; sum of squares 1.</summary>
    private double[] Waveform()
    {
        var fall = 0.15 + 1.2 * random.NextDouble();
        var wave = new double[Harmonics];
        for (var h = 0; h < wave.Length; h++)
            wave[h] = Math.Exp(-fall * h + (h == 0 ? 0 : 1.2 * (random.NextDouble() - 0.5)));
        var scale = 1 / Math.Sqrt(wave.Sum(x => x * x));
        return [.. wave.Select(x => x * scale)];
    }

    private float[] Still(int count)
    {
        var samples = new float[count];
        for (var i = 0; i < count; i++)
            samples[i] = (float)(random.NextDouble() - 0.5);
        return samples;
    }

    /// <summary>Uniformly distributed in the logarithm.</summary>
    private double Between(double low, double high) => low * Math.Exp(random.NextDouble() * Math.Log(high / low));
}
