using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators;

/// <summary>What the samples of one channel of one window are, before anything is estimated from them.</summary>
/// <param name="Present">Part of the samples that are there, 0 to 1.</param>
/// <param name="Still">Part of the samples that lie in runs of one value of a second or more, 0 to 1.</param>
/// <param name="AtRail">Part of the samples that lie in runs of 0.1 s or more at the window's lowest or highest value, 0 to 1.</param>
/// <param name="HeadMissing">Whether the first sample is missing and the last one is there: the signal (re)starts in this window.</param>
/// <param name="Level">The value of the longest run; NaN without a sample.</param>
internal readonly record struct PpgChannelCheck(double Present, double Still, double AtRail, bool HeadMissing, float Level)
{
    private const double StillSeconds = 1;
    private const double RailSeconds = 0.1;

    /// <summary>Whether a pulse can be in it.</summary>
    public bool Usable => Present >= 0.5 && Still < 0.5 && AtRail < 0.5;

    /// <summary>Looks at <paramref name="samples"/> and fills what is missing on the straight line between its neighbours.</summary>
    public static PpgChannelCheck Inspect(Span<float> samples, double rateHz)
    {
        if (samples.Length == 0)
            return default;
        // The common case, nothing missing, costs two vector passes: both give NaN when any sample is NaN.
        var least = TensorPrimitives.Min<float>(samples);
        var most = TensorPrimitives.Max<float>(samples);
        var present = samples.Length;
        if (!float.IsFinite(least) || !float.IsFinite(most))
            (least, most, present) = Range(samples);
        var headMissing = !float.IsFinite(samples[0]) && float.IsFinite(samples[^1]);
        if (present == 0)
            return new PpgChannelCheck(0, 0, 0, headMissing, float.NaN);
        var (still, atRail, level) = CountRuns(samples, rateHz, least, most);
        if (present < samples.Length)
            Fill(samples);
        return new PpgChannelCheck(present / (double)samples.Length, still, atRail, headMissing, level);
    }

    /// <summary>Range of the samples that are there, and how many they are; infinities become missing.</summary>
    private static (float Least, float Most, int Present) Range(Span<float> samples)
    {
        float least = float.PositiveInfinity, most = float.NegativeInfinity;
        var present = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
            {
                samples[i] = float.NaN;
                continue;
            }
            least = Math.Min(least, samples[i]);
            most = Math.Max(most, samples[i]);
            present++;
        }
        return (least, most, present);
    }

    private static (double Still, double AtRail, float Level) CountRuns(ReadOnlySpan<float> samples, double rateHz, float least, float most)
    {
        var stillRun = Math.Max(8, (int)(StillSeconds * rateHz));
        var railRun = Math.Max(4, (int)(RailSeconds * rateHz));
        int still = 0, atRail = 0, longest = 0;
        var level = float.NaN;
        for (var start = 0; start < samples.Length;)
        {
            var value = samples[start];
            var end = start + 1;
            while (end < samples.Length && samples[end] == value)   // never true of NaN
                end++;
            var run = end - start;
            start = end;
            if (run <= longest && run < railRun)
                continue;
            if (run > longest && float.IsFinite(value))
                (longest, level) = (run, value);
            if (run >= stillRun)
                still += run;
            if (run >= railRun && (value == least || value == most))
                atRail += run;
        }
        return (still / (double)samples.Length, atRail / (double)samples.Length, level);
    }

    private static void Fill(Span<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            if (float.IsFinite(samples[i]))
                continue;
            var end = i;
            while (end < samples.Length && !float.IsFinite(samples[end]))
                end++;
            var before = i > 0 ? samples[i - 1] : samples[end];
            var after = end < samples.Length ? samples[end] : before;
            for (var k = i; k < end; k++)
                samples[k] = before + (after - before) * (k - i + 1) / (end - i + 1);
            i = end;
        }
    }
}
