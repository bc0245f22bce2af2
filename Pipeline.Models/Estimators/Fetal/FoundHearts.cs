namespace Pipeline.Models.Estimators.Fetal;

/// <summary>What was found in a window.</summary>
/// <param name="Length">Samples of the window; 0: too few.</param>
/// <param name="Leads">Leads in use, a bit each.</param>
/// <param name="MotherCount">Beats of the mother.</param>
/// <param name="FetalCount">Beats of the fetus.</param>
/// <param name="Score">How surely the track is a fetus's: <see cref="FetalHypothesis.Score"/>.</param>
/// <param name="IsWhole">Whether the fetal track holds through the window: <see cref="BeatTerms.IsWhole"/>.</param>
/// <param name="IsOpen">Whether it is not known whose heart is whose.</param>
internal readonly record struct FoundHearts(int Length, int Leads, int MotherCount, int FetalCount, float Score, bool IsWhole, bool IsOpen = false)
{
    private const float Sure = 0.5f, Faster = 1.1f;
    private const float Sharper = 1.2f;     // QRS complexes of a fetus over those of its mother: 1.4 to 2, seldom 1
    private const float Duller = 0.8f;      // a mother's over those of her fetus: 0.5 to 0.7

    /// <summary>Intervals shorter than this are rather a fetus's: 0.5 s.</summary>
    public const int QuickSamples = FetalTiming.RateHz / 2;

    /// <summary>
    /// Whether the rates leave open whose heart is whose: the heart that was cancelled, the larger one, is the quicker one. Either the
    /// fetus is larger in these leads, or the mother is faster than her child.
    /// </summary>
    public bool AreInQuestion(ReadOnlySpan<int> mother, ReadOnlySpan<int> fetal)
    {
        if (FetalCount <= 6 || MotherCount <= 6 || Score <= Sure)
            return false;
        var (ofMother, ofFetus) = (Medians.OfIntervals(mother[..MotherCount]), Medians.OfIntervals(fetal[..FetalCount]));
        return ofFetus > Faster * ofMother && ofMother < QuickSamples;
    }

    /// <summary>The answer by the shape of the QRS complexes: a fetus's are the sharper ones. Exchanges the hearts in both places where
    /// they were taken for each other.</summary>
    /// <param name="mother">The mother's beats, with place for the fetus's.</param>
    /// <param name="fetal">The fetus's, with place for hers.</param>
    /// <param name="sharpness">How much sharper the complexes taken for the fetus's are (<see cref="QrsSharpness"/>); NaN: not
    /// known.</param>
    public FoundHearts Answer(Span<int> mother, Span<int> fetal, float sharpness)
    {
        if (sharpness >= Sharper)
            return this;
        if (!(sharpness <= Duller))
            return this with { IsOpen = true };
        Span<int> kept = stackalloc int[MotherCount];
        mother[..MotherCount].CopyTo(kept);
        fetal[..FetalCount].CopyTo(mother);
        kept.CopyTo(fetal);
        return this with { MotherCount = FetalCount, FetalCount = MotherCount };
    }
}
