namespace Pipeline.Models.Estimators.Beats;

/// <summary>What is known of a beat, as numbers that depend on no unit, gain or rate of sampling.</summary>
internal static class BeatFeatures
{
    /// <summary>Numbers of a beat; the first is 1.</summary>
    public const int Count = 19;

    /// <summary>Which of them tell a ventricular or fusion beat, and which a supraventricular one: with all of them a fit knows its records and not others.</summary>
    private static readonly int[] OfVentricular = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], OfSupraventricular = [0, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18];

    private const float Floor = 0.03f;          // of a difference: the noise of a good lead
    private const float MostEarly = 0.8f, MostLate = -0.6f, MostOff = 20;

    /// <param name="timing">When it comes.</param>
    /// <param name="sinus">How early it comes against the sinus interval, and how its run of early beats began; both 0 in atrial fibrillation.</param>
    /// <param name="lateNext">Logarithm of the interval after it over the usual one; NaN where the next beat is not known yet.</param>
    /// <param name="likeness">How it looks.</param>
    /// <param name="usual">What usual beats differ by; learns of it.</param>
    /// <param name="earlyBefore">How early the beat before it came, as feature 1 and where that is no atrial fibrillation; NaN without one.</param>
    /// <param name="features">[<see cref="Count"/>].</param>
    public static void Describe(
        in BeatTiming timing, (float Early, float Onset) sinus, float lateNext, in BeatLikeness likeness, UsualDifferences usual, (float Early, float Sinus) earlyBefore, Span<float> features)
    {
        var (whole, off, meanOff) = (Log(likeness.WholeOff), Log(likeness.Off), Log(likeness.MeanOff));
        var (wholeMore, offMore, meanOffMore, widthMore) = (whole - usual.Whole, off - usual.Qrs, meanOff - usual.MeanQrs, likeness.MeanWidth - usual.Width);
        var early = Math.Max(sinus.Early, 0);
        ReadOnlySpan<float> all =
        [
            1, Math.Clamp(timing.Early, MostLate, MostEarly), Math.Max(likeness.Qrs, -0.5f), Math.Max(likeness.MeanQrs, -0.5f), wholeMore, offMore, widthMore,
            likeness.IsUsual, likeness.OwnShare, earlyBefore.Early,
            early, early * (1 - Math.Clamp(likeness.MeanAtrial, 0, 1)), early * likeness.IsUsual, early * Math.Clamp(meanOffMore, -1, 2),
            sinus.Onset, 4 * early * sinus.Onset, earlyBefore.Sinus, meanOffMore, float.IsNaN(lateNext) ? 0 : Math.Clamp(lateNext, -MostEarly, MostEarly),
        ];
        all.CopyTo(features);
        if (likeness.IsUsual > 0)
            usual.Learn(whole, off, meanOff, likeness.MeanWidth);
    }

    /// <summary>Those by which a kind of beat is told, zeros elsewhere.</summary>
    public static float[] Of(BeatLabel label, ReadOnlySpan<float> features)
    {
        var some = new float[Count];
        foreach (var k in label == BeatLabel.Supraventricular ? OfSupraventricular : OfVentricular)
            some[k] = features[k];
        return some;
    }

    /// <summary>
    /// How abnormal a beat is, larger where it is more so; no label has a part in it. How far it is off the usual one in the lead where it is least so, and how early
    /// it comes against the sinus interval, <paramref name="early"/>: a difference of e times counts as much as a fifth of the interval.
    /// </summary>
    public static float Anomaly(float early, in BeatLikeness likeness) => MathF.Log(likeness.WholeOff + 0.05f) + 5 * Math.Clamp(early, -0.05f, 0.5f);

    private static float Log(float off) => MathF.Log(Math.Min(off, MostOff) + Floor);
}
