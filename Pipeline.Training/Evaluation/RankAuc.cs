namespace Pipeline.Training.Evaluation;

/// <summary>The area under the receiver operating characteristic, by ranks.</summary>
public static class RankAuc
{
    /// <summary>Area under the receiver operating characteristic: how often one of <paramref name="high"/> is above one of <paramref name="low"/>.</summary>
    public static double Of(IReadOnlyList<double> high, IReadOnlyList<double> low)
    {
        ArgumentNullException.ThrowIfNull(high);
        ArgumentNullException.ThrowIfNull(low);
        double[] ascending = [.. low.Order()];
        double wins = 0;
        foreach (var value in high)
        {
            var (below, notAbove) = (CountUpTo(ascending, value, orEqual: false), CountUpTo(ascending, value, orEqual: true));
            wins += (below + notAbove) / 2.0;
        }
        return wins / ((double)high.Count * low.Count);
    }

    private static int CountUpTo(double[] ascending, double value, bool orEqual)
    {
        var (from, to) = (0, ascending.Length);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (ascending[middle] < value || (orEqual && ascending[middle] == value))
                from = middle + 1;
            else
                to = middle;
        }
        return from;
    }
}
