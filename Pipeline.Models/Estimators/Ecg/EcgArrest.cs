using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Tells, of a window in which no QRS complex is certain, asystole and ventricular fibrillation from noise and from electrodes that are off.
/// </summary>
internal static class EcgArrest
{
    /// <summary>
    /// Beats of this size, mV of the detector's envelope, or smaller are looked at: no QRS complex of the recordings at hand is as small.
    /// </summary>
    public const double SmallMillivolt = 0.04;

    /// <summary>Strength between the beats, 0 to 1, from which on there may be no beats: see <see cref="QrsDetector.Busy"/>.</summary>
    public const double LeastBusy = 0.45;

    // P waves that no QRS complex follows: small, and flat for their size. QRS complexes that are narrow are above −0.6.
    private const double FlattestQrs = -0.6;
    private const double LeastPresent = 0.8;

    // Under 0.1 mV from zero to peak there is asystole (Kerber et al. 1997, DOI 10.1161/01.CIR.95.6.1677, has it at 0.08 mV from peak to
    // peak, of a signal without noise).
    private const double AsystoleMillivolt = 0.1;
    private const double MostHumMillivolt = 0.15;
    private const double MostLeakage = 0.42;
    private const double SlowestHz = 2.3;
    private const double FastestHz = 10.5;

    /// <summary>Whether beats of <paramref name="millivolts"/> and this steepness (<see cref="QrsFeatures.Steepness"/>) are P waves.</summary>
    public static bool ArePWaves(double millivolts, double steepness) => millivolts < SmallMillivolt && steepness < FlattestQrs;

    /// <summary>
    /// <c>Asystole</c> where no lead shows activity but the noise of its amplifier; <c>VentricularFibrillation</c> where the leads show
    /// waves of 2.3 to 10.5 Hz without a break; else <c>LowQuality</c>. Asystole is said only where the unit of every lead is known.
    /// </summary>
    public static EstimateStatus Of(in Window window, EcgForm form, ReadOnlySpan<WatchedParts> parts)
    {
        double leakage = 0, hz = 0;
        int waves = 0, silent = 0, seen = 0;
        for (var l = 0; l < form.Channels.Length; l++)
        {
            if (parts[l].Present < LeastPresent)
                continue;
            seen++;
            var activity = EcgActivity.Of(window, form.Channels[l]);
            var millivolt = form.Millivolts[l];
            if (millivolt > 0 && activity.Largest < AsystoleMillivolt * millivolt)
            {
                silent += activity.IsLive && activity.Fast < MostHumMillivolt * millivolt ? 1 : 0;
                continue;
            }
            if (activity.Fast > activity.Largest)
                return EstimateStatus.LowQuality;
            waves++;
            leakage += activity.Leakage;
            hz += activity.Hz;
        }
        if (waves > 0)
            return leakage < MostLeakage * waves && hz >= SlowestHz * waves && hz <= FastestHz * waves
                ? EstimateStatus.VentricularFibrillation : EstimateStatus.LowQuality;
        return silent > 0 ? EstimateStatus.Asystole : EstimateStatus.LowQuality;
    }
}
