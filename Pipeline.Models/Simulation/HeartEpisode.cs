namespace Pipeline.Models.Simulation;

/// <summary>A time in which a simulated heart does not beat as it does: what alarms of high priority are about.</summary>
/// <param name="Kind">
/// <see cref="EventKind.Asystole"/>, <see cref="EventKind.VentricularFibrillation"/> (no beats, waves in the ECG),
/// <see cref="EventKind.VentricularTachycardia"/> (ventricular beats at 160/min), <see cref="EventKind.ExtremeBradycardia"/> (32/min) or
/// <see cref="EventKind.ExtremeTachycardia"/> (165/min).
/// </param>
/// <param name="Begin">Seconds since the simulation's start.</param>
/// <param name="End">Likewise; later.</param>
public readonly record struct HeartEpisode(EventKind Kind, double Begin, double End)
{
    /// <summary>The interval to the next beat, which comes after <paramref name="last"/> s, in the episode; NaN where the heart beats as it
    /// does.</summary>
    internal double IntervalAfter(double last) => last < Begin || last >= End ? double.NaN : Kind switch
    {
        EventKind.Asystole or EventKind.VentricularFibrillation => End + 0.4 - last,
        EventKind.VentricularTachycardia => 60.0 / 160,
        EventKind.ExtremeBradycardia => 60.0 / 32,
        EventKind.ExtremeTachycardia => 60.0 / 165,
        _ => throw new InvalidOperationException($"no heart is simulated in {Kind}"),
    };

    /// <summary>Height of the waves of fibrillation, mV; 0 where there is none.</summary>
    internal float WaveAt(double seconds)
    {
        if (Kind != EventKind.VentricularFibrillation || seconds < Begin + 0.5 || seconds >= End)
            return 0;
        var since = seconds - Begin;
        return (float)((0.45 + 0.15 * Math.Sin(3.3 * since)) * Math.Sin(2 * Math.PI * (5 * since + 0.4 * Math.Sin(1.9 * since))));
    }
}
