namespace Pipeline.Benchmarks.Faults;

/// <summary>What stands in the place of samples that were lost.</summary>
internal enum LossFill
{
    /// <summary>NaN: the device or the transport says that they are missing.</summary>
    Missing,

    /// <summary>Zero.</summary>
    Zero,

    /// <summary>The last sample before them.</summary>
    Held,
}

/// <summary>Takes samples out of a signal, on all leads at once.</summary>
internal static class SampleLoss
{
    /// <summary>A copy of <paramref name="whole"/> without <paramref name="seconds"/> over each <paramref name="every"/>th beat.</summary>
    public static FaultCase OverBeats(FaultCase whole, int every, double seconds, LossFill fill, Random random)
    {
        var leads = Copy(whole);
        for (var b = every - 1; b < whole.Beats.Length; b += every)
        {
            var middle = whole.Beats[b] + random.Uniform(-0.2, 0.2) * seconds;
            Take(leads, (int)((middle - seconds / 2) * whole.RateHz), (int)(seconds * whole.RateHz), fill);
        }
        return whole with { Leads = leads };
    }

    /// <summary>
    /// A copy of <paramref name="whole"/> of whose packets of <paramref name="seconds"/> each is lost with probability
    /// <paramref name="share"/>.
    /// </summary>
    public static FaultCase OfPackets(FaultCase whole, double seconds, double share, LossFill fill, Random random)
    {
        var leads = Copy(whole);
        var size = (int)(seconds * whole.RateHz);
        for (var first = 0; first < leads[0].Length; first += size)
            if (random.NextDouble() < share)
                Take(leads, first, size, fill);
        return whole with { Leads = leads };
    }

    private static float[][] Copy(FaultCase whole) => Array.ConvertAll(whole.Leads, lead => (float[])lead.Clone());

    private static void Take(float[][] leads, int first, int count, LossFill fill)
    {
        foreach (var lead in leads)
        {
            var from = Math.Clamp(first, 0, lead.Length);
            var held = from > 0 ? lead[from - 1] : 0;
            lead.AsSpan(from, Math.Clamp(first + count, from, lead.Length) - from).Fill(fill switch
            {
                LossFill.Missing => float.NaN,
                LossFill.Zero => 0,
                _ => held,
            });
        }
    }
}
