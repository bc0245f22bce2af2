namespace Pipeline.Training.Qrs;

/// <summary>Augmentation of single beats and waves of a recording; each method returns a new recording.</summary>
internal static class QrsBeatAugmentation
{
    private const double ScaledShare = 0.15;
    private const double WindowSeconds = 0.2;
    private const double EctopicShare = 0.12;
    private const int EctopicKinds = 3;
    private const double LeastCoupling = 0.28;
    private const int VentricularCode = 5;

    /// <summary>Scales 15 % of the beats to 0.35 to 1.3 of their size, under a Hann window of ±200 ms.</summary>
    public static EcgRecording ScaleBeats(EcgRecording record, Random random)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var half = (int)(WindowSeconds * record.RateHz);
        foreach (var beat in record.Beats)
        {
            if (random.NextDouble() >= ScaledShare)
                continue;
            var size = 0.35 + 0.95 * random.NextDouble();
            foreach (var lead in leads)
                Resize(lead, (int)beat.Sample, half, size);
        }
        return record.With(leads);
    }

    /// <summary>
    /// Adds a T wave (Gaussian of 22 to 50 ms, 0.15 to 1.1 of the QRS's height, upright in 70 %) 0.24 to 0.36 s after each beat, the same
    /// for the whole recording up to ±15 % a beat; where beats come fast it comes sooner.
    /// </summary>
    public static EcgRecording AddTWaves(EcgRecording record, Random random)
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

    /// <summary>
    /// Adds a P wave (Gaussian of 12 to 30 ms, 0.1 to 0.9 of the QRS's height, upright in 70 %) 0.12 to 0.22 s before each beat that is not
    /// ectopic, the same for the whole recording up to ±15 % a beat.
    /// </summary>
    public static EcgRecording AddPWaves(EcgRecording record, Random random)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var sd = (0.012 + 0.018 * random.NextDouble()) * record.RateHz;
        var lead = (0.12 + 0.1 * random.NextDouble()) * record.RateHz;
        double[] sizes = [.. leads.Select(_ => (0.1 + 0.8 * random.NextDouble()) * (random.NextDouble() < 0.7 ? 1 : -1))];
        double[] heights = [.. leads.Select((_, l) => NoiseStress.QrsHeight(record, l))];
        foreach (var beat in record.Beats.Where(b => !b.IsEctopic))
        {
            var factor = 1 + 0.3 * (random.NextDouble() - 0.5);
            for (var l = 0; l < leads.Length; l++)
                Add(leads[l], beat.Sample - lead, sd, sizes[l] * heights[l] * factor);
        }
        return record.With(leads);
    }

    /// <summary>
    /// Replaces 12 % of the beats by ectopic ones: up to 85 % of the interval earlier, at least 0.28 s after the beat before, 1.2 to 2.2
    /// times as wide, 0.5 to 1.3 times as high and upright or not on each lead, with a T wave of their own that points the other way; the
    /// same few kinds for the whole recording. With <paramref name="low"/> a quarter of the beats, 0.05 to 0.4 times as high on one lead
    /// and 0.4 to 1 times on the other.
    /// </summary>
    public static EcgRecording AddEctopicBeats(EcgRecording record, Random random, bool low = false)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        double[] heights = [.. leads.Select((_, l) => NoiseStress.QrsHeight(record, l))];
        var beats = (EcgBeat[])record.Beats.Clone();
        var kinds = Enumerable.Range(0, EctopicKinds).Select(_ => EctopicKind.Draw(leads.Length, random, low)).ToArray();
        var half = (int)(WindowSeconds * record.RateHz);
        for (var b = 1; b < beats.Length; b++)
        {
            if (random.NextDouble() >= (low ? 2 : 1) * EctopicShare || beats[b].IsEctopic)
                continue;
            var kind = kinds[random.Next(kinds.Length)];
            var at = (int)beats[b].Sample;
            var to = at - (int)(kind.Early
                * Math.Max(0, Math.Min(record.RateHz, at - beats[b - 1].Sample) - LeastCoupling * record.RateHz));
            for (var l = 0; l < leads.Length; l++)
            {
                Resize(leads[l], at, half, 0);
                AddBeat(leads[l], record.Leads[l], at, to, half, kind.Width, kind.Sizes[l]);
                Add(leads[l], to + kind.WaveDelay * record.RateHz, kind.WaveSd * record.RateHz, -kind.Sizes[l] * kind.Wave * heights[l]);
            }
            beats[b] = new EcgBeat(to, VentricularCode);
        }
        return new EcgRecording { Name = record.Name, RateHz = record.RateHz, Leads = leads, Beats = beats, Flutter = record.Flutter };
    }

    private static void AddBeat(float[] lead, float[] from, int at, int to, int half, double width, double size)
    {
        var (first, last) = (at - half, at + half);
        if (first < 0 || last >= from.Length)
            return;
        double start = from[first], slope = (from[last] - start) / (2 * half);
        var reach = (int)(half * width);
        for (var i = Math.Max(0, to - reach); i <= Math.Min(lead.Length - 1, to + reach); i++)
        {
            var source = at + (i - to) / width;
            var k = Math.Clamp((int)Math.Floor(source), first, last - 1);
            var value = from[k] + (source - k) * (from[k + 1] - from[k]) - (start + slope * (source - first));
            lead[i] += (float)(size * value * (0.5 + 0.5 * Math.Cos(Math.PI * (i - to) / reach)));
        }
    }

    /// <summary>Smooths every lead by two running means over 14 to 42 ms: low and wide beats.</summary>
    public static EcgRecording Smooth(EcgRecording record, Random random)
    {
        var half = Math.Max(1, (int)((0.007 + 0.014 * random.NextDouble()) * record.RateHz));
        return record.With(Array.ConvertAll(record.Leads, lead => Mean(Mean(lead, half), half)));
    }

    private static float[] Mean(float[] lead, int half)
    {
        var mean = new float[lead.Length];
        double sum = 0;
        for (var i = -half; i < lead.Length; i++)
        {
            if (i + half < lead.Length)
                sum += lead[i + half];
            if (i - half > 0)
                sum -= lead[i - half - 1];
            if (i >= 0)
                mean[i] = (float)(sum / (Math.Min(i + half, lead.Length - 1) - Math.Max(i - half, 0) + 1));
        }
        return mean;
    }

    /// <summary>Adds a Gaussian wave; all in samples but the height.</summary>
    public static void Add(float[] lead, double centre, double sd, double height)
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

    /// <summary>Shape of an ectopic beat.</summary>
    /// <param name="Width">Times that of the beat it is made of.</param>
    /// <param name="Early">Part of the interval before that it comes too soon.</param>
    /// <param name="Sizes">[leads] Height, times that of the beat; negative: the other way up.</param>
    /// <param name="WaveDelay">Seconds from the beat to its T wave.</param>
    /// <param name="WaveSd">Of the T wave, a Gaussian, in seconds.</param>
    /// <param name="Wave">Height of the T wave, times that of the beat.</param>
    private sealed record EctopicKind(double Width, double Early, double[] Sizes, double WaveDelay, double WaveSd, double Wave)
    {
        private const double LongestEarly = 0.85;

        public static EctopicKind Draw(int leads, Random random, bool low)
        {
            var lowest = leads > 1 ? random.Next(leads) : -1;
            double SizeOf(int lead) => (random.Next(2) * 2 - 1) * (!low ? 0.5 + 0.8 * random.NextDouble()
                : lead == lowest ? 0.05 + 0.35 * random.NextDouble() : 0.4 + 0.6 * random.NextDouble());
            return new(
                1.2 + random.NextDouble(), LongestEarly * random.NextDouble(), [.. Enumerable.Range(0, leads).Select(SizeOf)],
                0.2 + 0.14 * random.NextDouble(), 0.03 + 0.03 * random.NextDouble(), 0.1 + 0.6 * random.NextDouble());
        }
    }
}
