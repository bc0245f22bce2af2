namespace Pipeline.Models.Simulation;

/// <summary>One beat of a simulated heart and where its waves lie, in seconds since the simulation's start.</summary>
/// <param name="Seconds">The R peak.</param>
/// <param name="PpgFootSeconds">Foot of its pulse in the PPG.</param>
/// <param name="AbpFootSeconds">Foot of its pulse in the arterial pressure.</param>
/// <param name="IsEctopic">Ventricular: wide QRS, a weak pulse.</param>
public readonly record struct TrueBeat(double Seconds, double PpgFootSeconds, double AbpFootSeconds, bool IsEctopic)
{
    /// <summary>
    /// Mean heart rate (per minute) over [<paramref name="start"/>, <paramref name="end"/>) seconds from the R peaks inside:
    /// 60 x intervals / time between the first and the last; NaN when fewer than two lie inside. <paramref name="beats"/> ascend.
    /// </summary>
    public static double HeartRate(IEnumerable<TrueBeat> beats, double start, double end)
    {
        ArgumentNullException.ThrowIfNull(beats);
        var (count, first, last) = (0, 0.0, 0.0);
        foreach (var beat in beats)
        {
            if (beat.Seconds < start || beat.Seconds >= end)
                continue;
            if (count++ == 0)
                first = beat.Seconds;
            last = beat.Seconds;
        }
        return count < 2 ? double.NaN : 60 * (count - 1) / (last - first);
    }
}
