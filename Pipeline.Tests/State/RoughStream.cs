using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.State;

/// <summary>
/// Random chunks of one device as a bad day makes them: odd rates, chunks of any length, gaps short and long, repeats, overlaps, leads off,
/// stretches that are missing, still or clipped, clocks that drift, new epochs, both sample formats.
/// </summary>
internal static class RoughStream
{
    private static readonly double[] Rates = [20, 50, 62.5, 100, 124.945, 125, 240, 250, 499.5, 500];

    public static List<SampleChunk> Of(int seed, int seconds = 60)
    {
        var random = new Random(seed);
        var rate = Rates[random.Next(Rates.Length)];
        var layout = Layout(random);
        var asFloat = random.Next(4) == 0;
        var chunks = new List<SampleChunk>();
        long epoch = 0, first = random.Next(3) == 0 ? random.Next(100_000) : 0;
        var started = first;
        var patient = new Heart(1 + 2 * random.NextDouble(), random.Next(4) == 0 ? -1 : 1, random.Next(2) == 0 ? random.Next(layout.Count) : -1, random.Next(2) == 0 ? 1 : 4);
        var drift = random.Next(4) == 0 ? 1.4 : 1;
        while ((first - started) / rate < seconds)
        {
            var count = random.Next(20) == 0 ? 0 : 1 + random.Next((int)(2 * rate));
            var chunk = Chunks.Of(
                Samples(random, layout.Count, first, count, rate, patient), first, count, "P1", "monitor", epoch, rate, layout, leadOff: LeadOff(random, layout.Count),
                time: Chunks.Start.AddSeconds(first / rate * drift), end: random.Next(150) == 0);
            chunks.Add(asFloat ? Chunks.AsFloat32(chunk) : chunk);
            first += count;
            switch (random.Next(40))
            {
                case 0:
                    first += random.Next((int)(5 * rate));      // a gap
                    break;
                case 1:
                    first += (long)(rate * (8 + random.Next(30)));  // one that closes the window
                    break;
                case 2 or 3:
                    first = Math.Max(0, first - random.Next((int)(3 * rate)));  // repeats
                    break;
                case 4:
                    (epoch, first, started) = (epoch + 1, 0, (long)(started - first));
                    break;
            }
        }
        return chunks;
    }

    /// <summary>A quick heart in two ECG leads, of which the first is flat for as long as it takes to give it up.</summary>
    public static List<SampleChunk> WithoutFirstLead()
    {
        var layout = new ChannelLayout(new Channel("I", SignalKind.Ecg, "mV", 1000), new Channel("II", SignalKind.Ecg, "mV", 1000));
        var random = new Random(1);
        return [.. Enumerable.Range(0, 60).Select(second => Chunks.Of(
            Samples(random, 2, 250L * second, 250, 250, new Heart(2.5, 1, 0, 1)), 250L * second, 250, "P1", "monitor", 0, 250, layout))];
    }

    /// <summary>P waves alone in one ECG lead.</summary>
    public static List<SampleChunk> PWavesAlone()
    {
        const int RateHz = 250, Seconds = 30;
        var layout = new ChannelLayout(new Channel("II", SignalKind.Ecg, "mV", 1000));
        var noise = new NoiseSource(1, 1);
        var lead = new float[Seconds * RateHz];
        ElectrodeFaults.AddBand(lead, RateHz, 0.004, 1, 40, ref noise);
        for (var at = 0.4; at < Seconds; at += 0.8)
            ElectrodeFaults.AddWave(lead, RateHz, at, 0.2, 0.022);
        short[] Second(int second) => Array.ConvertAll(lead[(second * RateHz)..((second + 1) * RateHz)], value => (short)Math.Round(1000 * value));
        return [.. Enumerable.Range(0, Seconds).Select(second => Chunks.Of(
            Second(second), (long)RateHz * second, RateHz, "P1", "monitor", 0, RateHz, layout))];
    }

    private static ChannelLayout Layout(Random random)
    {
        var channels = new List<Channel>();
        for (var i = random.Next(4); i > 0; i--)
            channels.Add(new Channel($"PLETH{i}", SignalKind.Ppg, "1", 100, 7));
        for (var i = random.Next(2) * 3; i > 0; i--)
            channels.Add(new Channel($"ACC{i}", SignalKind.Acc, "g", 1000));
        for (var i = random.Next(4); i > 0; i--)
            channels.Add(new Channel($"ECG{i}", SignalKind.Ecg, "mV", 1000));
        if (random.Next(2) == 0)
            channels.Add(new Channel("ART", SignalKind.Abp, random.Next(3) == 0 ? "1" : "mm[Hg]", 20));
        if (channels.Count == 0)
            channels.Add(new Channel("PLETH", SignalKind.Ppg, "1"));
        return new ChannelLayout([.. channels]);
    }

    private static ulong LeadOff(Random random, int channels) => random.Next(12) == 0 ? 1UL << random.Next(channels) : 0;

    private static short[] Samples(Random random, int channels, long first, int count, double rate, Heart heart)
    {
        var samples = new short[channels * count];
        for (var c = 0; c < channels; c++)
        {
            var fault = c == heart.Poor ? heart.Fault : random.Next(25);
            for (var i = 0; i < count; i++)
            {
                var phase = (first + i) / rate * (heart.Hz + 0.2 * Math.Sin((first + i) / rate / 20)) % 1;
                var pulse = Math.Exp(-phase * phase * 60) + 0.3 * Math.Exp(-(phase - 0.3) * (phase - 0.3) * 100);
                var value = 1500 + heart.Sign * 1200 * pulse + 60 * random.NextDouble();
                samples[c * count + i] = fault switch
                {
                    0 => SampleChunk.MissingInt16,
                    1 => 1500,
                    2 => (short)Math.Min(value, 1800),
                    3 when random.Next(3) == 0 => SampleChunk.MissingInt16,
                    4 => (short)(8000 * random.NextDouble()),
                    _ => (short)value,
                };
            }
        }
        return samples;
    }

    /// <param name="Hz">Beats a second.</param>
    /// <param name="Sign">Which way a pulse goes.</param>
    /// <param name="Poor">The channel that never shows one; −1: each does.</param>
    /// <param name="Fault">What that channel shows instead.</param>
    private readonly record struct Heart(double Hz, int Sign, int Poor, int Fault);
}
