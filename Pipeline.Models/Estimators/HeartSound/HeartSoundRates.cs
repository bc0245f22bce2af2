namespace Pipeline.Models.Estimators.HeartSound;

/// <summary>
/// The heart rates that are compared, and what is expected at each: how long from the first to the second sound, and how far one beat's
/// interval may be from the mean. All in frames of 20 ms. Immutable, shared by all.
/// </summary>
internal static class HeartSoundRates
{
    /// <summary>Frames of a second.</summary>
    public const int FramesPerSecond = 50;

    /// <summary>Rates: 35 to 210 per minute, each 4.3 % above the one before.</summary>
    public const int Count = 44;

    private const double First = 35, Last = 210;
    private const double MostFromMean = 1.45;       // an interval is at most this much longer, or shorter, than the rate's
    private const double IntervalSpread = 0.12;     // logarithm; and what a spread more costs
    private const double IntervalCost = 0.5, MostIntervalCost = 2.25;
    private const double SystoleSpread = 0.045;     // s
    private const double MostSystole = 0.62;        // part of the interval
    private const double PriorRate = 75, PriorSpread = 0.35;

    private static readonly double Step = Math.Log(Last / First) / (Count - 1);    // before All, which needs it
    private static readonly Expected[] All = [.. Enumerable.Range(0, Count).Select(i => Expect(First * Math.Exp(i * Step)))];

    /// <summary>What is expected at a rate.</summary>
    public static ref readonly Expected At(int rate) => ref All[rate];

    /// <summary>
    /// Seconds from the first to the second sound: the left ventricle's ejection and the contraction before it, shorter at high rates
    /// (Weissler, Harris, Schoenfeld, Circulation 1968;37:149-159).
    /// </summary>
    public static double SystoleSeconds(double perMinute) => 0.425 - 0.0015 * Math.Min(perMinute, 150);

    private static Expected Expect(double perMinute)
    {
        var period = 60 / perMinute * FramesPerSecond;
        var least = Math.Max(1, (int)Math.Ceiling(period / MostFromMean));
        var most = (int)(period * MostFromMean);
        var intervals = new float[most - least + 1];        // the longest first: as the frames before one lie
        for (var i = 0; i < intervals.Length; i++)
        {
            var away = Math.Log((most - i) / period) / IntervalSpread;
            intervals[i] = (float)-Math.Min(IntervalCost * away * away / 2, MostIntervalCost);
        }
        var systole = SystoleSeconds(perMinute) * FramesPerSecond;
        var reach = 3 * SystoleSpread * FramesPerSecond;
        var from = Math.Max(5, (int)Math.Ceiling(systole - reach));
        var to = Math.Min((int)(systole + reach), (int)(MostSystole * period));
        var systoles = new float[Math.Max(1, to - from + 1)];
        for (var i = 0; i < systoles.Length; i++)
        {
            var away = (from + i - systole) / FramesPerSecond / SystoleSpread;
            systoles[i] = (float)(-away * away / 2);
        }
        var prior = Math.Log(perMinute / PriorRate) / PriorSpread;
        return new Expected(perMinute, period, least, intervals, from, systoles, Math.Exp(-prior * prior / 2));
    }

    /// <summary>What is expected at a rate.</summary>
    /// <param name="PerMinute">The rate.</param>
    /// <param name="Period">Mean interval, frames.</param>
    /// <param name="LeastInterval">Shortest interval, frames.</param>
    /// <param name="Intervals">What each interval adds to a score, from the longest to the shortest.</param>
    /// <param name="LeastSystole">Shortest time from the first to the second sound, frames.</param>
    /// <param name="Systoles">What each such time adds to a score, from the shortest on.</param>
    /// <param name="Prior">How likely the rate is before anything was heard; any scale.</param>
    public readonly record struct Expected(
        double PerMinute, double Period, int LeastInterval, float[] Intervals, int LeastSystole, float[] Systoles, double Prior);
}
