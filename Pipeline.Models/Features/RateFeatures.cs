using System.Numerics.Tensors;
using Pipeline.Models.Estimators.Ppg;

namespace Pipeline.Models.Features;

/// <summary>
/// What the heart-rate network sees of one window of 8 s: twelve rows over 85 rates, free of units and of the number of channels. Pure; the
/// same code makes the rows in training and in serving.
/// <list type="table">
/// <item><term>0, 1, 2</term><description>PPG: mean, greatest and least over the channels, each channel divided by its sum over the
/// rates</description></item>
/// <item><term>3</term><description>PPG at twice the rate, mean over the channels, by the same sums</description></item>
/// <item><term>4, 5</term><description>accelerometer: sum over the axes by its sum; greatest over axes normalised singly,
/// normalised</description></item>
/// <item><term>6, 7</term><description>accelerometer at twice and at half the rate, by the sum of row 4</description></item>
/// <item><term>8, 9</term><description>PPG less what the accelerometer explains of it: mean and greatest over the channels, each by its own
/// sum</description></item>
/// <item><term>10</term><description>PPG at half the rate, mean over the channels, by the sums of row 0: of a rate that is the harmonic of
/// another one it is great</description></item>
/// <item><term>11</term><description>likelihood of the rate by the classical estimator, for this window alone, sum 1</description></item>
/// </list>
/// Without an accelerometer rows 4 to 7 are zero, and nothing is taken out in rows 8 and 9.
/// </summary>
public static class RateFeatures
{
    /// <summary>Rates: 30, 32.5 … 240 per minute.</summary>
    public const int RateCount = 85;

    /// <summary>Lowest rate, per minute.</summary>
    public const double FirstPerMinute = 30;

    /// <summary>Distance of neighbouring rates, per minute.</summary>
    public const double StepPerMinute = 2.5;

    /// <summary>Rows of a window.</summary>
    public const int SpectrumCount = 12;

    /// <summary>First row of the accelerometer.</summary>
    public const int MotionRow = 4;

    /// <summary>First row of the PPG less its motion.</summary>
    public const int CleanRow = 8;

    /// <summary>Row of the PPG at half the rate.</summary>
    public const int HalfRow = 10;

    /// <summary>Row of the classical estimator's likelihood.</summary>
    public const int LikelihoodRow = 11;

    /// <summary>Name of these features in a model's manifest; changes when a row does.</summary>
    public const string Name = "rate-spectra-2";

    /// <summary>Rows of the network's input: those of the window, how strong the motion is, and the position on the axis.</summary>
    public const int InputRowCount = SpectrumCount + 2;

    /// <summary>Windows without a usable PPG after which nothing before them counts any more: they share no sample.</summary>
    public const int SilentWindows = 4;

    private const float SumGuard = 1e-12f;
    private const float LikelihoodFloor = 0.02f;    // of the mean likelihood
    private const float LogScale = 0.5f, LogOffset = 1;
    private const int First = (int)((FirstPerMinute - PpgSpectrumPlan.FirstPerMinute) / PpgSpectrumPlan.StepPerMinute);

    /// <summary>
    /// Makes the rows [12 x 85] but the last, which stays zero, from the power of each PPG channel, the same less its motion (the same
    /// channels), and each accelerometer axis, [channels x 187 bins of 2.5 from 15 per minute] each. Returns log10 of the accelerometer's
    /// power over the rates; NaN without one.
    /// </summary>
    public static float Spectra(
        ReadOnlySpan<float> ppgPower, ReadOnlySpan<float> cleanPower, ReadOnlySpan<float> accPower, Span<float> rows)
    {
        rows.Clear();
        const int width = PpgSpectrumPlan.BinCount;
        var ppgCount = ppgPower.Length / width;
        var least = Row(rows, 2);
        least.Fill(ppgCount == 0 ? 0 : float.MaxValue);
        for (var c = 0; c < ppgCount; c++)
        {
            var power = ppgPower.Slice(c * width, width);
            var scale = 1 / (TensorPrimitives.Sum(power.Slice(First, RateCount)) + SumGuard);
            for (var k = 0; k < RateCount; k++)
            {
                var p = power[First + k] * scale;
                rows[k] += p / ppgCount;
                rows[RateCount + k] = Math.Max(rows[RateCount + k], p);
                least[k] = Math.Min(least[k], p);
                rows[3 * RateCount + k] += Twice(power, k) * scale / ppgCount;
                rows[HalfRow * RateCount + k] += Half(power, k) * scale / ppgCount;
            }
            Clean(cleanPower.Slice(c * width + First, RateCount), ppgCount, rows);
        }
        return accPower.Length == 0 ? float.NaN : Motion(accPower, rows);
    }

