namespace Pipeline.Training.Qrs;

/// <summary>
/// Takes QRS complexes with their T waves out of a recording, so that P waves stand alone as in AV block, or pauses come. Returns a new
/// recording, whose reference does not have them.
/// </summary>
internal static class QrsBlockAugmentation
{
    private const double BeforeQrs = 0.07, AfterQrs = 0.45, BeforeNext = 0.24;  // s: what is taken out
    private const double EndSeconds = 0.02;     // over which the ends of what is taken out are averaged
    private const double LargestPWave = 0.32;   // of the QRS complex's height

    /// <summary>
    /// In about two thirds of the time beats are taken out, in episodes of 6 to 40 s: every second one, two of three, single ones, or all
    /// of up to 20 s. P waves of 0.04 to 0.32 of the QRS complex's height are added in most recordings: before every beat, also those taken
    /// out, or at a rate of their own, as in complete block.
    /// </summary>
    public static EcgRecording DropBeats(EcgRecording record, Random random)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var dropped = Dropped(record, random);
        for (var b = 0; b < dropped.Length; b++)
            if (dropped[b])
                foreach (var lead in leads)
                    Erase(lead, record, b, random);
        AddPWaves(leads, record, random);
        return new EcgRecording
        {
            Name = record.Name,
            RateHz = record.RateHz,
            Leads = leads,
            Beats = [.. record.Beats.Where((_, b) => !dropped[b])],
            Flutter = record.Flutter,
        };
    }

    private static bool[] Dropped(EcgRecording record, Random random)
    {
        var dropped = new bool[record.Beats.Length];
        for (var b = 0; b < dropped.Length;)
        {
            var pattern = random.Next(6);
            var seconds = 6 * Math.Pow(40 / 6.0, random.NextDouble()) * (pattern == 5 ? 0.5 : 1);
            var (end, start) = (record.Beats[b].Sample + seconds * record.RateHz, b);
            for (; b < dropped.Length && record.Beats[b].Sample < end; b++)
                dropped[b] = pattern switch
                {
                    0 or 1 => false,
                    2 => (b - start) % 2 == 1,
                    3 => (b - start) % 3 != 0,
                    4 => random.NextDouble() < 0.1,
                    _ => true,
                };
        }
        return dropped;
    }

    /// <summary>A straight line with the lead's own fast noise takes the place of a beat.</summary>
    private static void Erase(float[] lead, EcgRecording record, int beat, Random random)
    {
        var at = record.Beats[beat].Sample;
        var next = beat + 1 < record.Beats.Length ? record.Beats[beat + 1].Sample : lead.Length;
        var end = EndSeconds * record.RateHz;
        var first = (int)(at - BeforeQrs * record.RateHz);
        var last = (int)Math.Max(at + 0.12 * record.RateHz, Math.Min(at + AfterQrs * record.RateHz, next - BeforeNext * record.RateHz));
        if (first - end < 0 || last + end >= lead.Length)
            return;
        var (from, to) = (Mean(lead, (int)(first - end), first), Mean(lead, last, (int)(last + end)));
        var sigma = FastNoise(lead, (int)(first - 5 * end), first);
        for (var i = first; i < last; i++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            lead[i] = (float)(from + (to - from) * (i - first) / (last - first) + sigma * normal);
        }
    }

    private static double Mean(float[] lead, int from, int to)
    {
        double sum = 0;
        for (var i = from; i < to; i++)
            sum += lead[i];
        return sum / Math.Max(1, to - from);
    }

    /// <summary>Standard deviation of white noise with the same second differences.</summary>
    private static double FastNoise(float[] lead, int from, int to)
    {
        double sum = 0;
        from = Math.Max(1, from);
        for (var i = from; i < to - 1; i++)
        {
            double bend = lead[i + 1] - 2 * lead[i] + lead[i - 1];
            sum += bend * bend;
        }
        return Math.Sqrt(sum / Math.Max(1, to - 1 - from) / 6);
    }

    private static void AddPWaves(float[][] leads, EcgRecording record, Random random)
    {
        var kind = random.NextDouble();
        if (kind < 0.25)
            return;
        var rate = record.RateHz;
        double width = (0.014 + 0.017 * random.NextDouble()) * rate, split = 0.03 * random.NextDouble() * rate;
        double[] heights = [.. leads.Select((_, l) =>
            NoiseStress.QrsHeight(record, l) * 0.04 * Math.Pow(LargestPWave / 0.04, random.NextDouble()) * (random.Next(4) == 0 ? -1 : 1))];
        var (conduction, interval) = ((0.12 + 0.1 * random.NextDouble()) * rate, (0.5 + 0.45 * random.NextDouble()) * rate);
        var marching = new List<double>();
        for (var at = 0.4 * rate; at < record.SampleCount; at += interval * (1 + 0.03 * (2 * random.NextDouble() - 1)))
            marching.Add(at);
        foreach (var at in kind < 0.7 ? record.Beats.Where(b => !b.IsEctopic).Select(b => b.Sample - conduction) : marching)
        {
            var size = 0.9 + 0.2 * random.NextDouble();
            for (var l = 0; l < leads.Length; l++)
            {
                QrsBeatAugmentation.Add(leads[l], at - split / 2, 0.8 * width, 0.55 * size * heights[l]);
                QrsBeatAugmentation.Add(leads[l], at + split / 2, width, 0.55 * size * heights[l]);
            }
        }
    }
}
