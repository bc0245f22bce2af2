using System.Numerics.Tensors;
using Pipeline.Models.Estimators.Fetal;

namespace Pipeline.Models.Features;

/// <summary>
/// What the fetal network sees of the last 8 s of abdominal leads: rows over the 85 rates of <see cref="RateFeatures"/>, free of units and
/// of the number of leads. All of it is what the classical stage has made of the window anyway. Pure; the same code makes the rows in
/// training and in serving. An envelope is the absolute value, averaged over 48 ms, less its mean; its likeness at a rate is its
/// autocorrelation one interval later, −1 to 1.
/// <list type="table">
/// <item><term>0, 1, 2</term><description>leads less the mother: likeness of the envelope, mean, greatest and least over the
/// leads</description></item>
/// <item><term>3, 4</term><description>the same at twice and at half the rate, mean over the leads</description></item>
/// <item><term>5, 6, 7</term><description>output of the fetal filter: likeness at the rate, at twice and at half of it</description></item>
/// <item><term>8</term><description>the mother's beats: likeness of a pulse at each of them</description></item>
/// <item><term>9</term><description>double of her rate</description></item>
/// <item><term>10</term><description>tracks of other directions: greatest score of one at the rate</description></item>
/// <item><term>11</term><description>likelihood of the rate by the track that the classical stage chose, logarithm</description></item>
/// <item><term>12</term><description>position on the axis, −1 to 1</description></item>
/// <item><term>13 to 17</term><description>one value in the whole row: score of that track; part of its beats that lie in the mother's;
/// leads in use; part of the 12 s that is there; whether the rates leave open whose heart is whose</description></item>
/// </list>
/// </summary>
public static class FetalFeatures
{
    /// <summary>Name of these features in a model's manifest; changes when a row does.</summary>
    public const string Name = "fetal-intervals-1";

    /// <summary>Rows of the network's input.</summary>
    public const int InputRowCount = 18;

    /// <summary>Floats of the network's input.</summary>
    public const int InputLength = InputRowCount * RateFeatures.RateCount;

    internal const int OutputRow = 5, MotherRow = 8, DoubleRow = 9, OtherRow = 10, PositionRow = 12, ScoreRow = 13, NearRow = 14, LeadsRow = 15, LengthRow = 16, OpenRow = 17;

    private const int Rates = RateFeatures.RateCount;
    private const int SmoothSamples = 12;
    private const int SpanSamples = 8 * FetalTiming.RateHz;
    private const int LeastOverlap = FetalTiming.RateHz;
    private const float LikenessScale = 2;
    private const float BumpRates = 1.2f;           // SD of a track's rate

    /// <summary>Row <paramref name="row"/> of an input.</summary>
    internal static Span<float> Row(Span<float> input, int row) => input.Slice(row * Rates, Rates);

    /// <summary>Turns samples, in place, into the envelope of the last 8 s, of size 1; returns it, empty where there is nothing.</summary>
    internal static Span<float> Envelope(Span<float> samples, LocalLevel level)
    {
        TensorPrimitives.Abs(samples, samples);
        level.Means(samples, SmoothSamples, samples);
        var last = samples[Math.Max(0, samples.Length - SpanSamples)..];
        TensorPrimitives.Subtract(last, TensorPrimitives.Sum<float>(last) / last.Length, last);
        var size = TensorPrimitives.Norm<float>(last);
        if (!(size > 1e-9f))
            return default;
        TensorPrimitives.Divide(last, size, last);
        return last;
    }

    /// <summary>Writes the likeness of an envelope at <paramref name="times"/> each rate.</summary>
    internal static void Likeness(ReadOnlySpan<float> envelope, double times, Span<float> row)
    {
        for (var k = 0; k < Rates; k++)
        {
            var lag = (int)Math.Round(60 * FetalTiming.RateHz / (RateAt(k) * times));
            row[k] = envelope.Length - lag < LeastOverlap
                ? 0
                : LikenessScale * TensorPrimitives.Dot(envelope[lag..], envelope[..^lag]) * envelope.Length / (envelope.Length - lag);
        }
    }

    /// <summary>Adds the likenesses of one of <paramref name="leads"/> leads to rows 0 to 4.</summary>
    internal static void AddLead(ReadOnlySpan<float> envelope, int lead, int leads, Span<float> input)
    {
        Span<float> one = stackalloc float[Rates];
        Likeness(envelope, 1, one);
        TensorPrimitives.MultiplyAdd(one, 1f / leads, Row(input, 0), Row(input, 0));
        if (lead == 0)
        {
            one.CopyTo(Row(input, 1));
            one.CopyTo(Row(input, 2));
        }
        TensorPrimitives.Max(one, Row(input, 1), Row(input, 1));
        TensorPrimitives.Min(one, Row(input, 2), Row(input, 2));
        Likeness(envelope, 2, one);
        TensorPrimitives.MultiplyAdd(one, 1f / leads, Row(input, 3), Row(input, 3));
        Likeness(envelope, 0.5, one);
        TensorPrimitives.MultiplyAdd(one, 1f / leads, Row(input, 4), Row(input, 4));
    }

    /// <summary>Raises a row to a peak of <paramref name="height"/> at a rate, per minute; nothing of a rate that is none.</summary>
    internal static void Raise(Span<float> row, double rate, float height)
    {
        if (!double.IsFinite(rate))
            return;
        for (var k = 0; k < Rates; k++)
        {
            var off = (float)(rate - RateAt(k)) / (float)(RateFeatures.StepPerMinute * BumpRates);
            row[k] = Math.Max(row[k], height * MathF.Exp(-0.5f * off * off));
        }
    }

    /// <summary>Writes the logarithm of the likelihood by a track of <paramref name="rate"/>, which is right with
    /// <paramref name="certainty"/>; all rates alike where there is none.</summary>
    internal static void Likelihood(double rate, float certainty, Span<float> row)
    {
        row.Clear();
        Raise(row, rate, 1);
        var sum = TensorPrimitives.Sum<float>(row);
        var (factor, offset, floor) = RateFeatures.LogLikelihood;
        var share = sum > 0 ? certainty / sum : 0;
        for (var k = 0; k < Rates; k++)
        {
            var likelihood = row[k] * share + (sum > 0 ? 1 - certainty : 1) / Rates;
            row[k] = (float)(factor * Math.Log(Rates * likelihood + floor) + offset);
        }
    }

    /// <summary>Writes the position on the axis.</summary>
    internal static void Position(Span<float> row)
    {
        for (var k = 0; k < Rates; k++)
            row[k] = (float)((RateAt(k) - 135) / 105);
    }

    private static double RateAt(int k) => RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * k;
}
