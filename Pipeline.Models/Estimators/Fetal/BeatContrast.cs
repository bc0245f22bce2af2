namespace Pipeline.Models.Estimators.Fetal;

/// <summary>What a track of beats looks like in the signal in which it was found.</summary>
/// <param name="Contrast">All together: about 0 for chance, above 1 for a clear track, 2.5 at best; <see cref="BeatSearch.Nothing"/> of
/// fewer than five beats.</param>
/// <param name="Height">Median height of the beats.</param>
/// <param name="LowHeight">Lower quartile of the heights.</param>
/// <param name="Between">Median height of what stands highest between two beats.</param>
/// <param name="Below">Part of the beats that stand below what lies behind them.</param>
/// <param name="Changes">90th percentile of the changes from one interval to the next, in parts of the median interval.</param>
/// <param name="Spread">SD of the intervals, in the same.</param>
/// <param name="NearMother">Part of the beats that lie in the mother's.</param>
/// <param name="Agreement">Part of the beats said before that are in the track.</param>
internal readonly record struct BeatTerms(
    float Contrast, float Height, float LowHeight, float Between, float Below, float Changes, float Spread, float NearMother, float Agreement)
{
    private const float MostBelow = 0.15f, MostSpread = 0.25f;

    /// <summary>Whether a heart may beat like this: few beats stand below what lies behind them, and the intervals are alike. A track that
    /// is lost for a second or two is not, however clear the rest.</summary>
    public bool IsWhole => Below <= MostBelow && Spread <= MostSpread;

    /// <summary>Of fewer than five beats.</summary>
    public static readonly BeatTerms None = new(BeatSearch.Nothing, 0, 0, 0, 0, 0, 0, 0, 0);
}

/// <summary>
/// How surely a track is that of a fetus: how far its beats stand out of what lies between them, how even its intervals are, how it agrees
/// with the beats that were said before. Owns its scratch: one thread at a time.
/// </summary>
internal sealed class BeatContrast
{
    private const int Margin = 20;                  // samples beside a beat that are not between beats
    private const int LeastBetween = 45;
    private const double CrowdedShare = 0.42;       // beats near the mother's: chance gives 0.1 to 0.2

    private readonly float[] _heights = new float[FetalTiming.MostBeats], _between = new float[FetalTiming.MostBeats], _column = new float[FetalTiming.MostBeats];

    /// <summary>The terms; <see cref="BeatTerms.None"/> of fewer than five beats.</summary>
    /// <param name="beats">The track.</param>
    /// <param name="strength">The signal that was tracked, 0 or more.</param>
    /// <param name="mother">The mother's beats.</param>
    /// <param name="said">Beats of the window that were said before.</param>
    public BeatTerms Of(ReadOnlySpan<int> beats, ReadOnlySpan<float> strength, ReadOnlySpan<int> mother, ReadOnlySpan<int> said)
    {
        var count = beats.Length;
        if (count < 5)
            return BeatTerms.None;
        var heights = _heights.AsSpan(0, count);
        var between = _between.AsSpan(0, count - 1);
        for (var i = 0; i < count; i++)
            heights[i] = strength[beats[i]];
        for (var i = 0; i + 1 < count; i++)
        {
            between[i] = 0;
            if (beats[i + 1] - beats[i] > LeastBetween)
                foreach (var value in strength[(beats[i] + Margin)..(beats[i + 1] - Margin + 1)])
                    between[i] = Math.Max(between[i], value);
        }
        var below = heights[count - 1] < between[count - 2] ? 1f : 0;
        for (var i = 0; i + 1 < count; i++)
            below += heights[i] < between[i] ? 1 : 0;
        var (spread, changes) = Evenness(beats);
        var agreement = said.Length > 4 ? ShareNear(said, beats, FetalTiming.SameBeatSamples + 1) : 1;
        var (height, low, highest) = (Medians.Of(heights), Medians.Quantile(heights, 0.25), Medians.Of(between));
        var (part, near) = (below / count, ShareNear(beats, mother, FetalTiming.SameBeatSamples));
        var contrast = 0.5f * (height + low) - 1.2f * highest - 0.6f * part - 0.35f * Math.Min(changes, 0.5f) - 0.6f * Math.Min(spread, 0.4f) - 0.3f * near + 0.3f * (agreement - 1);
        return new BeatTerms(contrast, height, low, highest, part, changes, spread, near, agreement);
    }

    /// <summary>What is taken off where a track is chosen: it is likely the mother's, or its double.</summary>
    public static float Penalty(ReadOnlySpan<int> beats, ReadOnlySpan<int> mother)
    {
        var near = ShareNear(beats, mother, FetalTiming.SameBeatSamples);
        var penalty = 4 * Math.Max(0, near - (float)CrowdedShare);
        var isHalf = mother.Length > 5 && beats.Length > 5 && Math.Abs(Medians.OfIntervals(beats) / Medians.OfIntervals(mother) - 0.5) < 0.03;
        return isHalf && near > CrowdedShare ? penalty + 1 : penalty;
    }

    /// <summary>Share of <paramref name="beats"/> that have one of <paramref name="others"/> nearer than <paramref name="reach"/> samples;
    /// both ascend.</summary>
    public static float ShareNear(ReadOnlySpan<int> beats, ReadOnlySpan<int> others, int reach)
    {
        if (beats.Length == 0 || others.Length == 0)
            return 0;
        var (near, o) = (0, 0);
        foreach (var at in beats)
        {
            while (o + 1 < others.Length && Math.Abs(others[o + 1] - at) <= Math.Abs(others[o] - at))
                o++;
            near += Math.Abs(others[o] - at) < reach ? 1 : 0;
        }
        return near / (float)beats.Length;
    }

    /// <summary>SD of the intervals, and the 90th percentile of their changes, in parts of the median interval.</summary>
    private (float Spread, float Changes) Evenness(ReadOnlySpan<int> beats)
    {
        var count = beats.Length - 1;
        double sum = 0, squares = 0;
        for (var i = 0; i < count; i++)
        {
            double interval = beats[i + 1] - beats[i];
            sum += interval;
            squares += interval * interval;
        }
        var mean = sum / count;
        var changes = _column.AsSpan(0, count - 1);
        for (var i = 0; i < changes.Length; i++)
            changes[i] = Math.Abs(beats[i + 2] - 2 * beats[i + 1] + beats[i]);
        var usual = Medians.OfIntervals(beats);
        return ((float)Math.Sqrt(Math.Max(0, squares / count - mean * mean)) / usual, Medians.Quantile(changes, 0.9) / usual);
    }
}
