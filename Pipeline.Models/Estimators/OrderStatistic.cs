using System.Numerics;

namespace Pipeline.Models.Estimators;

/// <summary>Quantiles of a few values, by counting, which for some tens of them is quicker than sorting.</summary>
internal static class OrderStatistic
{
    /// <summary>
    /// The value that would stand at <paramref name="rank"/> if <paramref name="values"/> were sorted, those that are NaN last.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank.</exception>
    public static float Of(ReadOnlySpan<float> values, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, values.Length);
        float low = float.NegativeInfinity, high = float.PositiveInfinity;  // it lies on or between them
        foreach (var value in values)
        {
            if (value < low || value > high)
                continue;
            var (smaller, equal) = Count(values, value);
            if (smaller > rank)
                high = value;
            else if (smaller + equal <= rank)
                low = value;
            else
                return value;
        }
        return float.NaN;
    }

    private static (int Smaller, int Equal) Count(ReadOnlySpan<float> values, float limit)
    {
        var limits = new Vector<float>(limit);
        Vector<int> smallerThere = default, equalThere = default;
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var some = new Vector<float>(values[i..]);
            smallerThere -= Vector.LessThan(some, limits);
            equalThere -= Vector.Equals(some, limits);
        }
        var (smaller, equal) = (Vector.Sum(smallerThere), Vector.Sum(equalThere));
        for (; i < values.Length; i++)
        {
            smaller += values[i] < limit ? 1 : 0;
            equal += values[i] == limit ? 1 : 0;
        }
        return (smaller, equal);
    }
}
