namespace Pipeline.Models.Estimators.Beats;

/// <summary>What is known of a beat, as numbers that depend on no unit, gain or rate of sampling.</summary>
internal static class BeatFeatures
{
    /// <summary>Numbers of a beat; the first is 1.</summary>
    public const int Count = 32;

    private const float Floor = 0.03f;          // of a difference: the noise of a good lead
    private const float MostEarly = 0.8f, MostLate = -0.6f;
    private static readonly int[] OfVentricular = [0, 1, 8, 9, 10, 11, 13, 20, 23, 24, 27];

    /// <param name="timing">When it comes.</param>
    /// <param name="lateNext">Logarithm of the interval after it over the usual one; NaN where the next beat is not known yet.</param>
    /// <param name="likeness">How it looks.</param>
    /// <param name="before">How early the beat before it came, and how much it was off, as in here; NaN without one.</param>
    /// <param name="features">[<see cref="Count"/>].</param>
    public static void Describe(in BeatTiming timing, float lateNext, in BeatLikeness likeness, (float Early, float Off) before, Span<float> features)
    {
        var early = Math.Clamp(timing.Early, MostLate, MostEarly);
        var pressing = Math.Max(early, 0);
        var (isKnown, next) = float.IsNaN(lateNext) ? (0, 0) : (1, Math.Clamp(lateNext, -MostEarly, MostEarly));
        var (off, wholeOff, atrialOff) = (Log(likeness.Off), Log(likeness.WholeOff), Log(likeness.AtrialOff));
        var qrs = Math.Max(likeness.MeanQrs, -0.5f);
        ReadOnlySpan<float> all =
        [
            1, early, Math.Clamp(timing.EarlyOfLate, MostLate, MostEarly), Math.Clamp(timing.EarlyOfLast, MostLate, MostEarly), timing.Uneven, timing.Usual,
            next, isKnown, Math.Max(likeness.Qrs, -0.5f), qrs, Math.Max(likeness.Whole, -0.5f), wholeOff, Log(likeness.MeanWholeOff), off, Log(likeness.MeanOff),
            atrialOff, Log(likeness.RepolarizationOff), likeness.MeanAtrial, likeness.MeanRepolarization, likeness.MeanSize, likeness.MeanWidth,
            likeness.Width, likeness.Own, likeness.OwnShare, likeness.IsUsual, float.IsNaN(before.Early) ? 0 : before.Early,
            float.IsNaN(before.Off) ? Log(0) : before.Off, pressing / (timing.Uneven + 0.04f), pressing * likeness.IsUsual, pressing * atrialOff,
            wholeOff * wholeOff, qrs * likeness.MeanWidth,
        ];
        all.CopyTo(features);
    }

    /// <summary>
    /// Those by which a kind of beat is told, zeros elsewhere: of ventricular ones a third, since with all of them the fit knows its records and not others.
    /// </summary>
    public static float[] Of(BeatLabel label, ReadOnlySpan<float> features)
    {
        if (label != BeatLabel.Ventricular)
            return features.ToArray();
        var some = new float[Count];
        foreach (var k in OfVentricular)
            some[k] = features[k];
        return some;
    }

    /// <summary>
    /// How abnormal a beat is, larger where it is more so; no label has a part in it. How far it is off the usual one in the lead where it is least so, and how early
    /// it comes: a difference of e times counts as much as a fifth of the interval.
    /// </summary>
    public static float Anomaly(ReadOnlySpan<float> features, in BeatLikeness likeness) =>
        MathF.Log(likeness.WholeOff + 0.05f) + 5 * Math.Clamp(features[1], -0.05f, 0.5f);

    private static float Log(float off) => MathF.Log(Math.Min(off, 20) + Floor);
}
