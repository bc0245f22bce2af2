namespace Pipeline.Training.Evaluation;

/// <summary>The error that is left when only the surest estimates are kept.</summary>
/// <param name="Coverage">Part of the windows with a reference that is kept, 0 to 1.</param>
/// <param name="Mae">Mean absolute error of these, per minute.</param>
public readonly record struct RiskPoint(double Coverage, double Mae);

/// <summary>Error against coverage (El-Yaniv and Wiener 2010, Journal of Machine Learning Research 11, 1605–1641).</summary>
public static class RiskCoverage
{
    private const int MaxPoints = 100;

    /// <summary>
    /// Keeps estimates from the least <paramref name="doubt"/> on; windows of equal doubt are kept together. At most 100 points, ascending.
    /// </summary>
    public static IReadOnlyList<RiskPoint> By(IReadOnlyList<ScoredWindow> windows, Func<ScoredWindow, double> doubt)
    {
        ArgumentNullException.ThrowIfNull(windows);
        var sorted = windows.Where(w => w.HasValue).OrderBy(doubt).ToList();
        var points = new List<RiskPoint>();
        double sum = 0;
        var next = 1;
        for (var i = 0; i < sorted.Count; i++)
        {
            sum += Math.Abs(sorted[i].Error);
            var kept = i + 1;
            if (kept < sorted.Count && (doubt(sorted[kept]) == doubt(sorted[i]) || kept < (long)next * sorted.Count / MaxPoints))
                continue;
            points.Add(new RiskPoint(kept / (double)windows.Count, sum / kept));
            next = (int)((long)kept * MaxPoints / sorted.Count) + 1;
        }
        return points;
    }
}
