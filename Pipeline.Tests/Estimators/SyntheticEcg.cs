using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Estimators;

/// <summary>An ECG of Gaussian waves (P, Q, R, S, T; mV) with known R peaks, and the way of samples through a stream's stages.</summary>
internal sealed class SyntheticEcg
{
    public double RateHz { get; init; } = 250;

    public double Seconds { get; init; } = 60;

    /// <summary>R-R interval of each beat in seconds, given the number of the beat.</summary>
    public Func<int, double> Interval { get; init; } = beat => 0.8 + 0.02 * Math.Sin(beat);

    /// <summary>Size of the T wave, mV.</summary>
    public double TWave { get; init; } = 0.3;

    /// <summary>Standard deviation of white noise, mV.</summary>
    public double Noise { get; init; } = 0.01;

    /// <summary>Which beats are wide and early, of another form.</summary>
    public Func<int, bool> Ectopic { get; init; } = _ => false;

    public int Count => (int)(Seconds * RateHz);

    /// <summary>Seconds of the R peaks that lie in the recording.</summary>
    public double[] Beats()
    {
        var beats = new List<double>();
        var time = 0.35;
        for (var b = 0; time < Seconds; time += Interval(b++))
            beats.Add(time);
        return [.. beats];
    }

    /// <summary>The samples of one lead, each wave times <paramref name="gain"/>.</summary>
    public float[] Samples(double gain = 1, int seed = 1)
    {
        var samples = new double[Count];
        var beats = Beats();
        for (var b = 0; b < beats.Length; b++)
        {
            var r = beats[b];
            if (Ectopic(b))
            {
                Add(samples, r, -1.2, 0.035);
                Add(samples, r + 0.24, 0.45, 0.05);
                continue;
            }
            Add(samples, r - 0.16, 0.12, 0.02);
            Add(samples, r - 0.027, -0.12, 0.008);
            Add(samples, r, 1.1, 0.011);
            Add(samples, r + 0.03, -0.25, 0.01);
            Add(samples, r + 0.27, TWave, 0.045);
        }
        var random = new Random(seed);
        var noisy = new float[Count];
        for (var i = 0; i < noisy.Length; i++)
            noisy[i] = (float)(gain * (samples[i] + Noise * Normal(random)));
        return noisy;
    }

    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private void Add(double[] samples, double at, double size, double width)
    {
        var first = Math.Max(0, (int)((at - 5 * width) * RateHz));
        for (var i = first; i < Math.Min(samples.Length, (at + 5 * width) * RateHz); i++)
        {
            var z = (i / RateHz - at) / width;
            samples[i] += size * Math.Exp(-z * z / 2);
        }
    }
}

/// <summary>Runs leads through the stages that a device stream gets, in chunks of a given size.</summary>
internal static class StageRun
{
    public static IEnumerable<SampleChunk> Chunked(float[][] leads, ChannelLayout layout, double rateHz, int size, Func<int, ulong>? leadOff = null) =>
        StreamRun.Chunks(leads, layout, rateHz, size).Select(chunk => leadOff is null ? chunk : chunk with { LeadOff = leadOff((int)chunk.FirstSampleIndex) });

    /// <summary>The network that ships.</summary>
    public static QrsModel Network => ModelCatalog.Qrs ?? throw new InvalidOperationException("models/qrs is not there or is refused");

    public static WindowResult[] Ecg(double rateHz, float[][] leads, int? chunk = null, Func<int, ulong>? leadOff = null, string unit = "mV", bool byRule = false)
    {
        var channels = new Channel[leads.Length];
        for (var l = 0; l < leads.Length; l++)
            channels[l] = new Channel($"L{l}", SignalKind.Ecg, unit);
        var layout = new ChannelLayout(channels);
        return [.. StreamRun.Of(Chunked(leads, layout, rateHz, chunk ?? (int)rateHz, leadOff), first => [new EcgStage(first.Channels, first.RateHz, byRule ? null : Network)])];
    }

    public static double[] BeatSeconds(IEnumerable<WindowResult> results, double rateHz) =>
        [.. results.SelectMany(result => result.Beats).Select(beat => beat.SampleIndex / rateHz)];

    /// <summary>How many of <paramref name="expected"/> have a beat within <paramref name="tolerance"/> seconds, and how many beats there are besides.</summary>
    public static (int Missed, int False) Compare(double[] expected, double[] found, double tolerance)
    {
        var hit = expected.Count(e => found.Any(f => Math.Abs(f - e) <= tolerance));
        return (expected.Length - hit, found.Length - hit);
    }
}
