namespace Pipeline.Training.Evaluation;

/// <summary>How found beats compare with reference beats.</summary>
public sealed class BeatMatching
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

    /// <summary>Pairs.</summary>
    public int True { get; }

    /// <summary>Found beats without a reference.</summary>
    public int False { get; }

    /// <summary>Reference beats that were not found.</summary>
    public int Missed { get; }

    /// <summary>Pairs one to one, the nearest first, none further apart than <paramref name="tolerance"/> samples. Both ascend.</summary>
    public static BeatMatching Of(IReadOnlyList<double> references, IReadOnlyList<double> found, double tolerance)
    {
        ArgumentNullException.ThrowIfNull(references);
        ArgumentNullException.ThrowIfNull(found);
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
public readonly record struct BeatCounts(int True, int False, int Missed)
{
    /// <summary>Part of the reference beats that were found, %.</summary>
    public double Sensitivity => 100.0 * True / (True + Missed);

    /// <summary>Part of the found beats that are right, %.</summary>
    public double Precision => 100.0 * True / (True + False);

    /// <summary>Harmonic mean of both, %.</summary>
    public double F1 => 200.0 * True / (2 * True + False + Missed);

    /// <summary>Pools them.</summary>
    public static BeatCounts operator +(BeatCounts a, BeatCounts b) => new(a.True + b.True, a.False + b.False, a.Missed + b.Missed);
}
