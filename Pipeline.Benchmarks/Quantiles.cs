namespace Pipeline.Benchmarks;

/// <summary>Quantiles of measured values, which need no order.</summary>
internal static class Quantiles
{
    /// <summary>Mean of the middle two of an even number of values; NaN of none.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }

    /// <summary>The value that <paramref name="part"/> (0 to 1) of them do not exceed; NaN of none.</summary>
    public static double Quantile(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, part * sorted.Length)];
    }
}
