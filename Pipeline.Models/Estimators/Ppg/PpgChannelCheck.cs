using System.Numerics.Tensors;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>What the samples of one channel of one window are, before anything is estimated from them.</summary>
/// <param name="Present">Part of the samples that are there, 0 to 1.</param>
/// <param name="Still">Part of the samples that lie in runs of one value of a second or more, 0 to 1.</param>
/// <param name="AtRail">Part of the samples that lie in runs of 0.1 s or more at the window's lowest or highest value, 0 to 1.</param>
/// <param name="HeadMissing">Whether the first sample is missing and the last one is there: the signal (re)starts in this window.</param>
/// <param name="IsConstant">Whether all samples that are there have one value.</param>
internal readonly record struct PpgChannelCheck(double Present, double Still, double AtRail, bool HeadMissing, bool IsConstant)
{
    /// <summary>Part of the samples that must be there.</summary>
    public const double LeastPresent = 0.5;

    /// <summary>Part of the samples that may be at a rail, or still.</summary>
    public const double MostAtRail = 0.5;

    private const double StillSeconds = 1;
    private const double RailSeconds = 0.1;

    /// <summary>Whether a pulse can be in it.</summary>
    public bool Usable => Present >= LeastPresent && Still < MostAtRail && AtRail < MostAtRail && !IsConstant;

    /// <summary>Looks at <paramref name="samples"/> and fills what is missing on the straight line between its neighbours.</summary>
    public static PpgChannelCheck Inspect(Span<float> samples, double rateHz)
    {
        if (samples.Length == 0)
            return default;
        var (least, most, present) = RangeOf(samples);
        var headMissing = !float.IsFinite(samples[0]) && float.IsFinite(samples[^1]);
        if (present == 0)
            return new PpgChannelCheck(0, 0, 0, headMissing, true);
        var (still, atRail) = CountRuns(samples, rateHz, least, most);
        if (present < samples.Length)
            Fill(samples);
        return new PpgChannelCheck(present / (double)samples.Length, still, atRail, headMissing, least == most);
    }

    /// <summary>Range of the samples that are there, and how many they are; infinities become missing.</summary>
    private static (float Least, float Most, int Present) RangeOf(Span<float> samples)
    {
        // The common case, nothing missing, costs two vector passes: both give NaN when any sample is NaN.
        var lowest = TensorPrimitives.Min<float>(samples);
        var highest = TensorPrimitives.Max<float>(samples);
        if (float.IsFinite(lowest) && float.IsFinite(highest))
            return (lowest, highest, samples.Length);
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

    /// <summary>
    /// For a channel that only has to move: bridges what is missing. False when more than half is missing or all are equal.
    /// </summary>
    public static bool TryBridge(Span<float> samples)
    {
        var (least, most, present) = RangeOf(samples);
        if (present < LeastPresent * samples.Length || !(least < most))
            return false;
        if (present < samples.Length)
            Fill(samples);
        return true;
    }

    private static (double Still, double AtRail) CountRuns(ReadOnlySpan<float> samples, double rateHz, float least, float most)
    {
        var stillRun = Math.Max(8, (int)(StillSeconds * rateHz));
        var railRun = Math.Max(4, (int)(RailSeconds * rateHz));
        int still = 0, atRail = 0;
        for (var start = 0; start < samples.Length;)
        {
            var value = samples[start];
            var end = start + 1;
            while (end < samples.Length && samples[end] == value)   // never true of NaN
                end++;
            var run = end - start;
            start = end;
            if (run >= stillRun)
                still += run;
            if (run >= railRun && (value == least || value == most))
                atRail += run;
        }
        return (still / (double)samples.Length, atRail / (double)samples.Length);
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
