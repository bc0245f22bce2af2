namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// What a window shows of a heart, as numbers of which <see cref="HeartSoundQuality"/> makes a probability. Noise, speech and breathing
/// have an envelope, too, and some row of sounds fits any of them: but it fits worse, other rates as well, and its beats do not look like
/// each other.
/// </summary>
/// <param name="Strength">Log-odds of a found sound's frame, mean, part of the most that is possible.</param>
/// <param name="Contrast">Log-odds of a frame in the found sounds less those of the frames between them, mean.</param>
/// <param name="Likeness">Correlation of each beat's log-odds with the mean of the others', mean, −1 to 1.</param>
/// <param name="Margin">Score of the rate less that of the best one a fifth or more away, for each beat.</param>
/// <param name="Mass">Part of the belief that is near the rate.</param>
/// <param name="Range">Difference of loud and quiet frames, logarithm of an amplitude.</param>
/// <param name="IntervalSpread">Standard deviation of the intervals, part of their mean.</param>
/// <param name="SystoleSpread">Standard deviation of the times from first to second sound, s.</param>
/// <param name="Sharpness">Log-odds of a found sound's frame less those of the frames 120 ms to either side, mean: a breath is longer than
/// a heart sound.</param>
internal readonly record struct HeartSoundEvidence(
    double Strength, double Contrast, double Likeness, double Margin, double Mass, double Range, double IntervalSpread, double SystoleSpread,
    double Sharpness)
{
    private const int OtherBins = 5;            // about a fifth
    private const int AwayFrames = 6;
    private const int Lead = 5;                 // frames before a first sound that belong to its beat
    private const double BeatPart = 0.85;       // of the shortest interval
    private const int LeastBeatFrames = 12;

    /// <summary>Of the row of sounds that <paramref name="search"/> followed at <paramref name="rate"/>.</summary>
    public static HeartSoundEvidence Of(HeartSoundSearch search, HeartSoundBelief belief, int rate)
    {
        var firsts = search.Firsts;
        var seconds = search.Seconds;
        if (firsts.Length < 3)
            return default;
        var scores = search.Scores;
        var other = float.NegativeInfinity;
        for (var k = 0; k < scores.Length; k++)
            if (Math.Abs(k - rate) >= OtherBins)
                other = Math.Max(other, scores[k]);
        Span<double> values = stackalloc double[firsts.Length];
        for (var b = 1; b < firsts.Length; b++)
            values[b - 1] = firsts[b] - firsts[b - 1];
        var (interval, intervalSpread) = MeanAndSpread(values[..^1]);
        for (var b = 0; b < firsts.Length; b++)
            values[b] = (seconds[b] - firsts[b]) / (double)HeartSoundRates.FramesPerSecond;
        var (_, systoleSpread) = MeanAndSpread(values);
        var (inside, between) = Levels(search.Odds, firsts, seconds);
        return new HeartSoundEvidence(
            inside / HeartSoundSearch.MostLogOdds, inside - between, LikenessOf(search.Odds, firsts), (scores[rate] - other) / firsts.Length,
            belief.MassAbout(rate, 2), search.Range, intervalSpread / interval, systoleSpread, SharpnessOf(search.Odds, firsts, seconds));
    }

    private static (double Mean, double Spread) MeanAndSpread(ReadOnlySpan<double> values)
    {
        double sum = 0, squares = 0;
        foreach (var value in values)
        {
            sum += value;
            squares += value * value;
        }
        var mean = sum / values.Length;
        return (mean, Math.Sqrt(Math.Max(0, squares / values.Length - mean * mean)));
    }

    /// <summary>Mean log-odds of the frames of sounds, and of the others between the first sound and the last.</summary>
    private static (double Inside, double Between) Levels(ReadOnlySpan<float> odds, ReadOnlySpan<int> firsts, ReadOnlySpan<int> seconds)
    {
        double inside = 0, all = 0;
        var (insideCount, allCount) = (0, 0);
        for (var b = 0; b < firsts.Length; b++)
            foreach (var sound in (ReadOnlySpan<int>)[firsts[b], seconds[b]])
                for (var t = Math.Max(0, sound - 1); t <= sound + 1 && t < odds.Length; t++)
                {
                    inside += odds[t];
                    insideCount++;
                }
        for (var t = Math.Max(0, firsts[0] - 1); t <= Math.Min(odds.Length - 1, seconds[^1] + 1); t++)
        {
            all += odds[t];
            allCount++;
        }
        return (inside / insideCount, (all - inside) / Math.Max(1, allCount - insideCount));
    }

    private static double SharpnessOf(ReadOnlySpan<float> odds, ReadOnlySpan<int> firsts, ReadOnlySpan<int> seconds)
    {
        var (sum, count) = (0.0, 0);
        for (var b = 0; b < firsts.Length; b++)
            foreach (var sound in (ReadOnlySpan<int>)[firsts[b], seconds[b]])
                if (sound >= AwayFrames && sound + AwayFrames < odds.Length)
                {
                    sum += odds[sound] - (odds[sound - AwayFrames] + odds[sound + AwayFrames]) / 2;
                    count++;
                }
        return count > 0 ? sum / count : 0;
    }

    private static double LikenessOf(ReadOnlySpan<float> odds, ReadOnlySpan<int> firsts)
    {
        var shortest = int.MaxValue;
        for (var b = 1; b < firsts.Length; b++)
            shortest = Math.Min(shortest, firsts[b] - firsts[b - 1]);
        var length = Math.Max(LeastBeatFrames, (int)(BeatPart * shortest));
        Span<double> sum = stackalloc double[length];
        var count = 0;
        foreach (var first in firsts)
            if (IsWhole(first, length, odds.Length))
            {
                for (var i = 0; i < length; i++)
                    sum[i] += odds[first - Lead + i];
                count++;
            }
        if (count < 3)
            return 0;
        var likeness = 0.0;
        foreach (var first in firsts)
            if (IsWhole(first, length, odds.Length))
                likeness += Correlation(odds.Slice(first - Lead, length), sum);
        return likeness / count;
    }

    private static bool IsWhole(int first, int length, int frames) => first >= Lead && first - Lead + length <= frames;

    /// <summary>Correlation of a beat with the sum of all without it.</summary>
    private static double Correlation(ReadOnlySpan<float> beat, ReadOnlySpan<double> sum)
    {
        double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < beat.Length; i++)
        {
            var other = sum[i] - beat[i];
            x += beat[i];
            y += other;
            xx += beat[i] * beat[i];
            yy += other * other;
            xy += beat[i] * other;
        }
        var power = (beat.Length * xx - x * x) * (beat.Length * yy - y * y);
        return power > 0 ? (beat.Length * xy - x * y) / Math.Sqrt(power) : 0;
    }
}
