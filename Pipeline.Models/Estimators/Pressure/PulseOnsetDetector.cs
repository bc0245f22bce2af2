using System.Numerics;
using Pipeline.Models.Filters;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Pressure;

/// <summary>A pulse of an arterial pressure.</summary>
/// <param name="Onset">Sample, with a fraction, of its foot.</param>
/// <param name="Low">Pressure at the foot.</param>
/// <param name="High">Highest pressure of the upstroke.</param>
internal readonly record struct PressurePulse(double Onset, float Low, float High);

/// <summary>
/// Finds the onsets of arterial pressure pulses by the slope sum function of Zong, Heldt, Moody, Mark, "An open-source algorithm to detect
/// onset of arterial blood pressure pulses", Computers in Cardiology 2003 (DOI 10.1109/CIC.2003.1291140): smoothed over 40 ms, the rises of
/// the last 128 ms are summed; a pulse is where the sum passes a part of its usual height (lower after a pause); its onset is the foot
/// before that. Differences: the usual height is a median over 12 s instead of a recursion, and starts from the first 0.75 s instead
/// of a learning time of 8 s. An onset is known less than 0.8 s after it. Missing samples are held. Nothing is allocated after the first
/// second.
/// </summary>
internal sealed class PulseOnsetDetector
{
    private const float Part = 0.4f;
    private const float PartAfterPause = 0.2f;
    private const double PauseSeconds = 2.2;
    private const double RefractorySeconds = 0.24;
    private readonly double _rateHz;
    private readonly float _least;
    private readonly int _smoothing;
    private readonly int _rise;
    private readonly int _top;
    private readonly int _refractory;
    private readonly float[] _pressure;
    private readonly PeakLevels _levels;
    private CentredMean _smooth, _rises;
    private float _last, _offset;
    private int _missing, _missingInBlock;
    private long _count, _crossed, _lastOnset;
    private bool _started, _holding, _up;

    /// <param name="rateHz">Samples per second, 60 to 300.</param>
    /// <param name="millimetre">One mmHg in the unit of the samples; 0 where it is not known.</param>
    public PulseOnsetDetector(double rateHz, float millimetre)
    {
        _rateHz = rateHz;
        _least = 5 * millimetre;
        _smoothing = 2 * (int)Math.Round((0.04 * rateHz - 1) / 2) + 1;
        _rise = Math.Max(2, (int)Math.Round(0.128 * rateHz));
        _top = (int)Math.Round(0.12 * rateHz);
        _refractory = (int)(RefractorySeconds * rateHz);
        _smooth = new CentredMean(_smoothing);
        _pressure = new float[RingLength(rateHz)];
        _rises = new CentredMean(_rise);
        _levels = new PeakLevels((int)Math.Round(0.5 * rateHz), (int)Math.Round(0.6 * rateHz));
        Clear();
    }

    /// <summary>Bytes of the pressure that is kept, the last 0.8 s.</summary>
    public static int SampleBytes(double rateHz) => RingLength(rateHz) * sizeof(float);

    /// <summary>Takes a sample (NaN: missing); adds the pulse that became certain with it, if any.</summary>
    public void Take(float sample, List<PressurePulse> pulses)
    {
        var value = _smooth.Next(Bridge(sample));
        var before = Pressure(_count - 1);
        _pressure[_count & (_pressure.Length - 1)] = value;
        _count++;
        _rises.Next(_count > _smoothing ? Math.Max(0, value - before) : 0);
        var slopes = (float)Math.Max(0, _rises.Sum);
        if (!_holding)
        {
            Judge(slopes, _count - 1, pulses);
            return;
        }
        if (!_levels.Hold(slopes))
            return;
        _holding = false;
        var held = _levels.HeldCount;
        for (var i = 0; i < held; i++)
            Judge(_levels.Held[i], i, pulses);
        _levels.EndHold();
    }

