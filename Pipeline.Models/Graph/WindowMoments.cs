using System.Runtime.Intrinsics;

namespace Pipeline.Models.Graph;

/// <summary>
/// Mean and spread of the samples that are not NaN. Blocks are summed in float32 lanes and the blocks in float64, in an order that depends
/// on positions alone: the same samples give the same bits wherever they lie.
/// </summary>
internal static class WindowMoments
{
    private const int Block = 1024;
    private const int Lanes = 8;

    /// <summary>How many samples are there, and their mean (NaN when there is none).</summary>
    public static (int Count, float Mean) MeanOf(ReadOnlySpan<float> samples)
    {
        var (sum, count) = (0.0, 0);
        for (var at = 0; at < samples.Length; at += Block)
            sum += SumOfBlock(samples.Slice(at, Math.Min(Block, samples.Length - at)), ref count);
        return (count, (float)(sum / count));
    }

    /// <summary>Sum of the squares of the distances from <paramref name="mean"/>.</summary>
    public static double SquaresAround(float mean, ReadOnlySpan<float> samples)
    {
        var sum = 0.0;
        for (var at = 0; at < samples.Length; at += Block)
            sum += SquaresOfBlock(mean, samples.Slice(at, Math.Min(Block, samples.Length - at)));
        return sum;
    }

    private static float SumOfBlock(ReadOnlySpan<float> block, ref int count)
    {
        Vector256<float> sumA = default, sumB = default;
        Vector256<int> missing = default;
        var i = 0;
        for (; i + 2 * Lanes <= block.Length; i += 2 * Lanes)
        {
            Vector256<float> a = Vector256.Create(block[i..]), b = Vector256.Create(block[(i + Lanes)..]);
            Vector256<float> thereA = Vector256.Equals(a, a), thereB = Vector256.Equals(b, b);
            sumA += a & thereA;
            sumB += b & thereB;
            missing -= thereA.AsInt32() + thereB.AsInt32();   // a lane that is there is -1
        }
        var present = Vector256.Sum(missing);
        var sum = Vector256.Sum(sumA + sumB);
        for (; i < block.Length; i++)
            if (!float.IsNaN(block[i]))
            {
                sum += block[i];
                present++;
            }
        count += present;
        return sum;
    }

    private static float SquaresOfBlock(float mean, ReadOnlySpan<float> block)
    {
        var centre = Vector256.Create(mean);
        Vector256<float> sumA = default, sumB = default;
        var i = 0;
        for (; i + 2 * Lanes <= block.Length; i += 2 * Lanes)
        {
            Vector256<float> a = Vector256.Create(block[i..]) - centre, b = Vector256.Create(block[(i + Lanes)..]) - centre;
            sumA += a * a & Vector256.Equals(a, a);
            sumB += b * b & Vector256.Equals(b, b);
        }
        var sum = Vector256.Sum(sumA + sumB);
        for (; i < block.Length; i++)
            if (!float.IsNaN(block[i]))
                sum += (block[i] - mean) * (block[i] - mean);
        return sum;
    }
}
