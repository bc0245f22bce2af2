using Pipeline.Models.Filters;
using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// What one lead of a window shows where no QRS complex is certain: averaged to about 50 Hz (which takes mains hum away), less its mean
/// over half a second. Nothing is kept from window to window.
/// </summary>
/// <param name="Largest">Greatest distance from zero, unit of the lead.</param>
/// <param name="Fast">Greatest distance of a sample from the average it went into, unit of the lead: hum, and what is faster.</param>
/// <param name="Leakage">
/// Part, 0 to 1, of the signal that half a period away does not cancel it, mean of four parts of the window: under 0.4 for the waves of
/// ventricular fibrillation and flutter, above 0.45 for noise and for beats. Kuo, Dillman, "Computer detection of ventricular
/// fibrillation", Computers in Cardiology 1978:347-349.
/// </param>
/// <param name="Hz">Frequency of that period, mean of the parts.</param>
/// <param name="IsLive">Whether the noise of an amplifier is there: an electrode that is off gives one value, or flickers between two.</param>
internal readonly record struct EcgActivity(double Largest, double Fast, double Leakage, double Hz, bool IsLive)
{
    private const double WorkingHz = 50;
    private const double BaselineSeconds = 0.5;
    private const int Parts = 4;
    private const int LeastSteps = 2;           // of the converter, within a second: three values
    private const double LeastTurns = 0.05;     // of the samples

    [ThreadStatic]
    private static Scratch? _scratch;

    /// <summary>That of <paramref name="channel"/>; a missing sample is as the one before.</summary>
    public static EcgActivity Of(in Window window, int channel)
    {
        var scratch = _scratch ??= new Scratch();
        var group = Math.Max(1, (int)Math.Round(window.RateHz / WorkingHz));
        var rate = window.RateHz / group;
        var half = (int)(BaselineSeconds * rate / 2);
        var count = window.Length / group;
        scratch.Fit(window.Length, count + 2 * half);
        var samples = scratch.Samples.AsSpan(0, window.Length);
        window.CopyPhysical(channel, 0, samples);
        Bridge(samples);
        var fast = Average(samples, group, scratch.Means.AsSpan(half, count));
        var wave = TakeBaseline(scratch, half, count);
        var largest = 0f;
        foreach (var value in wave[half..^half])    // the baseline is not known at the ends
            largest = Math.Max(largest, Math.Abs(value));
        var (leakage, hz) = (0.0, 0.0);
        for (var part = 0; part < Parts; part++)
        {
            var (leaks, at) = LeakageOf(wave.Slice(part * (count / Parts), count / Parts), rate);
            leakage += leaks / Parts;
            hz += at / Parts;
        }
        return new EcgActivity(largest, fast, leakage, hz, IsNoise(samples, (int)window.RateHz));
    }

    private static void Bridge(Span<float> samples)
    {
        var last = 0f;
        foreach (var sample in samples)
            if (float.IsFinite(sample))
            {
                last = sample;
                break;
            }
        foreach (ref var sample in samples)
            last = sample = float.IsFinite(sample) ? sample : last;
    }

    private static double Average(ReadOnlySpan<float> samples, int group, Span<float> means)
    {
        var fast = 0f;
        for (var i = 0; i < means.Length; i++)
        {
            var sum = 0f;
            var of = samples.Slice(i * group, group);
            foreach (var sample in of)
                sum += sample;
            var mean = means[i] = sum / group;
            foreach (var sample in of)
                fast = Math.Max(fast, Math.Abs(sample - mean));
        }
        return fast;
    }

    private static Span<float> TakeBaseline(Scratch scratch, int half, int count)
    {
        var means = scratch.Means.AsSpan(0, count + 2 * half);
        means[..half].Fill(means[half]);
        means[^half..].Fill(means[^(half + 1)]);
        var wave = scratch.Wave.AsSpan(0, count);
        RunningSums.Means(means, half, wave, scratch.Sums.AsSpan(0, means.Length + 1));
        for (var i = 0; i < count; i++)
            wave[i] = means[half + i] - wave[i];
        return wave;
    }

    /// <summary>The leakage at the half period that the mean size and steepness of the wave give, in whole samples, the better of two.</summary>
    private static (double Leakage, double Hz) LeakageOf(ReadOnlySpan<float> wave, double rate)
    {
        double size = 0, steepness = 1e-12;
        for (var i = 1; i < wave.Length; i++)
        {
            size += Math.Abs(wave[i]);
            steepness += Math.Abs(wave[i] - wave[i - 1]);
        }
        var halfPeriod = Math.PI * size / steepness;
        var lag = Math.Max(1, (int)Math.Min(halfPeriod, wave.Length / 2.0));
        return (Math.Min(Leaking(wave, lag), Leaking(wave, lag + 1)), rate / (2 * Math.Max(halfPeriod, 1e-9)));
    }

    private static double Leaking(ReadOnlySpan<float> wave, int lag)
    {
        double left = 0, all = 1e-12;
        for (var i = lag; i < wave.Length; i++)
        {
            left += Math.Abs(wave[i] + wave[i - lag]);
            all += Math.Abs(wave[i]) + Math.Abs(wave[i - lag]);
        }
        return left / all;
    }

    /// <summary>Whether most seconds span several steps of the converter and go up and down.</summary>
    private static bool IsNoise(ReadOnlySpan<float> samples, int second)
    {
        var step = float.PositiveInfinity;
        var (turns, last) = (0, 0f);
        for (var i = 1; i < samples.Length; i++)
        {
            var change = samples[i] - samples[i - 1];
            if (change == 0)
                continue;
            step = Math.Min(step, Math.Abs(change));
            turns += change * last < 0 ? 1 : 0;
            last = change;
        }
        var (live, all) = (0, samples.Length / second);
        for (var s = 0; s < all; s++)
        {
            var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
            foreach (var sample in samples.Slice(s * second, second))
                (low, high) = (Math.Min(low, sample), Math.Max(high, sample));
            live += high - low > (LeastSteps - 0.5f) * step ? 1 : 0;
        }
        return 2 * live > all && turns > LeastTurns * samples.Length;
    }

    private sealed class Scratch
    {
        public float[] Samples { get; private set; } = [];

        public float[] Means { get; private set; } = [];

        public float[] Wave { get; private set; } = [];

        public double[] Sums { get; private set; } = [];

        public void Fit(int samples, int means)
        {
            if (Samples.Length < samples)
                Samples = new float[samples];
            if (Means.Length < means)
                (Means, Wave, Sums) = (new float[means], new float[means], new double[means + 1]);
        }
    }
}
