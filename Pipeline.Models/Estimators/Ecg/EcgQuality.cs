using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>
/// Signal quality index of an ECG window, 0 to 1: how surely the detector told beats from other peaks, how well its beats agree with their
/// templates, how well it agrees with a plain threshold, times the part of the window in which the best lead is neither missing, flat nor
/// clipped.
/// </summary>
internal sealed class EcgQuality
{
    private const double FlatMillivolt = 0.02;
    private readonly SignalWatch[] _leads;

    /// <param name="rateHz">Samples per second.</param>
    /// <param name="millivolts">One millivolt in the unit of each lead; 0 where it is not known.</param>
    public EcgQuality(double rateHz, float[] millivolts) =>
        _leads = Array.ConvertAll(millivolts, m => new SignalWatch(rateHz, m * FlatMillivolt));

    /// <summary>Takes the next samples of a lead, from sample <paramref name="index"/>; NaN is missing.</summary>
    public void Take(int lead, long index, ReadOnlySpan<float> samples) => _leads[lead].Take(index, samples);

    /// <summary>
    /// The verdict on <paramref name="window"/>, whose beats the detector holds for certain with <paramref name="certainty"/> 0 to 1.
    /// </summary>
    public QualityVerdict Of(in Window window, double certainty)
    {
        double coverage = 0, best = 0, flat = 1, clipped = 1, missing = 1;
        foreach (var lead in _leads)
        {
            var parts = lead.Of(window.StartIndex, window.EndIndex);
            coverage += parts.Present / _leads.Length;
            best = Math.Max(best, (parts.Present - parts.Still) * (1 - Math.Min(1, 2 * parts.Clipped)));
            flat = Math.Min(flat, parts.Still + 1 - parts.Present);
            clipped = Math.Min(clipped, parts.Clipped);
            missing = Math.Min(missing, 1 - parts.Present);
        }
        var fault = missing > 0.5 ? EstimateStatus.Gap
            : flat > 0.6 ? EstimateStatus.Flat
            : clipped > 0.25 ? EstimateStatus.Saturated : EstimateStatus.Ok;
        return new QualityVerdict(Math.Clamp(best, 0, 1) * certainty, Math.Clamp(coverage, 0, 1), fault);
    }

    /// <summary>What of <paramref name="lead"/> is there, moves, and is not clipped.</summary>
    public WatchedParts PartsOf(int lead, in Window window) => _leads[lead].Of(window.StartIndex, window.EndIndex);

    /// <summary>No later window starts before sample <paramref name="start"/>.</summary>
    public void Forget(long start)
    {
        foreach (var lead in _leads)
            lead.Forget(start);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        foreach (var lead in _leads)
            lead.Transfer(state);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var lead in _leads)
            lead.Clear();
    }
}
