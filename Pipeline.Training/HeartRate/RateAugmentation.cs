namespace Pipeline.Training.HeartRate;

/// <summary>
/// Augmentation of excerpts in the time domain: other sensors and other movements. Working on the signals keeps everything that is computed
/// from them (spectra, motion fit, classical likelihood) consistent, as in service. All random numbers come from one generator. NaN is not
/// expected.
/// </summary>
public sealed class RateAugmentation(Random random)
{
    private const double FadeSeconds = 1;
    private const int Harmonics = 5;        // half the rate, the rate, and up to four times

    /// <summary>A standard normal number.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Scales what lies below a random corner (0.6 to 3 Hz) of every PPG channel: another sensor's frequency response.</summary>
    public void ScaleLowFrequencies(RateExcerpt excerpt)
    {
        ArgumentNullException.ThrowIfNull(excerpt);
        var share = 1 - Math.Exp(-2 * Math.PI * Between(0.6, 3) / excerpt.RateHz);
        var common = Normal();
        foreach (var samples in excerpt.Ppg)
        {
            var gain = Math.Exp(Math.Clamp(common + 0.3 * Normal(), -2.3, 2));
            double low = samples[0];
            for (var i = 0; i < samples.Length; i++)
            {
                low += share * (samples[i] - low);
                samples[i] = (float)(samples[i] - low + gain * low);
            }
        }
    }

    /// <summary>
    /// Adds the accelerometer of another recording, played at <paramref name="speed"/> and switched on and off: permuted to the axes, and
    /// with a lag of up to 0.15 s to each PPG channel, as a mixture of the axes and of its square.
    /// </summary>
    public void AddRecordedMotion(RateExcerpt excerpt, RateRecording other, RateSignalLevels levels, double speed)
    {
        ArgumentNullException.ThrowIfNull(excerpt);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(levels);
        if (other.Acc.Length == 0 || !(levels.Acc > 0))
            return;
        var pace = other.RateHz * speed / excerpt.RateHz;
        var wanted = (int)(excerpt.Count * pace) + 12;
        var offset = other.Acc[0].Length > wanted ? random.Next(other.Acc[0].Length - wanted) : 0;
        var gain = random.NextDouble() < 0.25 ? 0 : 0.6 * Math.Exp(0.9 * Normal());
        var seen = random.NextDouble() < 0.1 ? 0 : Math.Exp(0.6 * Normal());
        var square = random.NextDouble() < 0.4 ? 0.5 * random.NextDouble() : 0;
        var shares = Shares(excerpt.Ppg.Length);
        int[] axes = [0, 1, 2];
        random.Shuffle(axes);
        var lag = random.Next(1 + (int)(0.15 * excerpt.RateHz)) * pace;
        var presence = Presence(excerpt);
        for (var i = 0; i < excerpt.Count; i++)
        {
            var at = offset + i * pace;
            if ((int)at + 1 >= other.Acc[0].Length)
                break;
            if (presence[i] < 1e-3)
                continue;
            double Motion(int axis, double sample) => Sample(other, levels, axis, sample);
            for (var a = 0; a < excerpt.Acc.Length; a++)
                excerpt.Acc[a][i] += (float)(presence[i] * seen * excerpt.AccRms * Motion(axes[a % 3], at));
            if (gain == 0)
                continue;
            var (x, y, z) = (Motion(0, at - lag), Motion(1, at - lag), Motion(2, at - lag));
            for (var c = 0; c < excerpt.Ppg.Length; c++)
            {
                var value = shares[c][0] * x + shares[c][1] * y + shares[c][2] * z;
                value += square * (value * value - 0.5);
                excerpt.Ppg[c][i] += (float)(presence[i] * gain * excerpt.PpgRms[c] * Math.Clamp(value, -6, 6));
            }
        }
    }

    /// <summary>
    /// Adds periodic motion of 27 to 240 cycles a minute with harmonics and a subharmonic; rate and strength drift, and both change every 6
    /// to 40 s. In 30 % of the segments the accelerometer records nearly nothing of it.
    /// </summary>
    public void AddPeriodicMotion(RateExcerpt excerpt)
    {
        ArgumentNullException.ThrowIfNull(excerpt);
        for (int first = 0, end; first < excerpt.Count; first = end)
        {
            end = Math.Min(excerpt.Count, first + (int)((6 + 34 * random.NextDouble()) * excerpt.RateHz));
            if (random.NextDouble() < 0.6)
                AddPeriodicMotion(excerpt, first, end);
        }
    }

