using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>What one signal showed of the heart over the last <see cref="SignalHistory.Seconds"/>, for <see cref="AlarmCheck"/>. Times in seconds, rates per minute.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="Beats">Beats in that time.</param>
/// <param name="LongestPause">Longest time without a beat, up to now; NaN without beats.</param>
/// <param name="LatestPause">The same of the last 6 s.</param>
/// <param name="SlowestRate">Lowest rate over five beats in a row; NaN with fewer.</param>
/// <param name="FastestRate">Highest rate over 17 beats in a row; NaN with fewer.</param>
/// <param name="Interval">Median interval; NaN with fewer than two.</param>
/// <param name="Unevenness">Greatest distance of an interval of the last 10 s, or of the time since the last beat, from the median, as a part of it; NaN likewise.</param>
/// <param name="Ventricular">Ventricular beats of the last 10 s.</param>
/// <param name="LongestRun">Most ventricular beats in a row at more than 100 a minute.</param>
/// <param name="FastestRunSeconds">Longest time of ventricular beats in a row at more than 150 a minute.</param>
public readonly record struct SignalSummary(
    SignalKind Signal, int Beats, double LongestPause, double LatestPause, double SlowestRate, double FastestRate, double Interval, double Unevenness,
    int Ventricular, int LongestRun, double FastestRunSeconds)
{
    private const int SlowIntervals = 4, FastIntervals = 16, RunBeats = 5;
    private const double Lately = 10, Latest = 6, RunPerMinute = 100, FastRunPerMinute = 150;

    /// <summary>Age of the first beat of the longest run; NaN where that is of fewer than five beats.</summary>
    public double RunAge { get; init; } = double.NaN;

    /// <summary>Age of the last beat; NaN without one.</summary>
    public double LatestBeat { get; init; } = double.NaN;

    /// <summary>Windows with a usable rate, of the last eight.</summary>
    public int UsableWindows { get; init; }

    /// <summary>The same of the last three.</summary>
    public int LatelyUsable { get; init; }

    /// <summary>Mean quality of those, 0 to 1.</summary>
    public double Quality { get; init; }

    /// <summary>Whether one of the last five windows showed ventricular fibrillation or flutter.</summary>
    public bool HasFibrillated { get; init; }

    /// <summary>Whether it may speak against an alarm: a usable rate in half of the windows and lately, of fair quality.</summary>
    public bool IsTrusted => Beats > 1 && UsableWindows >= 4 && LatelyUsable > 0 && Quality >= 0.6;

    /// <summary>Of beats, the newest first: their ages, the intervals before them (infinite where it is not known), and their labels.</summary>
    internal static SignalSummary Of(SignalKind signal, ReadOnlySpan<double> ages, Span<double> intervals, ReadOnlySpan<BeatLabel> labels)
    {
        if (ages.Length == 0)
            return new SignalSummary(signal, 0, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, 0, 0, 0);
        var (longest, latest) = (ages[0], ages[0]);
        for (var i = 0; i < ages.Length - 1; i++)
        {
            longest = Math.Max(longest, intervals[i]);
            latest = ages[i] < Latest ? Math.Max(latest, intervals[i]) : latest;
        }
        var (median, unevenness) = Evenness(ages, intervals);
        var (ventricular, run, runAge, fast) = Runs(ages, labels);
        return new SignalSummary(
            signal, ages.Length, longest, latest, RateOver(SlowIntervals, ages, isSlowest: true), RateOver(FastIntervals, ages, isSlowest: false), median, unevenness,
            ventricular, run, fast)
        {
            RunAge = run >= RunBeats ? runAge : double.NaN,
            LatestBeat = ages[0],
        };
    }

    private static double RateOver(int intervals, ReadOnlySpan<double> ages, bool isSlowest)
    {
        var rate = double.NaN;
        for (var i = 0; i + intervals < ages.Length; i++)
        {
            var one = 60 * intervals / Math.Max(1e-3, ages[i + intervals] - ages[i]);
            rate = double.IsNaN(rate) ? one : isSlowest ? Math.Min(rate, one) : Math.Max(rate, one);
        }
        return rate;
    }

    private static (double Median, double Unevenness) Evenness(ReadOnlySpan<double> ages, Span<double> intervals)
    {
        var known = intervals[..^1];
        if (known.Length < 2)
            return (double.NaN, double.NaN);
        Span<double> sorted = stackalloc double[known.Length];
        known.CopyTo(sorted);
        sorted.Sort();
        var median = Math.Max(1e-3, sorted[sorted.Length / 2]);
        var most = Math.Max(0, ages[0] - median);
        for (var i = 0; i < known.Length && ages[i] < Lately; i++)
            most = Math.Max(most, Math.Abs(known[i] - median));
        return (median, most / median);
    }

    private static (int Ventricular, int Longest, double Age, double FastSeconds) Runs(ReadOnlySpan<double> ages, ReadOnlySpan<BeatLabel> labels)
    {
        var (ventricular, longest, age, fast) = (0, 0, double.NaN, 0.0);
        for (var last = 0; last < ages.Length; last++)
        {
            if (labels[last] != BeatLabel.Ventricular)
                continue;
            ventricular += ages[last] < Lately ? 1 : 0;
            longest = Math.Max(longest, 1);
            for (var first = last + 1; first < ages.Length && labels[first] == BeatLabel.Ventricular; first++)
            {
                var seconds = ages[first] - ages[last];
                var rate = 60 * (first - last) / Math.Max(1e-3, seconds);
                if (rate > RunPerMinute && first - last + 1 > longest)
                    (longest, age) = (first - last + 1, ages[first]);
                fast = rate > FastRunPerMinute ? Math.Max(fast, seconds) : fast;
            }
        }
        return (ventricular, longest, age, fast);
    }
}