    /// <summary>
    /// Turns rows into the network's input [14 x 85]: square roots, scaled and limited; of the likelihood the logarithm
    /// (<see cref="LogLikelihood"/>); then <paramref name="motionLevel"/> (log10 of the motion's power less its greatest so far, −3 to 0)
    /// and the position, −1 to 1.
    /// </summary>
    public static void Input(ReadOnlySpan<float> rows, float motionLevel, Span<float> input)
    {
        for (var i = 0; i < LikelihoodRow * RateCount; i++)
            input[i] = MathF.Min(MathF.Sqrt(RateCount * rows[i]), 6) - 0.7f;
        for (var i = LikelihoodRow * RateCount; i < SpectrumCount * RateCount; i++)
            input[i] = LogScale * MathF.Log(RateCount * rows[i] + LikelihoodFloor) + LogOffset;
        Row(input, SpectrumCount).Fill(motionLevel);
        for (var k = 0; k < RateCount; k++)
            input[(SpectrumCount + 1) * RateCount + k] = (float)((FirstPerMinute + StepPerMinute * k - 135) / 105);
    }

    /// <summary>
    /// Factor and offset by which the logarithm of the likelihood, in units of its mean and after the floor is added to it, stands in the
    /// input.
    /// </summary>
    public static (double Factor, double Offset, double Floor) LogLikelihood => (LogScale, LogOffset, LikelihoodFloor);

    private static void Clean(ReadOnlySpan<float> power, int ppgCount, Span<float> rows)
    {
        var mean = Row(rows, CleanRow);
        var most = Row(rows, CleanRow + 1);
        var scale = 1 / (TensorPrimitives.Sum(power) + SumGuard);
        for (var k = 0; k < RateCount; k++)
        {
            mean[k] += power[k] * scale / ppgCount;
            most[k] = Math.Max(most[k], power[k] * scale);
        }
    }

    private static float Motion(ReadOnlySpan<float> accPower, Span<float> rows)
    {
        const int width = PpgSpectrumPlan.BinCount;
        var axes = accPower.Length / width;
        Span<float> sum = stackalloc float[width];
        sum.Clear();
        var single = Row(rows, 5);
        for (var a = 0; a < axes; a++)
        {
            var power = accPower.Slice(a * width, width);
            TensorPrimitives.Add(sum, power, sum);
            var own = 1 / (TensorPrimitives.Sum(power.Slice(First, RateCount)) + SumGuard);
            for (var k = 0; k < RateCount; k++)
                single[k] = Math.Max(single[k], power[First + k] * own);
        }
        var total = TensorPrimitives.Sum(sum.Slice(First, RateCount));
        var scale = 1 / (total + SumGuard);
        for (var k = 0; k < RateCount; k++)
        {
            rows[4 * RateCount + k] = sum[First + k] * scale;
            rows[6 * RateCount + k] = Twice(sum, k) * scale;
            rows[7 * RateCount + k] = Half(sum, k) * scale;
        }
        TensorPrimitives.Divide(single, TensorPrimitives.Sum<float>(single) + SumGuard, single);
        return MathF.Log10(total + SumGuard);
    }

    private static Span<float> Row(Span<float> rows, int row) => rows.Slice(row * RateCount, RateCount);

    // Rate k is 30 + 2.5 k; its double lies on the plan's grid of 15 + 2.5 j at j = 18 + 2 k, its half at j = k / 2.
    private static float Twice(ReadOnlySpan<float> power, int k) => power[18 + 2 * k];

    private static float Half(ReadOnlySpan<float> power, int k) => k % 2 == 0 ? power[k / 2] : (power[k / 2] + power[k / 2 + 1]) / 2;
}
