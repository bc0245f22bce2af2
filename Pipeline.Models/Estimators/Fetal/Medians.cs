namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Quantiles by partition (Hoare 1961, doi:10.1145/366622.366647), in place: the values are in another order afterwards.</summary>
internal static class Medians
{
    /// <summary>The value at <paramref name="rank"/> of the sorted values, none of which is NaN; those before it are then at most as
    /// large.</summary>
    public static float Select(Span<float> values, int rank)
    {
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var pivot = values[low + (high - low) / 2];
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (values[i] < pivot)
                    i++;
                while (pivot < values[j])
                    j--;
                if (i > j)
                    break;
                (values[i], values[j]) = (values[j], values[i]);
                i++;
                j--;
            }
            if (j < rank)
                low = i;
            if (rank < i)
                high = j;
        }
        return values[rank];
    }

    /// <summary>The median, of an even number of values the mean of the two in the middle; 0 of none.</summary>
    public static float Of(Span<float> values)
    {
        if (values.Length == 0)
            return 0;
        var upper = Select(values, values.Length / 2);
        if (values.Length % 2 == 1)
            return upper;
        var lower = float.NegativeInfinity;
        foreach (var value in values[..(values.Length / 2)])
            lower = Math.Max(lower, value);
        return (lower + upper) / 2;
    }

    /// <summary>The quantile at <paramref name="part"/> (0 to 1) of one value or more, between two of them by a straight line.</summary>
    public static float Quantile(Span<float> values, double part)
    {
        var place = part * (values.Length - 1);
        var below = (int)place;
        var low = Select(values, below);
        if (below + 1 >= values.Length)
            return low;
        var high = float.PositiveInfinity;
        foreach (var value in values[(below + 1)..])
            high = Math.Min(high, value);
        return (float)(low + (place - below) * (high - low));
    }

    /// <summary>Median of the differences between neighbours of <paramref name="beats"/>; 0 where there are fewer than two beats.</summary>
    public static float OfIntervals(ReadOnlySpan<int> beats)
    {
        Span<float> intervals = stackalloc float[Math.Max(0, beats.Length - 1)];
        for (var i = 0; i < intervals.Length; i++)
            intervals[i] = beats[i + 1] - beats[i];
        return Of(intervals);
    }
}
