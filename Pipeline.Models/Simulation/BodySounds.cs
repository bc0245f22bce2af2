namespace Pipeline.Models.Simulation;

/// <summary>Sounds that a microphone on a body hears beside the heart, added to samples in place. All draws come from the given
/// source.</summary>
internal static class BodySounds
{
    /// <summary>Breathing: noise of about 100 to 450 Hz, in and out, 8 to 40 times a minute; <paramref name="size"/> is its RMS at its
    /// loudest.</summary>
    public static void Breathe(Span<float> samples, double rateHz, double size, ref NoiseSource noise)
    {
        var breath = 60 / ElectrodeFaults.LogUniform(8, 40, ref noise);
        var low = noise.Uniform(60, 150);
        for (var at = -noise.Uniform(0, breath); at * rateHz < samples.Length;)
        {
            var length = breath * noise.Uniform(0.85, 1.15);
            var (inward, outward) = (length * noise.Uniform(0.35, 0.42), length * noise.Uniform(0.35, 0.5));
            AddBurst(samples, rateHz, at, inward, size, low, noise.Uniform(300, 450), ref noise);
            AddBurst(samples, rateHz, at + inward + 0.05 * length, outward, size * noise.Uniform(0.4, 1), low, noise.Uniform(250, 400), ref noise);
            at += length;
        }
    }

    /// <summary>
    /// Speech in <paramref name="part"/> of the time: phrases of 1 to 4 s of syllables of 80 to 300 ms, most voiced, with harmonics of 85
    /// to 260 Hz.
    /// </summary>
    public static void Speak(Span<float> samples, double rateHz, double size, double part, ref NoiseSource noise)
    {
        var pitch = noise.Uniform(85, 260);
        for (var at = noise.Uniform(0, 2) * (1 - part); at * rateHz < samples.Length;)
        {
            var phrase = noise.Uniform(1, 4);
            for (var end = at + phrase; at < end && at * rateHz < samples.Length;)
            {
                var length = ElectrodeFaults.LogUniform(0.08, 0.3, ref noise);
                if (noise.Uniform() < 0.75)
                    AddVowel(samples, rateHz, at, length, size * noise.Uniform(0.4, 1), pitch * noise.Uniform(0.85, 1.2), ref noise);
                else
                    AddBurst(samples, rateHz, at, length, 0.5 * size, 200, 0.45 * rateHz, ref noise);
                at += length + noise.Uniform(0, 0.08);
            }
            at += phrase * (1 - part) / Math.Max(part, 0.1) * noise.Uniform(0.5, 1.5) + noise.Uniform(0.1, 0.5);
        }
    }

    /// <summary>Rubbing for 0.1 to 1.5 s and knocks, two a second on average.</summary>
    public static void Rub(Span<float> samples, double rateHz, double size, ref NoiseSource noise)
    {
        for (var at = 0.0; at * rateHz < samples.Length; at -= 0.5 * Math.Log(1 - noise.Uniform()))
            if (noise.Uniform() < 0.5)
                AddBurst(samples, rateHz, at, ElectrodeFaults.LogUniform(0.1, 1.5, ref noise), size * noise.Uniform(0.1, 0.6), 10, noise.Uniform(80, 400), ref noise);
            else
                AddBurst(samples, rateHz, at, ElectrodeFaults.LogUniform(0.01, 0.08, ref noise), size * noise.Uniform(0.3, 1.5), 20, noise.Uniform(100, 400), ref noise);
    }

    /// <summary>Hum of 50 or 60 Hz with two harmonics, its loudness slowly wandering.</summary>
    public static void Hum(Span<float> samples, double rateHz, double size, ref NoiseSource noise)
    {
        var hz = noise.Uniform() < 0.5 ? 50 : 60;
        var (second, third, wander) = (noise.Uniform(0, 0.6), noise.Uniform(0, 0.6), 0.0);
        for (var i = 0; i < samples.Length; i++)
        {
            wander += (noise.Normal() - wander) * 2 / rateHz;
            var phase = 2 * Math.PI * hz * i / rateHz;
            samples[i] += (float)(size * (1 + 2 * wander) * (Math.Sin(phase) + second * Math.Sin(2 * phase + 1) + third * Math.Sin(3 * phase + 2)));
        }
    }

    /// <summary>Noise of 100 to 450 Hz or more, or a voice, whose loudness swings 1 to 7 times a second; each swing lasts as long as the
    /// others within 0 to 20 %.</summary>
    public static void Swing(Span<float> samples, double rateHz, double size, ref NoiseSource noise)
    {
        var sound = new float[samples.Length];
        if (noise.Uniform() < 0.5)
            ElectrodeFaults.AddBand(sound, rateHz, size, noise.Uniform(60, 150), noise.Uniform(300, 0.45 * rateHz), ref noise);
        else
            AddTone(sound, rateHz, size, noise.Uniform(80, 260), noise.Uniform(300, 800));
        var (perSecond, uneven, power) = (ElectrodeFaults.LogUniform(1, 7, ref noise), noise.Uniform() < 0.5 ? 0 : noise.Uniform(0, 0.2), noise.Uniform(1, 4));
        var (least, phase, step) = (noise.Uniform(0, 0.2), noise.Uniform(0, 1), perSecond / rateHz);
        for (var i = 0; i < samples.Length; i++)
        {
            if ((phase += step) >= 1)
                (phase, step) = (phase - 1, perSecond / rateHz * Math.Max(0.4, 1 + uneven * noise.Normal()));
            samples[i] += sound[i] * (float)(least + (1 - least) * Math.Pow((1 - Math.Cos(2 * Math.PI * phase)) / 2, power));
        }
    }

    private static void AddTone(Span<float> samples, double rateHz, double size, double pitch, double formant)
    {
        for (var h = 1; h * pitch < 0.45 * rateHz && h <= 8; h++)
            for (var i = 0; i < samples.Length; i++)
                samples[i] += (float)(size / (1 + Math.Abs(h * pitch - formant) / 200) * Math.Sin(2 * Math.PI * h * pitch * i / rateHz + h));
    }

    private static void AddBurst(
        Span<float> samples, double rateHz, double at, double length, double size, double lowHz, double highHz, ref NoiseSource noise)
    {
        var (first, last) = ((int)(at * rateHz), (int)((at + length) * rateHz));
        if (last - first < 4)
            return;
        var burst = new float[last - first];
        ElectrodeFaults.AddBand(burst, rateHz, size, lowHz, highHz, ref noise);
        for (var i = Math.Max(0, -first); i < burst.Length && first + i < samples.Length; i++)
            samples[first + i] += burst[i] * MathF.Sin(MathF.PI * (i + 0.5f) / burst.Length);
    }

    private static void AddVowel(
        Span<float> samples, double rateHz, double at, double length, double size, double pitch, ref NoiseSource noise)
    {
        var (first, last) = (Math.Max(0, (int)(at * rateHz)), (int)Math.Min(samples.Length, (at + length) * rateHz));
        var (formant, glide, phase) = (noise.Uniform(300, 800), noise.Uniform(-0.2, 0.2), 0.0);
        for (var i = first; i < last; i++)
        {
            var x = (i - first + 0.5) / (last - first);
            var hz = pitch * (1 + glide * x);
            phase += 2 * Math.PI * hz / rateHz;
            var value = 0.0;
            for (var h = 1; h * hz < 0.45 * rateHz && h <= 8; h++)
                value += Math.Sin(h * phase) / (1 + Math.Abs(h * hz - formant) / 200);
            samples[i] += (float)(size * Math.Sin(Math.PI * x) * value);
        }
    }
}
