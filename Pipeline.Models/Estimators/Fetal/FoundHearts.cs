namespace Pipeline.Models.Estimators.Fetal;

/// <summary>What was found in a window.</summary>
/// <param name="Length">Samples of the window; 0: too few.</param>
/// <param name="Leads">Leads in use, a bit each.</param>
/// <param name="MotherCount">Beats of the mother.</param>
/// <param name="FetalCount">Beats of the fetus.</param>
/// <param name="Score">How surely the track is a fetus's: <see cref="FetalHypothesis.Score"/>.</param>
/// <param name="IsOpen">Whether the hearts were exchanged: a fetus that is larger in the leads, or a mother who is faster than it. The rates cannot tell these apart.</param>
internal readonly record struct FoundHearts(int Length, int Leads, int MotherCount, int FetalCount, float Score, bool IsOpen = false)
{
    private const float Sure = 0.5f, Faster = 1.1f;

    /// <summary>Intervals shorter than this are rather a fetus's: 0.5 s.</summary>
    public const int QuickSamples = FetalTiming.RateHz / 2;

    /// <summary>Whether the leads show the fetus larger than the mother, so that the hearts were taken for each other: the heart that was cancelled is the quicker one.</summary>
    public bool AreSwapped(ReadOnlySpan<int> mother, ReadOnlySpan<int> fetal)
    {
        if (FetalCount <= 6 || MotherCount <= 6 || Score <= Sure)
            return false;
        var (ofMother, ofFetus) = (Medians.OfIntervals(mother[..MotherCount]), Medians.OfIntervals(fetal[..FetalCount]));
        return ofFetus > Faster * ofMother && ofMother < QuickSamples;
    }

    /// <summary>The hearts exchanged, in both places.</summary>
    public FoundHearts Swap(Span<int> mother, Span<int> fetal)
    {
        Span<int> kept = stackalloc int[MotherCount];
        mother[..MotherCount].CopyTo(kept);
        fetal[..FetalCount].CopyTo(mother);
        kept.CopyTo(fetal);
        return this with { MotherCount = FetalCount, FetalCount = MotherCount, IsOpen = true };
    }
}
