using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Pressure;

/// <summary>
/// Signal quality index of an arterial pressure window, 0 to 1: the part of its pulses that are normal, times the part of the window that
/// is neither missing, flat nor clipped. A pulse is normal by the limits of Sun, Reisner, Mark, "A signal abnormality index for arterial
/// blood pressure waveforms", Computers in Cardiology 2006;33:13-16: pressures and pulse pressure in range, and neither they nor the
/// interval jump from one pulse to the next. Without a unit only the jumps are judged, in parts of the usual pulse pressure.
/// </summary>
internal sealed class AbpQuality
{
    private const int Kept = RateFromBeats.Kept;
    private const int WithoutPulses = 2;    // from this version of the state on; before, the pulses' places stood here too
    private const double HighestSystolic = 300;
    private const double LowestDiastolic = 20;
    private const double LeastPulse = 7;
    private const double SmallPulse = 15;           // a smaller one must be as the one before: noise is as high
    private const double MostSmallJump = 0.5;       // of its pulse pressure, and
    private const double MostSmallIntervalJump = 0.35;  // of the interval before
    private const double MostJump = 20;
    private const double MostJumpInPulses = 0.5;
    private const double MostIntervalJumpSeconds = 2 / 3.0;
    private const double LongestIntervalSeconds = 3;
    private const double LatestDicroticSeconds = 0.5;
    private const double EarlyDicrotic = 0.6;       // of the usual interval
    private const double EarlySuspect = 0.75;       // of the mean interval
    private const int LeastSuspects = 2;
    private const double MostWithDicrotic = 0.4;    // quality of a window in which as many dicrotic waves may count as pulses
    private const double LowerTop = 0.1;            // parts of the first pulse
    private const double HigherFoot = 0.15;
    private const double DicroticHeight = 0.7;
    private readonly double _rateHz;
    private readonly double _millimetre;
    private readonly SignalWatch _watch;
    private ulong _normal;      // bit number modulo Kept: whether that pulse is
    private long _count;
    private PressurePulse _previous;
    private double _previousAt, _previousInterval;

    /// <param name="rateHz">Samples per second.</param>
    /// <param name="millimetre">One mmHg in the unit of the samples; 0 where it is not known.</param>
    public AbpQuality(double rateHz, double millimetre)
    {
        _rateHz = rateHz;
        _millimetre = millimetre;
        _watch = new SignalWatch(rateHz, 3 * millimetre);
    }

    /// <summary>Pulses taken so far.</summary>
    public long Count => _count;

    /// <summary>Takes the next samples, from sample <paramref name="index"/>; NaN is missing.</summary>
    public void Take(long index, ReadOnlySpan<float> samples) => _watch.Take(index, samples);

    /// <summary>
    /// Whether <paramref name="pulse"/> at <paramref name="at"/>, which was not taken yet, is the dicrotic wave of the last one of
    /// <paramref name="pulses"/>: it looks so, and comes early for the rhythm. Where each pulse has one, no usual interval tells them
    /// apart.
    /// </summary>
    public bool IsDicrotic(double at, in PressurePulse pulse, RateFromBeats pulses)
    {
        var interval = (at - _previousAt) / _rateHz;
        if (_count < 4 || !IsDicrotic(pulse, _previous, interval))
            return false;
        Span<float> usual = stackalloc float[8];
        var count = 0;
        for (var i = Math.Max(pulses.First + 1, pulses.Count - usual.Length); i < pulses.Count; i++)
            usual[count++] = (float)((pulses[i] - pulses[i - 1]) / _rateHz);
        return count >= 3 && interval < EarlyDicrotic * OrderStatistic.Of(usual[..count], count / 2);
    }

    /// <summary>Takes the next pulse, at sample <paramref name="at"/>.</summary>
    public void Add(double at, in PressurePulse pulse)
    {
        var normal = IsInRange(pulse);
        if (_count > 0)
        {
            var interval = (at - _previousAt) / _rateHz;
            var swing = _previous.High - _previous.Low;
            var isSmall = Math.Min(swing, pulse.High - pulse.Low) < SmallPulse * _millimetre;
            var jump = isSmall ? MostSmallJump * swing : _millimetre > 0 ? MostJump * _millimetre : MostJumpInPulses * swing;
            var intervalJump = isSmall ? MostSmallIntervalJump * _previousInterval : MostIntervalJumpSeconds;
            normal &= Math.Abs(pulse.High - _previous.High) <= jump
                && Math.Abs(pulse.Low - _previous.Low) <= jump
                && interval <= LongestIntervalSeconds
                && (_count < 2 || Math.Abs(interval - _previousInterval) <= intervalJump)
                && !IsDicrotic(pulse, _previous, interval)
                && (_count < 2 || !IsDicrotic(_previous, pulse, _previousInterval));
            _previousInterval = interval;
        }
        (_previous, _previousAt) = (pulse, at);
        Set((int)(_count++ % Kept), normal);
    }

