namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Scores heart rates window by window against a reference: every window with a reference counts; without a value the last one is held, before
/// a first one 75 per minute is scored.
/// </summary>
internal sealed class RateScore
{
    private const double BeforeTheFirst = 75;
    private const double CloseBy = 5;       // per minute
    private const double FarOff = 10;

    private readonly List<(double Error, double Quality, double Sigma, bool HasValue)> _windows = [];
    private double _held = BeforeTheFirst;

    /// <summary>Takes the next window, in order. <paramref name="reference"/>: NaN where there is none.</summary>
    public void Take(double value, double sigma, double quality, double reference)
    {
        var hasValue = !double.IsNaN(value);
        if (hasValue)
            _held = value;
        if (!double.IsNaN(reference))
            _windows.Add((Math.Abs(_held - reference), quality, hasValue ? sigma : double.MaxValue, hasValue));
    }

    /// <summary>Adds the windows of another recording, for the figures over all of them.</summary>
    public void Take(RateScore other) => _windows.AddRange(other._windows);

    /// <summary>Windows that count.</summary>
    public int Count => _windows.Count;

    /// <summary>Mean absolute error, per minute.</summary>
    public double MeanError => _windows.Average(w => w.Error);

    /// <summary>Windows within 5 per minute, in %.</summary>
    public double WithinPercent => 100.0 * _windows.Count(w => w.Error <= CloseBy) / _windows.Count;

    /// <summary>Windows with a value of their own, in %.</summary>
    public double ValuePercent => 100.0 * _windows.Count(w => w.HasValue) / _windows.Count;

    /// <summary>Windows whose error is within 1.645 σ, in %: 90 would be perfect.</summary>
    public double Within90Percent => 100.0 * _windows.Count(w => w.Error <= 1.645 * w.Sigma) / _windows.Count;

    /// <summary>Windows more than 10 per minute off.</summary>
    public int FarOffCount => _windows.Count(w => w.Error > FarOff);

    /// <summary>Windows of a quality of <paramref name="least"/> or more: their part in %, and their mean error.</summary>
    public (double Percent, double MeanError) FromQuality(double least)
    {
        var kept = _windows.Where(w => w.Quality >= least).ToList();
        return (100.0 * kept.Count / _windows.Count, kept.Count == 0 ? double.NaN : kept.Average(w => w.Error));
    }

    /// <summary>How well low quality tells the windows that are more than 10 per minute off: area under the ROC curve.</summary>
    public double QualityArea => Area(w => -w.Quality);

    /// <summary>The same of a large σ.</summary>
    public double SigmaArea => Area(w => w.Sigma);

    private double Area(Func<(double Error, double Quality, double Sigma, bool HasValue), double> suspicion)
    {
        // Rank sum with ties at their mean rank (Mann and Whitney).
        var ranked = _windows.Select(w => (Suspicion: suspicion(w), IsFarOff: w.Error > FarOff)).OrderBy(w => w.Suspicion).ToList();
        double farOff = ranked.Count(w => w.IsFarOff), near = ranked.Count - farOff, rankSum = 0;
        for (int start = 0, end; start < ranked.Count; start = end)
        {
            end = start + 1;
            while (end < ranked.Count && ranked[end].Suspicion == ranked[start].Suspicion)
                end++;
            for (var i = start; i < end; i++)
                if (ranked[i].IsFarOff)
                    rankSum += (start + end + 1) / 2.0;
        }
        return farOff == 0 || near == 0 ? double.NaN : (rankSum - farOff * (farOff + 1) / 2) / (farOff * near);
    }
}
