using System.Runtime.Intrinsics;

namespace Pipeline.Models.Graph;

/// <summary>The loops over columns that the steps share; eight samples at a time, the rest one by one, with the same result.</summary>
internal static class Lanes
{
    private const int Count = 8;

    /// <summary>to = NaN where from is NaN, else (from - offset) x scale.</summary>
    public static void Scale(ReadOnlySpan<float> from, float offset, float scale, Span<float> to)
    {
        Vector256<float> centre = Vector256.Create(offset), factor = Vector256.Create(scale);
        var i = 0;
        for (; i + Count <= from.Length; i += Count)
            ((Vector256.Create(from[i..]) - centre) * factor).CopyTo(to[i..]);
        for (; i < from.Length; i++)
            to[i] = (from[i] - offset) * scale;
    }

    /// <summary>to = value where from is NaN, else from.</summary>
    public static void Replace(ReadOnlySpan<float> from, float value, Span<float> to)
    {
        var filler = Vector256.Create(value);
        var i = 0;
        for (; i + Count <= from.Length; i += Count)
        {
            var x = Vector256.Create(from[i..]);
            Vector256.ConditionalSelect(Vector256.Equals(x, x), x, filler).CopyTo(to[i..]);
        }
        for (; i < from.Length; i++)
            to[i] = float.IsNaN(from[i]) ? value : from[i];
    }

    /// <summary>Sets rows of <paramref name="there"/> to 0 where the column is NaN.</summary>
    public static void Intersect(ReadOnlySpan<float> column, Span<int> there)
    {
        var i = 0;
        for (; i + Count <= column.Length; i += Count)
        {
            var x = Vector256.Create(column[i..]);
            (Vector256.Create<int>(there[i..]) & Vector256.Equals(x, x).AsInt32()).CopyTo(there[i..]);
        }
        for (; i < column.Length; i++)
            if (float.IsNaN(column[i]))
                there[i] = 0;
    }

    /// <summary>Rows of <paramref name="there"/> that are -1; the others are 0.</summary>
    public static int CountOf(ReadOnlySpan<int> there)
    {
        var counts = Vector256<int>.Zero;
        var i = 0;
        for (; i + Count <= there.Length; i += Count)
            counts -= Vector256.Create(there[i..]);
        var count = Vector256.Sum(counts);
        for (; i < there.Length; i++)
            count -= there[i];
        return count;
    }

    /// <summary>Sets the column to NaN where <paramref name="there"/> is 0.</summary>
    public static void Blank(Span<float> column, ReadOnlySpan<int> there)
    {
        for (var i = 0; i < column.Length; i++)
            if (there[i] == 0)
                column[i] = float.NaN;
    }
}
