namespace Pipeline.Models.Estimators.Fetal;

/// <summary>What a track of beats says of the last seconds.</summary>
/// <param name="Rate">60 over the mean interval, per minute; NaN with too few intervals.</param>
/// <param name="Intervals">Intervals that it is of.</param>
/// <param name="Unevenness">Median change from one interval to the next, as a part of the median interval.</param>
internal readonly record struct HeartTrack(double Rate, int Intervals, double Unevenness)
{
    /// <summary>Of the beats at sample <paramref name="from"/> or later.</summary>
    /// <param name="beats">Ascending.</param>
    /// <param name="from">First sample that counts.</param>
    /// <param name="least">Fewest intervals that give a rate.</param>
    public static HeartTrack Of(ReadOnlySpan<int> beats, int from, int least)
    {
        var first = 0;
        while (first < beats.Length && beats[first] < from)
            first++;
        var inside = beats[first..];
        if (inside.Length - 1 < Math.Max(1, least))
            return new HeartTrack(double.NaN, Math.Max(0, inside.Length - 1), 1);
        Span<float> changes = stackalloc float[Math.Max(0, inside.Length - 2)];
        for (var i = 0; i < changes.Length; i++)
            changes[i] = Math.Abs(inside[i + 2] - 2 * inside[i + 1] + inside[i]);
        var unevenness = Medians.Of(changes) / Medians.OfIntervals(inside);
        return new HeartTrack(60.0 * FetalTiming.RateHz * (inside.Length - 1) / (inside[^1] - inside[0]), inside.Length - 1, unevenness);
    }
}
