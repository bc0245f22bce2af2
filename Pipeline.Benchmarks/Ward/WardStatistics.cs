using System.Runtime.Intrinsics;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Ward;

/// <summary>Sums over the samples that are there: all that the workload's statistics need.</summary>
/// <param name="Count">Samples that are not missing.</param>
/// <param name="Sum">Their sum.</param>
/// <param name="SquareSum">Sum of their squares.</param>
/// <param name="Min">The least; <see cref="short.MaxValue"/> when there is none.</param>
/// <param name="Max">The greatest; <see cref="short.MinValue"/> when there is none.</param>
internal readonly record struct WardStatistics(int Count, long Sum, long SquareSum, short Min, short Max)
{
    /// <summary>Mean, rounded to float32 as the workload wants it.</summary>
    public float Mean => (float)((double)Sum / Count);

    /// <summary>Variance (of the population), rounded to float32.</summary>
    public float Variance => (float)((Count * SquareSum - Sum * Sum) / ((double)Count * Count));

    /// <summary>The statistics of <paramref name="samples"/> (at most 32,768 of them) in one pass.</summary>
    public static WardStatistics Of(ReadOnlySpan<short> samples)
    {
        var missing = Vector512.Create(SampleChunk.MissingInt16);
        var one = Vector512.Create((short)1);
        var sum = Vector512<int>.Zero;
        var squares = Vector512<long>.Zero;
        var min = Vector512.Create(short.MaxValue);
        var max = Vector512.Create(short.MinValue);
        var missingCount = Vector512<int>.Zero;
        var at = 0;
        for (; at <= samples.Length - Vector512<short>.Count; at += Vector512<short>.Count)
        {
            var x = Vector512.Create(samples.Slice(at, Vector512<short>.Count));
            var gone = Vector512.Equals(x, missing);
            max = Vector512.Max(max, x);
            min = Vector512.Min(min, Vector512.ConditionalSelect(gone, Vector512.Create(short.MaxValue), x));
            x = Vector512.AndNot(x, gone);
            sum += PairSums(x, one);
            missingCount += PairSums(gone, one);
            var square = PairSums(x, x);    // each at most 2 x 32767^2 < 2^31
            squares += Vector512.WidenLower(square) + Vector512.WidenUpper(square);
        }
        var count = at + Vector512.Sum(missingCount);
        long total = Vector512.Sum(sum), squareTotal = Vector512.Sum(squares);
        var (least, greatest) = (Least(min), Greatest(max));
        for (; at < samples.Length; at++)
        {
            var x = samples[at];
            if (x == SampleChunk.MissingInt16)
                continue;
            count++;
            total += x;
            squareTotal += x * x;
            least = Math.Min(least, x);
            greatest = Math.Max(greatest, x);
        }
        return new WardStatistics(count, total, squareTotal, least, greatest);
    }

    /// <summary>a[2i] x b[2i] + a[2i + 1] x b[2i + 1].</summary>
    private static Vector512<int> PairSums(Vector512<short> a, Vector512<short> b)
    {
        if (System.Runtime.Intrinsics.X86.Avx512BW.IsSupported)
            return System.Runtime.Intrinsics.X86.Avx512BW.MultiplyAddAdjacent(a, b);
        var (la, ua) = Vector512.Widen(a);
        var (lb, ub) = Vector512.Widen(b);
        return la * lb + ua * ub;   // other pairs, the same total
    }

    private static short Least(Vector512<short> values)
    {
        var half = Vector256.Min(values.GetLower(), values.GetUpper());
        var quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        var least = quarter[0];
        for (var i = 1; i < Vector128<short>.Count; i++)
            least = Math.Min(least, quarter[i]);
        return least;
    }

    private static short Greatest(Vector512<short> values)
    {
        var half = Vector256.Max(values.GetLower(), values.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        var greatest = quarter[0];
        for (var i = 1; i < Vector128<short>.Count; i++)
            greatest = Math.Max(greatest, quarter[i]);
        return greatest;
    }
}
