namespace Pipeline.Training;

/// <summary>Beats made unlike the others of their recording.</summary>
internal static class QrsDistortion
{
    private const double Wobbling = 0.15;
    private const double WindowSeconds = 0.2;

    /// <summary>15 % of the beats get 0.35 to 1.3 of their size, under a Hann window of ±200 ms.</summary>
    public static EcgRecording Wobble(EcgRecording record, Random random)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var half = (int)(WindowSeconds * record.RateHz);
        foreach (var beat in record.Beats)
        {
            if (random.NextDouble() >= Wobbling)
                continue;
            var size = 0.35 + 0.95 * random.NextDouble();
            foreach (var lead in leads)
                Resize(lead, (int)beat.Sample, half, size);
        }
        return record.With(leads);
    }

    /// <summary>
    /// A T wave (Gaussian of 22 to 50 ms, 0.15 to 1.1 of the QRS's height, upright in 70 %) 0.24 to 0.36 s after each beat, the same for the whole
    /// recording up to ±15 % a beat; where beats come fast it comes sooner.
    /// </summary>
    public static EcgRecording TallWaves(EcgRecording record, Random random)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var sd = (0.022 + 0.028 * random.NextDouble()) * record.RateHz;
        var delay = 0.24 + 0.12 * random.NextDouble();
        double[] sizes = [.. leads.Select(_ => (0.15 + 0.95 * random.NextDouble()) * (random.NextDouble() < 0.7 ? 1 : -1))];
        double[] heights = [.. leads.Select((_, l) => NoiseStress.QrsHeight(record, l))];
        var previous = double.NaN;
        foreach (var beat in record.Beats)
        {
            var interval = double.IsNaN(previous) ? 0.8 : Math.Clamp((beat.Sample - previous) / record.RateHz, 0.4, 1.2);
            previous = beat.Sample;
            var factor = 1 + 0.3 * (random.NextDouble() - 0.5);
            var centre = beat.Sample + delay * Math.Sqrt(interval / 0.8) * record.RateHz;
            for (var l = 0; l < leads.Length; l++)
                Add(leads[l], centre, sd, sizes[l] * heights[l] * factor);
        }
        return record.With(leads);
    }

    private static void Add(float[] lead, double centre, double sd, double height)
    {
        for (var i = Math.Max(0, (int)(centre - 4 * sd)); i < Math.Min(lead.Length, (int)(centre + 4 * sd)); i++)
            lead[i] += (float)(height * Math.Exp(-0.5 * (i - centre) * (i - centre) / (sd * sd)));
    }

    private static void Resize(float[] lead, int at, int half, double size)
    {
        var (from, to) = (Math.Max(0, at - half), Math.Min(lead.Length - 1, at + half));
        if (from >= to)
            return;
        // About the straight line between the window's ends, so that a wandering baseline is not resized.
        double first = lead[from], slope = (lead[to] - first) / (to - from);
        for (var i = from; i <= to; i++)
        {
            var window = 0.5 + 0.5 * Math.Cos(Math.PI * (i - at) / half);
            var line = first + slope * (i - from);
            lead[i] = (float)(line + (lead[i] - line) * (1 + (size - 1) * window));
        }
    }
}
