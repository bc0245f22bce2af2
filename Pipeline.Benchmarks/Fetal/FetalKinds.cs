using Pipeline.Host.Networks;
using Pipeline.Training.Fetal;

namespace Pipeline.Benchmarks.Fetal;

/// <summary>Leads with faults, and leads without a fetus; each a function of its seed.</summary>
internal static class FetalKinds
{
    private const double AdultSeconds = 300, NoiseSeconds = 120;

    /// <summary>The record with hum at 50.1 Hz of twice each lead's SD.</summary>
    public static FetalRecording WithHum(FetalRecording record)
    {
        var random = new Random(501);
        return record with { Leads = Array.ConvertAll(record.Leads, lead => Add(lead, 2 * Math.Sqrt(2) * Deviation(lead), 50.1, record.RateHz, random.NextDouble())) };
    }

    /// <summary>The record with leads that drop out for 5 to 15 s: at most half of them at a time.</summary>
    public static FetalRecording WithDropouts(FetalRecording record)
    {
        var random = new Random(record.Beats.Length);
        var leads = Array.ConvertAll(record.Leads, lead => lead.ToArray());
        for (var from = random.NextDouble() * 10; from < record.Seconds; from += 10 + 10 * random.NextDouble())
        {
            var lead = leads[random.Next(leads.Length)];
            var (first, count) = ((int)(from * record.RateHz), (int)((5 + 10 * random.NextDouble()) * record.RateHz));
            var value = random.Next(3) == 0 ? lead[first] : float.NaN;
            lead.AsSpan(first, Math.Min(count, lead.Length - first)).Fill(value);
        }
        return record with { Leads = leads };
    }

    /// <summary>An adult's two leads, mixed to four with some noise each: the mother without a fetus.</summary>
    public static FetalRecording Adult(string folder, string name, int seed)
    {
        var adult = EcgRecordings.Read(folder, name);
        var count = Math.Min(adult.SampleCount, (int)(AdultSeconds * adult.RateHz));
        var random = new Random(seed);
        var leads = new float[4][];
        for (var l = 0; l < leads.Length; l++)
        {
            var (a, b) = (2 * random.NextDouble() - 1, 2 * random.NextDouble() - 1);
            leads[l] = new float[count];
            for (var i = 0; i < count; i++)
                leads[l][i] = (float)(0.2 * (a * adult.Leads[0][i] + b * adult.Leads[1][i]) + 0.004 * Normal(random));
        }
        return new FetalRecording(name, "adult", adult.RateHz, leads, []);
    }

    /// <summary>Four leads of noise: white, of 1/f, or a random walk that returns, mixed so that leads have some in common.</summary>
    public static FetalRecording Noise(int seed)
    {
        var random = new Random(seed);
        const double RateHz = 500;
        var count = (int)(NoiseSeconds * RateHz);
        var sources = new float[5][];
        for (var s = 0; s < sources.Length; s++)
        {
            sources[s] = new float[count];
            double slow = 0, slower = 0;
            for (var i = 0; i < count; i++)
            {
                var white = Normal(random);
                slow += 0.1 * (white - slow);
                slower += 0.01 * (white - slower);
                sources[s][i] = (float)((seed % 3) switch { 0 => white, 1 => white + 3 * slow + 9 * slower, _ => slow });
            }
        }
        var leads = new float[4][];
        for (var l = 0; l < leads.Length; l++)
            leads[l] = [.. sources[l].Zip(sources[4], (own, common) => 0.01f * (own + 0.7f * common))];
        return new FetalRecording($"noise {seed}", "noise", RateHz, leads, []);
    }

    /// <summary>Electrodes that are off: zeros, one value with the converter's last step, missing samples.</summary>
    public static FetalRecording Off(int seed)
    {
        var random = new Random(seed);
        var leads = new float[4][];
        for (var l = 0; l < leads.Length; l++)
        {
            leads[l] = new float[(int)(NoiseSeconds * 500)];
            var kind = random.Next(3);
            for (var i = 0; i < leads[l].Length; i++)
                leads[l][i] = kind switch { 0 => 0, 1 => 0.0001f * random.Next(2), _ => float.NaN };
        }
        return new FetalRecording($"off {seed}", "off", 500, leads, []);
    }

    private static float[] Add(float[] lead, double amplitude, double hz, double rateHz, double phase)
    {
        var sum = new float[lead.Length];
        for (var i = 0; i < lead.Length; i++)
            sum[i] = (float)(lead[i] + amplitude * Math.Sin(2 * Math.PI * (hz * i / rateHz + phase)));
        return sum;
    }

    private static double Deviation(float[] lead)
    {
        var there = lead.Where(float.IsFinite).ToArray();
        var mean = there.Average();
        return Math.Sqrt(there.Average(value => (value - mean) * (value - mean)));
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
