using Pipeline.Models.Filters;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ppg;

/// <summary>
/// Finds the pulses of one PPG channel, sample after sample: the steepest point of each upstroke, refined between samples. Of two steep
/// points closer than most of an interval the steeper is the pulse and the other one its dicrotic wave. The polarity (upstrokes are steeper
/// than downstrokes) is learnt and followed, so a sensor may count light or its absence. Work per sample, no buffer.
/// </summary>
internal sealed class PpgBeatDetector
{
    /// <summary>No decision depends on samples later than this after the pulse, in seconds.</summary>
    public const double MaxDelaySeconds = 0.7;

    private const double ShortestSeconds = 0.27;     // 220 per minute
    private const double LongestDeadSeconds = 0.6;
    private const double DeadPart = 0.6;             // of the interval that the spectra expect
    private const double ThresholdPart = 0.4;        // of the usual steepness
    private const double ForgetSeconds = 1.5;        // without a pulse the threshold halves in this time
    private const double PolaritySeconds = 3;
    private const double GapSeconds = 0.1;           // after a longer one the filter begins anew where the signal goes on

    // A jump that no pulse makes: a sensor that is put on, samples that were filled in. The filter begins anew behind it.
    private const double Jump = 12;                  // times the usual change from sample to sample, and
    private const double JumpSeconds = 0.1;          // more than the usual steepness in this time
    private const double ChangeSeconds = 2;          // over which the usual change is taken
    private const double LearnSeconds = 1.5;         // before which it is not known

    // Without a pulse for longer than any interval, whatever was learnt belongs to something else.
    private const double ForgottenSeconds = 2.5;

    private readonly double _rateHz;
    private readonly Biquad _lowPass;
    private readonly double _delay;                          // of filter and difference, in samples
    private readonly double _forget, _polarityDecay, _changePart;

    private BiquadDelays _delays;
    private double _slope1, _slope2;
    private double _skew, _polarity;
    private double _usual, _threshold;
    private double _lastPulse;
    private double _candidateAt, _candidateSlope;            // slope 0: none
    private int _missing;
    private double _unevenness;
    private bool _primed;
    private double _usualChange;                             // from sample to sample
    private int _changes;                                    // that it is made of, as far as it still counts
    private float _previous;
    private double _learntAt;                                // a pulse, or nothing: in samples; NaN before the first

    /// <summary>For a channel at <paramref name="rateHz"/>, 15 Hz or more. A pulse wave's upstroke ends below
    /// <paramref name="cutoffHz"/>.</summary>
    public PpgBeatDetector(double rateHz, double cutoffHz)
    {
        _rateHz = rateHz;
        _lowPass = Biquad.LowPass(Math.Min(cutoffHz, 0.35 * rateHz), rateHz);
        _delay = _lowPass.DelayAtZero + 0.5;
        _forget = Math.Pow(0.5, 1 / (ForgetSeconds * rateHz));
        _polarityDecay = Math.Exp(-1 / (PolaritySeconds * rateHz));
        _changePart = 1 / (ChangeSeconds * rateHz);
        Reset();
    }