    /// <summary>
    /// Adds irregular motion: four resonators driven by noise whose frequencies change every 6 to 30 s. Three reach both sensors in
    /// different mixtures, the fourth only the PPG.
    /// </summary>
    public void AddIrregularMotion(RateExcerpt excerpt)
    {
        ArgumentNullException.ThrowIfNull(excerpt);
        for (int first = 0, end; first < excerpt.Count; first = end)
        {
            end = Math.Min(excerpt.Count, first + (int)((6 + 24 * random.NextDouble()) * excerpt.RateHz));
            if (random.NextDouble() < 0.6)
                AddIrregularMotion(excerpt, first, end);
        }
    }

    /// <summary>Adds white noise and baseline wander to every PPG channel.</summary>
    public void AddNoise(RateExcerpt excerpt)
    {
        ArgumentNullException.ThrowIfNull(excerpt);
        var white = 0.5 * Math.Exp(0.7 * Normal());
        var wander = Math.Exp(0.7 * Normal());
        var back = 2 / excerpt.RateHz;
        for (var c = 0; c < excerpt.Ppg.Length; c++)
        {
            double baseline = 0;
            for (var i = 0; i < excerpt.Count; i++)
            {
                baseline += -back * baseline + Math.Sqrt(2 * back) * wander * Uniform();
                excerpt.Ppg[c][i] += (float)(excerpt.PpgRms[c] * (baseline + white * Uniform()));
            }
        }
    }

    private void AddIrregularMotion(RateExcerpt excerpt, int first, int end)
    {
        const int sources = 4;
        var gain = 0.5 * Math.Exp(0.8 * Normal());
        var seen = Math.Exp(0.7 * Normal());
        var common = Between(0.3, 3);
        var resonators = Enumerable.Range(0, sources)
            .Select(_ => Resonator((random.NextDouble() < 0.6 ? common : Between(0.3, 3)) / excerpt.RateHz, excerpt.RateHz)).ToArray();
        var ppg = excerpt.Ppg.Select(_ => Mixture(sources)).ToArray();
        var acc = excerpt.Acc.Select(_ => Mixture(sources - 1)).ToArray();
        double[] now = new double[sources], before = new double[sources];
        for (var i = first; i < end; i++)
        {
            for (var s = 0; s < sources; s++)
                (before[s], now[s]) =
                    (now[s], resonators[s].Drive * Uniform() + resonators[s].Back * now[s] - resonators[s].Loss * before[s]);
            for (var c = 0; c < ppg.Length; c++)
                excerpt.Ppg[c][i] += (float)(gain * excerpt.PpgRms[c] * Sum(ppg[c], now));
            for (var a = 0; a < acc.Length; a++)
                excerpt.Acc[a][i] += (float)(seen * excerpt.AccRms * Sum(acc[a], now));
        }
    }

    /// <summary>A resonator of unit variance at <paramref name="pace"/> cycles a sample, bandwidth 0.1 to 0.6 Hz.</summary>
    private (double Drive, double Back, double Loss) Resonator(double pace, double rateHz)
    {
        var (turn, radius) = (2 * Math.PI * pace, Math.Exp(-Math.PI * (0.1 + 0.5 * random.NextDouble()) / rateHz));
        return (Math.Sqrt((1 - radius * radius) * 2) * Math.Sin(turn), 2 * radius * Math.Cos(turn), radius * radius);
    }

