using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Estimators;

/// <summary>A synthetic wrist: pulses of a known rate, motion at another, anything done to the samples; cut into chunks.</summary>
internal sealed class PpgSignal
{
    public double RateHz { get; init; } = 125;
    public double Seconds { get; init; } = 60;
    public int PulseChannels { get; init; } = 1;
    public bool Accelerometer { get; init; } = true;
    public bool Ecg { get; init; }
    public Func<double, double> HeartRate { get; init; } = _ => 72;
    public Func<double, double> Motion { get; init; } = _ => 0;
    public double MotionGain { get; init; }
    public double Noise { get; init; } = 0.02;
    public int Seed { get; init; } = 1;
    public Func<int, double, double, double> Spoil { get; init; } = (_, _, value) => value;
    public Func<double, ulong> LeadOff { get; init; } = _ => 0;

    /// <summary>Times of the pulses' onsets, in seconds.</summary>
    public List<double> Onsets { get; } = [];

    public IEnumerable<SampleChunk> Chunks(double chunkSeconds = 1, float scale = 1)
    {
        var channels = Layout();
        var samples = Make(channels.Count, (int)(Seconds * RateHz));
        for (var c = 0; c < PulseChannels; c++)
            samples[c] = Array.ConvertAll(samples[c], sample => sample * scale);
        return StreamRun.Chunks(samples, channels, RateHz, Math.Max(1, (int)(chunkSeconds * RateHz)))
            .Select(chunk => chunk with { LeadOff = LeadOff(chunk.FirstSampleIndex / RateHz) });
    }

    public List<WindowResult> Results(double chunkSeconds = 1, float scale = 1) => [.. StreamRun.Of(Chunks(chunkSeconds, scale))];

    public List<Estimate> Estimates(double chunkSeconds = 1, float scale = 1) =>
        [.. Results(chunkSeconds, scale).SelectMany(r => r.Estimates)];

    private ChannelLayout Layout()
    {
        var channels = new List<Channel>();
        for (var c = 0; c < PulseChannels; c++)
            channels.Add(new Channel($"PPG{c + 1}", SignalKind.Ppg, "1"));
        if (Accelerometer)
            foreach (var axis in "XYZ")
                channels.Add(new Channel($"ACC_{axis}", SignalKind.Acc, "g"));
        if (Ecg)
            channels.Add(new Channel("II", SignalKind.Ecg, "mV"));
        return new ChannelLayout([.. channels]);
    }

    private float[][] Make(int channels, int count)
    {
        var random = new Random(Seed);
        var all = new float[channels][];
        for (var c = 0; c < channels; c++)
            all[c] = new float[count];
        double phase = 0, swing = 0;
        for (var i = 0; i < count; i++)
        {
            var t = i / RateHz;
            var before = phase;
            phase += HeartRate(t) / 60 / RateHz;
            if (Math.Floor(phase) > Math.Floor(before))
                Onsets.Add(t);
            swing += Motion(t) / 60 / RateHz;
            for (var c = 0; c < channels; c++)
            {
                double value;
                if (c < PulseChannels)
                    value = Pulse(phase % 1) + MotionGain * Math.Sin(2 * Math.PI * swing - 0.7 - c) + Noise * Normal(random) + 5;
                else if (Ecg && c == channels - 1)
                    value = Math.Sin(i);
                else
                    value = (Motion(t) > 0 ? 0.4 : 0) * Math.Sin(2 * Math.PI * swing + (c - PulseChannels)) + 0.01 * Normal(random) + 0.5;
                all[c][i] = (float)Spoil(c, t, value);
            }
        }
        return all;
    }

    /// <summary>A pulse wave of one beat, phase 0 to 1: systole with a dicrotic wave.</summary>
    private static double Pulse(double phase) =>
        Math.Exp(-Math.Pow((phase - 0.25) / 0.1, 2)) + 0.35 * Math.Exp(-Math.Pow((phase - 0.55) / 0.12, 2));

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
