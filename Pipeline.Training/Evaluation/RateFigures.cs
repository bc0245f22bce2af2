namespace Pipeline.Training.Evaluation;

/// <summary>How well heart rates agree with a reference. Figures over no windows are null.</summary>
public sealed record RateFigures
{
    /// <summary>
    /// An error of at most this, per minute, is close: the limit of IEC 60601-2-27 and ANSI/AAMI EC13 (or 10 %, if that is greater).
    /// </summary>
    public const double ClosePerMinute = 5;

    private const double BeforeTheFirst = 75;   // what is scored for windows before the first value, when the last value is held

    /// <summary>Windows with a reference.</summary>
    public int Windows { get; init; }

    /// <summary>Of these, windows with an estimate.</summary>
    public int Estimated { get; init; }

    /// <summary>Part of the windows with an estimate, 0 to 1.</summary>
    public double? Coverage { get; init; }

    /// <summary>Mean absolute error of the estimates, per minute.</summary>
    public double? Mae { get; init; }

    /// <summary>
    /// Mean absolute error of every window, per minute: one without an estimate holds the last one (75 before the first).
    /// </summary>
    public double? MaeEveryWindow { get; init; }

    /// <summary>Root of the mean squared error, per minute.</summary>
    public double? Rmse { get; init; }

    /// <summary>Mean error, estimate less reference, per minute.</summary>
    public double? Bias { get; init; }

    /// <summary>
    /// Standard deviation of the errors, per minute: bias ± 1.96 of it are the limits of agreement (Bland and Altman 1986,
    /// doi:10.1016/S0140-6736(86)90837-8).
    /// </summary>
    public double? ErrorSd { get; init; }

    /// <summary>Part of the estimates at most 5 per minute off, 0 to 1.</summary>
    public double? Within5 { get; init; }

    /// <summary>Part of the estimates whose 90 % interval (± 1.645 σ) holds the reference: 0.9 when σ is right.</summary>
    public double? Within90Interval { get; init; }

    /// <summary>Mean σ, per minute.</summary>
    public double? Sigma { get; init; }

    /// <summary>The figures over all windows of some recordings.</summary>
    public static RateFigures Of(IEnumerable<ScoredRecording> recordings)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        var all = recordings.ToList();
        var windows = all.SelectMany(r => r.Windows).ToList();
        var errors = windows.Where(w => w.HasValue).ToList();
        var figures = new RateFigures { Windows = windows.Count, Estimated = errors.Count };
        if (windows.Count == 0)
            return figures;
        figures = figures with
        {
            Coverage = errors.Count / (double)windows.Count,
            MaeEveryWindow = all.SelectMany(HeldErrors).Average(Math.Abs),
        };
        if (errors.Count == 0)
            return figures;
        var bias = errors.Average(w => w.Error);
        return figures with
        {
            Mae = errors.Average(w => Math.Abs(w.Error)),
            Rmse = Math.Sqrt(errors.Average(w => w.Error * w.Error)),
            Bias = bias,
            ErrorSd = errors.Count < 2 ? null : Math.Sqrt(errors.Sum(w => (w.Error - bias) * (w.Error - bias)) / (errors.Count - 1)),
            Within5 = errors.Count(w => Math.Abs(w.Error) <= ClosePerMinute) / (double)errors.Count,
            Within90Interval = errors.Count(w => Math.Abs(w.Error) <= Calibration.NinetyPercent * w.Sigma) / (double)errors.Count,
            Sigma = errors.Average(w => w.Sigma),
        };
    }

    private static IEnumerable<double> HeldErrors(ScoredRecording recording)
    {
        var held = BeforeTheFirst;
        foreach (var window in recording.Windows)
        {
            held = window.HasValue ? window.Value : held;
            yield return held - window.Reference;
        }
    }
}