    /// <summary>
    /// The verdict on <paramref name="window"/>; <paramref name="pulses"/> has where the pulses are that were taken here. One beside
    /// <paramref name="holes"/> is not judged: neither its interval nor its height is known.
    /// </summary>
    public QualityVerdict Of(in Window window, RateFromBeats pulses, SampleHoles holes)
    {
        var parts = _watch.Of(window.StartIndex, window.EndIndex);
        int count = 0, normal = 0, suspects = 0;
        var soon = Math.Min(LatestDicroticSeconds * _rateHz, EarlySuspect * MeanInterval(window, pulses));
        for (var i = pulses.First; i < _count; i++)
        {
            if (pulses[i] < window.StartIndex || pulses[i] >= window.EndIndex)
                continue;
            if (i > pulses.First && (holes.Hide(pulses[i - 1], pulses[i]) || (i > pulses.First + 1 && holes.Hide(pulses[i - 2], pulses[i - 1]))))
                continue;
            var isNormal = (int)(_normal >> (int)(i % Kept)) & 1;
            count++;
            normal += isNormal;
            suspects += isNormal == 0 && i > pulses.First && pulses[i] - pulses[i - 1] < soon ? 1 : 0;
        }
        var fault = parts.Present < 0.5 ? EstimateStatus.Gap
            : parts.Still + 1 - parts.Present > 0.6 ? EstimateStatus.Flat
            : parts.Clipped > 0.25 ? EstimateStatus.Saturated : EstimateStatus.Ok;
        var sound = Math.Clamp(parts.Present - parts.Still, 0, 1) * (1 - Math.Min(1, 2 * parts.Clipped));
        var value = count == 0 ? 0 : sound * normal / count;
        return new QualityVerdict(suspects >= LeastSuspects ? Math.Min(value, MostWithDicrotic) : value, Math.Clamp(parts.Present, 0, 1), fault);
    }

    private double MeanInterval(in Window window, RateFromBeats pulses)
    {
        var (first, last, count) = (0.0, 0.0, 0);
        for (var i = pulses.First; i < _count; i++)
            if (pulses[i] >= window.StartIndex && pulses[i] < window.EndIndex)
            {
                first = count++ == 0 ? pulses[i] : first;
                last = pulses[i];
            }
        return count < 2 ? 0 : (last - first) / (count - 1);
    }

    /// <summary>No later window starts before sample <paramref name="start"/>.</summary>
    public void Forget(long start) => _watch.Forget(start);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _watch.Clear();
        _count = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _watch.Transfer(state);
        if (state.Version < WithoutPulses)
        {
            ReadWithPulses(state);
            return;
        }
        state.Value(ref _normal);
        state.Count(ref _count);
        state.Value(ref _previous);
        state.Value(ref _previousAt);
        state.Value(ref _previousInterval);
    }

    private void ReadWithPulses(StateTransfer state)
    {
        Span<double> pulses = stackalloc double[Kept];
        for (var i = 0; i < Kept; i++)
        {
            var normal = false;
            state.Value(ref pulses[i]);
            state.Value(ref normal);
            Set(i, normal);
        }
        state.Count(ref _count);
        state.Value(ref _previous);
        state.Value(ref _previousInterval);
        _previousAt = state.Fault is null && _count > 0 ? pulses[(int)((_count - 1) % Kept)] : 0;
    }

    /// <summary>
    /// Whether <paramref name="second"/>, <paramref name="interval"/> s from <paramref name="first"/>, may be the dicrotic wave of it: soon
    /// after it, lower, and from a higher foot or of a smaller height.
    /// </summary>
    private static bool IsDicrotic(in PressurePulse second, in PressurePulse first, double interval)
    {
        var swing = first.High - first.Low;
        return interval < LatestDicroticSeconds && second.High < first.High - LowerTop * swing
            && (second.Low > first.Low + HigherFoot * swing || second.High - second.Low < DicroticHeight * swing);
    }

    private void Set(int place, bool normal) => _normal = normal ? _normal | 1UL << place : _normal & ~(1UL << place);

    private bool IsInRange(in PressurePulse pulse) => _millimetre <= 0
        || (pulse.High <= HighestSystolic * _millimetre && pulse.Low >= LowestDiastolic * _millimetre
            && pulse.High - pulse.Low >= LeastPulse * _millimetre);
}
