using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
    /// <summary>Longest span: the 32-bit sums of a vector's lanes hold it.</summary>
    private const int MostSamples = 1 << 15;

    /// <summary>Mean, rounded to float32 as the workload wants it.</summary>
    public float Mean => (float)((double)Sum / Count);

    /// <summary>Variance (of the population), rounded to float32.</summary>
    public float Variance => (float)((Count * SquareSum - Sum * Sum) / ((double)Count * Count));

    /// <summary>The statistics of both together.</summary>
    public WardStatistics And(in WardStatistics other) =>
        new(Count + other.Count, Sum + other.Sum, SquareSum + other.SquareSum, Math.Min(Min, other.Min), Math.Max(Max, other.Max));

    /// <summary>The statistics of <paramref name="samples"/> in one pass, or two when some are missing.</summary>
    public static WardStatistics Of(ReadOnlySpan<short> samples)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples.Length, MostSamples);
        var all = Of<Whole>(samples);
        return all.Min == SampleChunk.MissingInt16 ? Of<Holed>(samples) : all;
    }

    private static WardStatistics Of<THoles>(ReadOnlySpan<short> samples)
        where THoles : struct
    {
        var one = Vector512.Create((short)1);
        var low16 = Vector512.Create(0xFFFFu);
        var (sum, missing) = (Vector512<int>.Zero, Vector512<int>.Zero);
        var (squaresLow, squaresHigh) = (Vector512<uint>.Zero, Vector512<uint>.Zero);
        var (min, max) = (Vector512.Create(short.MaxValue), Vector512.Create(short.MinValue));
        ref var first = ref MemoryMarshal.GetReference(samples);
        var at = 0;
        for (; at <= samples.Length - Vector512<short>.Count; at += Vector512<short>.Count)
        {
            var x = Vector512.LoadUnsafe(ref first, (nuint)at);
            max = Vector512.Max(max, x);
            if (typeof(THoles) == typeof(Holed))
            {
                var gone = Vector512.Equals(x, Vector512.Create(SampleChunk.MissingInt16));
                min = Vector512.Min(min, Vector512.ConditionalSelect(gone, Vector512.Create(short.MaxValue), x));
                missing -= PairSums(gone, one);
                x = Vector512.AndNot(x, gone);
            }
            else
            {
                min = Vector512.Min(min, x);
            }
            sum += PairSums(x, one);
            // A pair's squares sum to 2^31 at most. Their halves are summed apart, which 32 bits hold, and cost less than a widening.
            var squares = PairSums(x, x).AsUInt32();
            squaresLow += squares & low16;
            squaresHigh += squares >>> 16;
        }
        var count = at - Vector512.Sum(missing);
        var total = (long)Vector512.Sum(sum);
        var squareTotal = Vector512.Sum(squaresLow) + ((long)Vector512.Sum(squaresHigh) << 16);
        var (least, greatest) = (Least(min), (short)~Least(~max));
        for (; at < samples.Length; at++)
        {
            var x = samples[at];
            if (typeof(THoles) == typeof(Holed) && x == SampleChunk.MissingInt16)
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> PairSums(Vector512<short> a, Vector512<short> b)
    {
        if (Avx512BW.IsSupported)
            return Avx512BW.MultiplyAddAdjacent(a, b);
        var (la, ua) = Vector512.Widen(a);
        var (lb, ub) = Vector512.Widen(b);
        return la * lb + ua * ub;   // other pairs, the same total
    }

    private static short Least(Vector512<short> values)
    {
        var half = Vector256.Min(values.GetLower(), values.GetUpper());
        var quarter = Vector128.Min(half.GetLower(), half.GetUpper());
        if (Sse41.IsSupported)
            return (short)(Sse41.MinHorizontal((quarter ^ Vector128.Create(short.MinValue)).AsUInt16())[0] ^ 0x8000);
        var least = quarter[0];
        for (var i = 1; i < Vector128<short>.Count; i++)
            least = Math.Min(least, quarter[i]);
        return least;
    }

    /// <summary>No sample is missing.</summary>
    private readonly struct Whole;

    /// <summary>Some may be.</summary>
    private readonly struct Holed;
}