    /// <summary>How much the steepness differed between the last pulses: 0 not at all, 1 as much as possible.</summary>
    public double Unevenness => _unevenness;

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        _primed = false;
        _skew = 0;
        _polarity = 1;
        _usual = _threshold = 0;
        _candidateSlope = 0;
        _lastPulse = double.NegativeInfinity;
        _missing = 0;
        _unevenness = 1;
        (_usualChange, _changes, _previous, _learntAt) = (0, 0, 0, double.NaN);
    }

    /// <summary>All that changes; an older form, without jumps, has learnt nothing of them.</summary>
    public void Transfer(StateTransfer state, bool withJumps)
    {
        _delays.Transfer(state);
        state.Value(ref _slope1);
        state.Value(ref _slope2);
        state.Value(ref _skew);
        state.Value(ref _polarity);
        state.Value(ref _usual);
        state.Value(ref _threshold);
        state.Value(ref _lastPulse);
        state.Value(ref _candidateAt);
        state.Value(ref _candidateSlope);
        state.Value(ref _missing);
        state.Value(ref _unevenness);
        state.Value(ref _primed);
        if (!withJumps)
        {
            _learntAt = double.IsFinite(_lastPulse) ? _lastPulse : double.NaN;
            return;
        }
        state.Value(ref _usualChange);
        state.Value(ref _changes);
        state.Value(ref _previous);
        state.Value(ref _learntAt);
    }

    /// <summary>
    /// Takes the sample at <paramref name="index"/> (NaN: missing; bridged up to 0.5 s). <paramref name="intervalSeconds"/>: what the
    /// interval is expected to be, NaN when nothing is known. True when a pulse became certain: <paramref name="pulse"/> is its place, in
    /// samples.
    /// </summary>
    public bool Push(float sample, long index, double intervalSeconds, out double pulse)
    {
        pulse = 0;
        if (!float.IsFinite(sample))
        {
            if (++_missing > GapSeconds * _rateHz)
                _primed = false;
            return Settle(index, intervalSeconds, ref pulse);
        }
        _missing = 0;
        if (double.IsNaN(_learntAt) || index - _learntAt > ForgottenSeconds * _rateHz)
            Forget(index);
        if (IsJump(sample) || !_primed)
            Prime(sample);
        var before = _delays.Y1;
        var slope = _lowPass.Next(sample, ref _delays) - before;
        FollowPolarity(slope);

        if (_slope1 * _polarity > _slope2 * _polarity && _slope1 * _polarity >= slope * _polarity && _slope1 * _polarity > 0)
            Consider(index, slope, intervalSeconds);
        (_slope2, _slope1) = (_slope1, slope);
        _threshold *= _forget;
        return Settle(index, intervalSeconds, ref pulse);
    }

    /// <summary>The pulse that is still weighed when the stream ends.</summary>
    public bool Flush(out double pulse)
    {
        pulse = 0;
        return _candidateSlope > 0 && Accept(out pulse);
    }

    private void Prime(float sample)
    {
        _delays.Settle(sample);
        _slope1 = _slope2 = 0;
        _previous = sample;
        _primed = true;
    }

    private void Forget(long index)
    {
        _learntAt = index;
        _threshold = _usual = _skew = 0;
        _candidateSlope = 0;
        _changes = 0;
    }

    /// <summary>Whether <paramref name="sample"/> is apart from the one before as no pulse is; learns what is usual.</summary>
    private bool IsJump(float sample)
    {
        if (!_primed)
            return false;
        var change = Math.Abs((double)sample - _previous);
        _previous = sample;
        var isKnown = _changes >= LearnSeconds * _rateHz;
        var most = isKnown ? Jump * _usualChange : double.PositiveInfinity;
        var isJump = change > most && change > JumpSeconds * _rateHz * _usual;
        _usualChange += Math.Max(_changePart, 1.0 / (_changes + 1)) * (Math.Min(change, most) - _usualChange);
        _changes = isKnown ? _changes : _changes + 1;
        return isJump;
    }

    /// <summary>The third moment of the slope has the sign of the steeper side; the polarity turns when it is clearly against it.</summary>
    private void FollowPolarity(double slope)
    {
        _skew = _skew * _polarityDecay + slope * slope * slope;
        if (_skew * _polarity >= 0)
            return;
        var usual = Math.Max(_usual, 1e-12);
        if (_usual == 0 || -_skew * _polarity > usual * usual * usual)
        {
            _polarity = -_polarity;
            _threshold = _usual = 0;
            _candidateSlope = 0;
        }
    }

    /// <summary>The sample before <paramref name="index"/> was a local maximum of steepness.</summary>
    private void Consider(long index, double slope, double intervalSeconds)
    {
        var here = _slope1 * _polarity;
        var before = _slope2 * _polarity;
        var after = slope * _polarity;
        var bend = before - 2 * here + after;
        var fraction = bend < 0 ? Math.Clamp(0.5 * (before - after) / bend, -0.5, 0.5) : 0;
        var at = index - 1 + fraction - _delay;
        if (here <= _threshold || here <= _candidateSlope || at - _lastPulse < DeadSamples(intervalSeconds))
            return;
        (_candidateAt, _candidateSlope) = (at, here);
    }

    private bool Settle(long index, double intervalSeconds, ref double pulse) =>
        _candidateSlope > 0 && index - _candidateAt >= DeadSamples(intervalSeconds) && Accept(out pulse);

    private bool Accept(out double pulse)
    {
        pulse = _candidateAt;
        var isFirst = _usual == 0;
        var deviation = isFirst ? 1 : Math.Min(1, Math.Abs(_candidateSlope - _usual) / Math.Max(_usual, _candidateSlope));
        _unevenness += 0.15 * (deviation - _unevenness);
        _usual = isFirst ? _candidateSlope : _usual + 0.25 * (Math.Min(_candidateSlope, 2 * _usual) - _usual);
        _threshold = ThresholdPart * _usual;
        _lastPulse = _learntAt = _candidateAt;
        _candidateSlope = 0;
        return true;
    }

    private double DeadSamples(double intervalSeconds) => _rateHz *
        (double.IsNaN(intervalSeconds) ? ShortestSeconds : Math.Clamp(DeadPart * intervalSeconds, ShortestSeconds, LongestDeadSeconds));
}
