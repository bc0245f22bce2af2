using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// The pulses of a stream: a detector on each PPG channel, of which the steadiest one counts. Which one, and what interval is expected,
/// is decided from the windows before, so that no pulse depends on what comes more than <see cref="PpgBeatDetector.MaxDelaySeconds"/> after
/// it.
/// </summary>
internal sealed class PpgPulses
{
    private const int Kept = 48;               // more than 8 s at 240 per minute
    private const double Steadier = 0.7;       // another channel is selected when its unevenness is below this part

    private readonly PpgBeatDetector[] _detectors;
    private readonly double[] _times = new double[Kept];
    private readonly double _rateHz;
    private readonly SignalKind _signal;
    private int _count;
    private int _heard;                        // -1: none
    private double _last = double.NegativeInfinity;

    public PpgPulses(int channels, double rateHz, SignalKind signal, double cutoffHz)
    {
        _detectors = new PpgBeatDetector[channels];
        for (var c = 0; c < channels; c++)
            _detectors[c] = new PpgBeatDetector(rateHz, cutoffHz);
        (_rateHz, _signal) = (rateHz, signal);
    }

    /// <summary>How uneven the steepness of the last pulses of the selected channel is, 0 to 1; 1 when none is selected.</summary>
    public double Unevenness => _heard >= 0 ? _detectors[_heard].Unevenness : 1;

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        foreach (var detector in _detectors)
            detector.Reset();
        (_count, _heard, _last) = (0, 0, double.NegativeInfinity);
    }

    /// <summary>All that changes; <paramref name="withJumps"/>: in a form that holds what the detectors know of jumps.</summary>
    public void Transfer(StateTransfer state, bool withJumps)
    {
        foreach (var detector in _detectors)
            detector.Transfer(state, withJumps);
        state.Values<double>(_times);
        state.Within(ref _count, 0, 2 * Kept - 1);
        state.Within(ref _heard, -1, _detectors.Length - 1);
        state.Value(ref _last);
    }

    /// <summary>Takes the new samples of PPG channel <paramref name="channel"/>; adds the pulses if the channel is the selected
    /// one.</summary>
    public void Take(int channel, ReadOnlySpan<float> samples, long firstIndex, double intervalSeconds, StageOutput output)
    {
        var detector = _detectors[channel];
        for (var i = 0; i < samples.Length; i++)
            if (detector.Push(samples[i], firstIndex + i, intervalSeconds, out var pulse) && channel == _heard)
                Add(pulse, output);
    }

    /// <summary>Adds the pulse that is still weighed when the stream ends.</summary>
    public void Finish(StageOutput output)
    {
        if (_heard >= 0 && _detectors[_heard].Flush(out var pulse))
            Add(pulse, output);
    }

    /// <summary>
    /// Selects the channel whose pulses count in the next samples, among the channels set in <paramref name="usable"/>; none when it is 0.
    /// </summary>
    public void Choose(int usable)
    {
        var best = -1;
        for (var c = 0; c < _detectors.Length; c++)
            if ((usable >> c & 1) != 0 && (best < 0 || _detectors[c].Unevenness < _detectors[best].Unevenness))
                best = c;
        if (best < 0 || _heard < 0 || (usable >> _heard & 1) == 0 || _detectors[best].Unevenness < Steadier * _detectors[_heard].Unevenness)
            _heard = best;
    }

    /// <summary>Which channel is selected; -1 for none.</summary>
    public int Selected => _heard;

    /// <summary>Most pulses that <see cref="In"/> gives.</summary>
    public const int MostKept = Kept;

    /// <summary>Writes the pulses in [start, end), in samples, ascending; returns how many.</summary>
    public int In(long start, long end, Span<double> pulses)
    {
        var found = 0;
        for (var i = Math.Max(0, _count - Kept); i < _count; i++)
            if (_times[i % Kept] is var time && time >= start && time < end)
                pulses[found++] = time;
        return found;
    }

    /// <summary>
    /// Rate by the mean interval of <paramref name="pulses"/>, per minute, with the mean deviation of an interval from their median and
    /// the longest interval, both as a part of it; NaN when there are fewer than 4 pulses.
    /// </summary>
    public (double Rate, double Irregularity, double Longest) RateOf(ReadOnlySpan<double> pulses)
    {
        if (pulses.Length < 4)
            return (double.NaN, double.NaN, double.NaN);
        Span<double> kept = stackalloc double[pulses.Length - 1];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = pulses[i + 1] - pulses[i];
        var mean = (pulses[^1] - pulses[0]) / kept.Length;
        kept.Sort();
        var median = kept[kept.Length / 2];
        var deviation = 0.0;
        foreach (var interval in kept)
            deviation += Math.Abs(interval - median);
        return (60 * _rateHz / mean, deviation / kept.Length / median, kept[^1] / median);
    }

    private void Add(double pulse, StageOutput output)
    {
        // After a change of the channel the same pulse may come again, or the filter's delay may place the first one before the stream.
        if (pulse < 0 || pulse - _last < 0.25 * _rateHz)
            return;
        _last = pulse;
        _times[_count++ % Kept] = pulse;
        if (_count >= 2 * Kept)
            _count -= Kept;
        output.Beats.Add(new Beat(pulse, _signal, BeatKind.Pulse));
    }
}
