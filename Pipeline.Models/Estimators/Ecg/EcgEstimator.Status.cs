using Pipeline.Models.Signals;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>Whether a window has a value, and if not, why.</summary>
internal sealed partial class EcgEstimator
{
    private EstimateStatus StatusOf(in Window window, in QualityVerdict verdict, in BeatRate rate, double busy)
    {
        var isOk = !double.IsNaN(rate.Value) && verdict.Value >= EcgStage.UsableQuality;
        var millivolts = _detector.LargestBeat(_form.Millivolts);
        var isLow = millivolts < EcgStandstill.LargestMillivolt;
        var isClear = busy < EcgArrest.LeastBusy && millivolts >= EcgArrest.SmallMillivolt;
        if (isOk && isClear && !isLow)
            return EstimateStatus.Ok;
        if (verdict.Fault is EstimateStatus.Gap or EstimateStatus.Saturated)
            return verdict.Fault;
        Span<WatchedParts> parts = stackalloc WatchedParts[_channels.Length];
        for (var l = 0; l < parts.Length; l++)
            parts[l] = _quality.PartsOf(l, window);
        _hadPWaves &= isLow;
        if (isOk && isLow)
        {
            Span<double> beats = stackalloc double[RateFromBeats.Kept + _found.Count];
            _hadPWaves = EcgStandstill.ArePWaves(window, _form, parts, beats[..BeatsOf(window, beats)], _hadPWaves);
            isOk = !_hadPWaves;
        }
        if (isOk && isClear)
            return EstimateStatus.Ok;
        var arrest = EcgArrest.Of(window, _form, parts);
        isOk &= !EcgArrest.ArePWaves(millivolts, _detector.Steepness);
        if (arrest == EstimateStatus.VentricularFibrillation || (arrest == EstimateStatus.Asystole && !isOk))
            return arrest;
        if (isOk)
            return EstimateStatus.Ok;
        if (verdict.Fault != EstimateStatus.Ok)
            return verdict.Fault;
        if (_origin < 0 || window.EndIndex - _origin < 4 * window.RateHz)
            return EstimateStatus.WarmingUp;
        return double.IsNaN(rate.Value) && rate.Lost > 0 ? EstimateStatus.Gap : EstimateStatus.LowQuality;
    }

    /// <summary>The beats of <paramref name="window"/>, certain and likely, in samples of the stream; returns how many.</summary>
    private int BeatsOf(in Window window, Span<double> beats)
    {
        var count = 0;
        for (var b = _rate.First; b < _rate.Count; b++)
            if (_rate[b] >= window.StartIndex)
                beats[count++] = _rate[b];
        foreach (var likely in _found)
            beats[count++] = likely;
        return count;
    }
}
