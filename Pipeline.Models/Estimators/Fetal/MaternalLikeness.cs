namespace Pipeline.Models.Estimators.Fetal;

/// <summary>How the beats taken for the fetus's lie to the mother's.</summary>
internal static class MaternalLikeness
{
    private const float SameRate = 0.05f, HalfRate = 0.03f;
    private const float LockedSamples = 3;          // 12 ms: two hearts of one rate drift more in some seconds
    private const float CrowdedShare = 0.42f, AllShare = 0.8f;

    /// <summary>
    /// Whether the beats keep their phase to hers at her own rate: a wave of hers that was left over. Two hearts that happen to have one
    /// rate do not keep it to 12 ms for 12 s.
    /// </summary>
    public static bool AreLocked(ReadOnlySpan<int> beats, ReadOnlySpan<int> mother)
    {
        if (beats.Length < 5 || mother.Length < 5 || Math.Abs(Medians.OfIntervals(beats) / Medians.OfIntervals(mother) - 1) > SameRate)
            return false;
        Span<float> offsets = stackalloc float[beats.Length];
        var o = 0;
        for (var i = 0; i < beats.Length; i++)
        {
            while (o + 1 < mother.Length && mother[o + 1] <= beats[i])
                o++;
            offsets[i] = beats[i] - mother[o];
        }
        // The first and the last may have no beat of hers before them.
        offsets = offsets[1..];
        var usual = Medians.Of(offsets);
        foreach (ref var offset in offsets)
            offset = Math.Abs(offset - usual);
        return Medians.Of(offsets) <= LockedSamples;
    }

    /// <summary>Whether the beats cannot be told from hers in the samples from <paramref name="from"/> on: nearly all lie in hers at her
    /// rate, or each second at twice her rate.</summary>
    public static bool AreHers(ReadOnlySpan<int> beats, ReadOnlySpan<int> mother, int from)
    {
        while (beats.Length > 0 && beats[0] < from)
            beats = beats[1..];
        if (beats.Length < 5 || mother.Length < 5)
            return false;
        var near = BeatContrast.ShareNear(beats, mother, FetalTiming.SameBeatSamples);
        var ratio = Medians.OfIntervals(beats) / Medians.OfIntervals(mother);
        return (near >= AllShare && Math.Abs(ratio - 1) <= 2 * SameRate) || (near > CrowdedShare && Math.Abs(ratio - 0.5f) <= HalfRate && Alternate(beats, mother));
    }

    private static bool Alternate(ReadOnlySpan<int> beats, ReadOnlySpan<int> mother)
    {
        Span<int> even = stackalloc int[(beats.Length + 1) / 2], odd = stackalloc int[beats.Length / 2];
        for (var i = 0; i < beats.Length; i++)
            (i % 2 == 0 ? even : odd)[i / 2] = beats[i];
        return Math.Max(BeatContrast.ShareNear(even, mother, FetalTiming.SameBeatSamples), BeatContrast.ShareNear(odd, mother, FetalTiming.SameBeatSamples)) >= AllShare;
    }
}
