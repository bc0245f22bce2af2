namespace Pipeline.Models.Estimators.Hrv;

/// <summary>Heart rate variability in the time domain; NaN where there are too few intervals.</summary>
/// <param name="Sdnn">Standard deviation of the intervals, ms.</param>
/// <param name="Rmssd">Root mean square of successive differences, ms.</param>
/// <param name="Pnn50">Successive differences above 50 ms, percent of the differences.</param>
/// <param name="Sd1">Standard deviation across the line of identity of the Poincaré plot, ms.</param>
/// <param name="Sd2">Standard deviation along it, ms.</param>
internal readonly record struct HrvTimes(double Sdnn, double Rmssd, double Pnn50, double Sd1, double Sd2);

/// <summary>
/// Measures of heart rate variability (Task Force of ESC and NASPE 1996, doi:10.1161/01.CIR.93.5.1043), in the form of hrv-analysis 1.0,
/// the Poincaré plot in that of NeuroKit2 (Brennan 2001, doi:10.1109/10.959330): standard deviations have the divisor n − 1. Differences
/// are taken between successive intervals alone.
/// </summary>
internal static class HrvFormulas
{
    /// <summary>Largest difference that pNN50 does not count, ms.</summary>
    private const double MostAlike = 50;

    /// <param name="intervals">Normal-to-normal intervals, ms.</param>
    /// <param name="follows">Whether each begins where the one before it ends; as many.</param>
    public static HrvTimes Of(ReadOnlySpan<double> intervals, ReadOnlySpan<bool> follows)
    {
        if (follows.Length != intervals.Length)
            throw new ArgumentException($"{follows.Length} marks for {intervals.Length} intervals.", nameof(follows));
        Moments all = default, across = default, along = default;
        var (squares, large) = (0.0, 0);
        for (var i = 0; i < intervals.Length; i++)
        {
            all.Add(intervals[i]);
            if (i == 0 || !follows[i])
                continue;
            var difference = intervals[i] - intervals[i - 1];
            squares += difference * difference;
            large += Math.Abs(difference) > MostAlike ? 1 : 0;
            across.Add(difference / Math.Sqrt(2));
            along.Add((intervals[i] + intervals[i - 1]) / Math.Sqrt(2));
        }
        return new HrvTimes(
            all.Deviation, across.Count > 0 ? Math.Sqrt(squares / across.Count) : double.NaN,
            across.Count > 0 ? 100.0 * large / across.Count : double.NaN, across.Deviation, along.Deviation);
    }

    // Welford 1962, doi:10.1080/00401706.1962.10490022.
    private struct Moments
    {
        private double _mean, _squares;

        public int Count { get; private set; }

        public readonly double Deviation => Count > 1 ? Math.Sqrt(_squares / (Count - 1)) : double.NaN;

        public void Add(double value)
        {
            var off = value - _mean;
            _mean += off / ++Count;
            _squares += off * (value - _mean);
        }
    }
}