    private double[] Mixture(int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextDouble() - 1)];

    /// <summary>Uniformly distributed, mean 0, variance 1.</summary>
    private double Uniform() => (random.NextDouble() - 0.5) * Math.Sqrt(12);

    private void AddPeriodicMotion(RateExcerpt excerpt, int first, int end)
    {
        var rate = excerpt.RateHz;
        var pace = Between(0.45, 4);
        var drift = random.NextDouble() < 0.5 ? 0 : 0.02 * Normal();
        var tremble = 0.25 * random.NextDouble() * random.NextDouble();
        var gain = 0.7 * Math.Exp(0.8 * Normal());
        var visible = random.NextDouble() < 0.7 ? Math.Exp(0.7 * Normal()) : 0.05 * random.NextDouble();
        var common = Waveform();
        double[][] ppg = [.. excerpt.Ppg.Select(_ => Waveform().Zip(common, (own, all) => 0.25 * own + 0.75 * all).ToArray())];
        double[][] acc = [.. excerpt.Acc.Select(_ => (Waveform(), Normal()))
            .Select(axis => axis.Item1.Select(h => h * axis.Item2).ToArray())];
        var starts = Enumerable.Range(0, Harmonics).Select(_ => 2 * Math.PI * random.NextDouble()).ToArray();
        var lag = 2 * Math.PI * random.NextDouble();
        double phase = 0, offPace = 0, strength = 1;
        Span<double> early = stackalloc double[Harmonics], late = stackalloc double[Harmonics];
        for (var i = first; i < end; i++)
        {
            if ((i & 7) == 0)
            {
                offPace += -offPace * 8 / rate + tremble * Math.Sqrt(16 / rate) * Normal();
                strength += (1 - strength) * 4 / rate + 0.3 * Math.Sqrt(8 / rate) * Normal();
            }
            phase += 2 * Math.PI * Math.Max(0.2, pace * (1 + 0.5 * offPace) + drift * (i - first) / rate) / rate;
            for (var k = 0; k < Harmonics; k++)
            {
                var times = k == 0 ? 0.5 : k;
                early[k] = Math.Sin(times * phase + starts[k]);
                late[k] = Math.Sin(times * (phase + lag) + 2 * starts[k]);
            }
            var presence = Math.Min(1, Math.Min(i - first, end - i) / (FadeSeconds * rate)) * Math.Max(0, strength);
            for (var c = 0; c < ppg.Length; c++)
                excerpt.Ppg[c][i] += (float)(presence * gain * excerpt.PpgRms[c] * Sum(ppg[c], late));
            for (var a = 0; a < acc.Length; a++)
                excerpt.Acc[a][i] += (float)(presence * visible * excerpt.AccRms * Sum(acc[a], early));
        }
    }

    private static double Sum(double[] shares, ReadOnlySpan<double> waves)
    {
        double sum = 0;
        for (var k = 0; k < shares.Length; k++)
            sum += shares[k] * waves[k];
        return sum;
    }

    private double[] Waveform() =>
    [
        random.NextDouble() < 0.4 ? 0.6 * random.NextDouble() : 0, 0.2 + 0.8 * random.NextDouble(), 0.9 * random.NextDouble(),
        0.5 * random.NextDouble(), 0.3 * random.NextDouble(),
    ];

    /// <summary>For each PPG channel the weight of each of three axes; in 60 % nearly the same for all channels.</summary>
    private double[][] Shares(int channels)
    {
        double[][] shares = [.. Enumerable.Range(0, channels).Select(_ => new[] { 0.7 * Normal(), 0.7 * Normal(), 0.7 * Normal() })];
        if (random.NextDouble() < 0.6)
            for (var c = 1; c < channels; c++)
                for (var a = 0; a < 3; a++)
                    shares[c][a] = shares[0][a] + 0.3 * shares[c][a];
        return shares;
    }

    /// <summary>0 to 1 for each sample: a smoothed random switch.</summary>
    private float[] Presence(RateExcerpt excerpt)
    {
        var presence = new float[excerpt.Count];
        var on = random.NextDouble() < 0.6;
        var (value, part) = (on ? 1.0 : 0, (int)(2 * excerpt.RateHz));
        for (var i = 0; i < presence.Length; i++)
        {
            if (i % part == 0 && random.NextDouble() < 0.05)
                on = !on;
            value += ((on ? 1 : 0) - value) * 0.02;
            presence[i] = (float)value;
        }
        return presence;
    }

    private static double Sample(RateRecording recording, RateSignalLevels levels, int axis, double at)
    {
        axis = Math.Min(axis, recording.Acc.Length - 1);
        at = Math.Max(0, at);
        var (index, fraction) = ((int)at, at - (int)at);
        var samples = recording.Acc[axis];
        return (samples[index] * (1 - fraction) + samples[index + 1] * fraction - levels.AccMeans[axis]) / levels.Acc;
    }

    /// <summary>Uniformly distributed in the logarithm.</summary>
    private double Between(double low, double high) => low * Math.Exp(random.NextDouble() * Math.Log(high / low));
}