    /// <summary>The signal ends: adds the pulse that may be left.</summary>
    public void Finish(List<PressurePulse> pulses)
    {
        var end = _count - _smoothing / 2;
        for (var i = 0; i < _smoothing + _top; i++)
            Take(float.NaN, pulses);
        while (pulses.Count > 0 && pulses[^1].Onset >= end)
            pulses.RemoveAt(pulses.Count - 1);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _smooth.Clear();
        _levels.Clear();
        Array.Clear(_pressure);
        _rises.Clear();
        _last = _offset = 0;
        _missing = _missingInBlock = 0;
        _count = 0;
        _crossed = _lastOnset = long.MinValue / 2;
        _started = _up = false;
        _holding = true;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        _smooth.Transfer(state);
        _levels.Transfer(state);
        state.Values<float>(_pressure);
        _rises.TransferSum(state);
        state.Value(ref _last);
        state.Value(ref _offset);
        state.Value(ref _missing);
        state.Value(ref _missingInBlock);
        state.Count(ref _count);
        if (state.Fault is null)
            _rises.Resume(_count);
        state.Within(ref _crossed, long.MinValue / 2);
        state.Within(ref _lastOnset, long.MinValue / 2);
        state.Value(ref _started);
        state.Value(ref _holding);
        state.Value(ref _up);
        state.Check(!_holding || (_count == _levels.HeldCount && !_levels.IsHeld), "the start does not hold what was taken");
    }

    private float Pressure(long index) => _pressure[index & (_pressure.Length - 1)];

    private float Bridge(float sample)
    {
        if (!float.IsFinite(sample))
        {
            _missing++;
            _missingInBlock++;
            return _last;
        }
        if (!_started)
            _offset = sample;
        else if (_missing > 0.05 * _rateHz)
            _offset = sample - _last;
        _started = true;
        _missing = 0;
        return _last = Math.Clamp(sample - _offset, -1e9f, 1e9f);
    }

    private void Judge(float slopes, long at, List<PressurePulse> pulses)
    {
        var pause = at - _lastOnset > PauseSeconds * _rateHz;
        var usual = Math.Max(_levels.Peak, _least);
        var threshold = Math.Max(usual * (pause ? PartAfterPause : Part), _least);
        if (_levels.Peak > 0 && !_up && slopes > threshold && at - _lastOnset > _refractory)
        {
            _up = true;
            _crossed = at;
        }
        if (_up && at == _crossed + _top)
            Find(at, pulses);
        if (_up && at > _crossed + _top && slopes < threshold)
            _up = false;
        if (_levels.Learn(new ReadOnlySpan<float>(in slopes)))
        {
            _levels.EndBlock(2 * _missingInBlock < _rateHz / 2);
            _missingInBlock = 0;
        }
    }

    /// <summary>The foot: where the tangent at the steepest point of the upstroke meets the level of the lowest point before it.</summary>
    private void Find(long at, List<PressurePulse> pulses)
    {
        var steepest = _crossed;
        var from = Math.Max(1, _crossed - _rise);
        for (var i = from; i <= at; i++)
            if (Pressure(i) - Pressure(i - 1) > Pressure(steepest) - Pressure(steepest - 1))
                steepest = i;
        var foot = steepest;
        while (foot > Math.Max(0, steepest - 2 * _rise) && Pressure(foot - 1) < Pressure(foot))
            foot--;
        var high = Pressure(steepest);
        for (var i = steepest; i <= at; i++)
            high = Math.Max(high, Pressure(i));
        var slope = Pressure(steepest) - Pressure(steepest - 1);
        var onset = steepest - 0.5 - (((Pressure(steepest) + Pressure(steepest - 1)) / 2) - Pressure(foot)) / Math.Max(slope, 1e-12f);
        onset = Math.Clamp(onset, foot, steepest) - _smoothing / 2;
        _lastOnset = steepest;
        if (onset >= 0)
            pulses.Add(new PressurePulse(onset, Pressure(foot) + _offset, high + _offset));
    }

    private static int RingLength(double rateHz) => (int)BitOperations.RoundUpToPowerOf2((uint)(0.8 * rateHz));
}
