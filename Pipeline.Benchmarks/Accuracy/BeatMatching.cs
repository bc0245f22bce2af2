namespace Pipeline.Benchmarks.Accuracy;

/// <summary>How found beats compare with reference beats.</summary>
internal sealed class BeatMatching
{
    private BeatMatching(int[] partners, double[] offsets, int referenceCount)
    {
        Partners = partners;
        Offsets = offsets;
        True = offsets.Length;
        False = partners.Length - True;
        Missed = referenceCount - True;
    }

    /// <summary>For each found beat its reference beat, or −1.</summary>
    public int[] Partners { get; }

    /// <summary>Found less reference, in samples, of each pair; ascending.</summary>
    public double[] Offsets { get; }

    public int True { get; }

    public int False { get; }

    public int Missed { get; }

    /// <summary>Pairs one to one, the nearest first, none further apart than <paramref name="tolerance"/> samples. Both ascend.</summary>
    public static BeatMatching Of(IReadOnlyList<double> references, IReadOnlyList<double> found, double tolerance)
    {
        var pairs = new List<(double Distance, int Reference, int Found)>();
        var first = 0;
        for (var r = 0; r < references.Count; r++)
        {
            while (first < found.Count && found[first] < references[r] - tolerance)
                first++;
            for (var f = first; f < found.Count && found[f] <= references[r] + tolerance; f++)
                pairs.Add((Math.Abs(found[f] - references[r]), r, f));
        }
        pairs.Sort();
        var taken = new bool[references.Count];
        var partners = new int[found.Count];
        Array.Fill(partners, -1);
        var offsets = new List<double>();
        foreach (var (_, r, f) in pairs)
        {
            if (taken[r] || partners[f] >= 0)
                continue;
            taken[r] = true;
            partners[f] = r;
            offsets.Add(found[f] - references[r]);
        }
        offsets.Sort();
        return new BeatMatching(partners, [.. offsets], references.Count);
    }
}

/// <summary>Counts of true, false and missed beats, over any number of recordings.</summary>
internal readonly record struct BeatCounts(int True, int False, int Missed)
{
    public double Sensitivity => 100.0 * True / (True + Missed);

    public double Precision => 100.0 * True / (True + False);

    public double F1 => 200.0 * True / (2 * True + False + Missed);

    public static BeatCounts operator +(BeatCounts a, BeatCounts b) => new(a.True + b.True, a.False + b.False, a.Missed + b.Missed);
}
