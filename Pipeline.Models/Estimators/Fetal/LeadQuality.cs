using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>Whether the abdominal leads are there, move, and lie within the converter's limits.</summary>
internal sealed class LeadQuality
{
    private const double FlatMillivolt = 0.001;
    private readonly SignalWatch[] _leads;

    /// <param name="rateHz">Samples per second.</param>
    /// <param name="millivolts">One millivolt in the unit of each lead; 0 where it is not known.</param>
    public LeadQuality(double rateHz, float[] millivolts) => _leads = Array.ConvertAll(millivolts, m => new SignalWatch(rateHz, m * FlatMillivolt));

    /// <summary>Takes the next samples of a lead, from sample <paramref name="index"/>; NaN is missing.</summary>
    public void Take(int lead, long index, ReadOnlySpan<float> samples) => _leads[lead].Take(index, samples);

    /// <summary>The verdict on <paramref name="window"/>: its value is 1 where a lead can be used at all.</summary>
    public QualityVerdict Of(in Window window)
    {
        double coverage = 0, flat = 1, clipped = 1, missing = 1;
        foreach (var lead in _leads)
        {
            var parts = lead.Of(window.StartIndex, window.EndIndex);
            coverage += parts.Present / _leads.Length;
            flat = Math.Min(flat, parts.Still + 1 - parts.Present);
            clipped = Math.Min(clipped, parts.Clipped);
            missing = Math.Min(missing, 1 - parts.Present);
        }
        var fault = missing > 0.5 ? EstimateStatus.Gap : flat > 0.6 ? EstimateStatus.Flat : clipped > 0.25 ? EstimateStatus.Saturated : EstimateStatus.Ok;
        return new QualityVerdict(fault == EstimateStatus.Ok ? 1 : 0, Math.Clamp(coverage, 0, 1), fault);
    }

    /// <summary>No later window starts before sample <paramref name="start"/>.</summary>
    public void Forget(long start)
    {
        foreach (var lead in _leads)
            lead.Forget(start);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (var lead in _leads)
            lead.Clear();
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        foreach (var lead in _leads)
            lead.Transfer(state);
    }
}
