namespace Pipeline.Training.Evaluation;

/// <summary>One row of a reliability table.</summary>
/// <param name="Nominal">Part of the errors that the interval should hold, were they normal with the σ that was said.</param>
/// <param name="Sigmas">Half width of that interval in σ.</param>
/// <param name="Observed">Part that it holds.</param>
public readonly record struct ReliabilityRow(double Nominal, double Sigmas, double Observed);

/// <summary>Estimates of like σ.</summary>
/// <param name="Windows">How many.</param>
/// <param name="Sigma">Root of their mean σ², per minute: what the root mean squared error should be.</param>
/// <param name="Rmse">What it is, per minute.</param>
/// <param name="Mae">Mean absolute error, per minute.</param>
/// <param name="Within90Interval">Part whose 90 % interval holds the reference.</param>
public readonly record struct SigmaBin(int Windows, double Sigma, double Rmse, double Mae, double Within90Interval);

/// <summary>Whether σ says how far off an estimate is.</summary>
public static class Calibration
{
    /// <summary>Half width, in σ, of the interval that holds 90 % of a normal distribution.</summary>
    public const double NinetyPercent = 1.6448536269514722;

    private const int SigmaBins = 10;

    // Quantiles of the normal distribution: (1 + level) / 2.
    private static readonly (double Level, double Sigmas)[] Levels =
    [
        (0.1, 0.12566134685507416), (0.2, 0.25334710313579978), (0.3, 0.38532046640756773), (0.4, 0.52440051270804067),
        (0.5, 0.67448975019608171),
        (0.6, 0.84162123357291421), (0.7, 1.0364333894937896), (0.8, 1.2815515655446004), (0.9, NinetyPercent), (0.95, 1.9599639845400545),
        (0.99, 2.5758293035489004),
    ];

    /// <summary>How much of the errors each interval holds; empty without estimates.</summary>
    public static IReadOnlyList<ReliabilityRow> Reliability(IReadOnlyList<ScoredWindow> windows)
    {
        var estimated = windows.Where(w => w.HasValue).ToList();
        return estimated.Count == 0 ? [] :
            [.. Levels.Select(l => new ReliabilityRow(
                l.Level, l.Sigmas, estimated.Count(w => Math.Abs(w.Error) <= l.Sigmas * w.Sigma) / (double)estimated.Count))];
    }

    /// <summary>Estimates in ten parts of like count by σ, least σ first; fewer parts when there are fewer estimates.</summary>
    public static IReadOnlyList<SigmaBin> BySigma(IReadOnlyList<ScoredWindow> windows)
    {
        var sorted = windows.Where(w => w.HasValue).OrderBy(w => w.Sigma).ToList();
        var bins = Math.Min(SigmaBins, sorted.Count);
        return [.. Enumerable.Range(0, bins).Select(b => Bin(sorted[(b * sorted.Count / bins)..((b + 1) * sorted.Count / bins)]))];
    }

    private static SigmaBin Bin(List<ScoredWindow> windows) => new(
        windows.Count,
        Math.Sqrt(windows.Average(w => w.Sigma * w.Sigma)),
        Math.Sqrt(windows.Average(w => w.Error * w.Error)),
        windows.Average(w => Math.Abs(w.Error)),
        windows.Count(w => Math.Abs(w.Error) <= NinetyPercent * w.Sigma) / (double)windows.Count);
}
