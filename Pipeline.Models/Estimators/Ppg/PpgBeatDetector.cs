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

    private const double CutoffHz = 7;               // a pulse wave's upstroke ends below it
    private const double ShortestSeconds = 0.27;     // 220 per minute
    private const double LongestDeadSeconds = 0.6;
    private const double DeadPart = 0.6;             // of the interval that the spectra expect
    private const double ThresholdPart = 0.4;        // of the usual steepness
    private const double ForgetSeconds = 1.5;        // without a pulse the threshold halves in this time
    private const double PolaritySeconds = 3;
    private const double GapSeconds = 0.5;

    private readonly double _rateHz;
    private readonly Biquad _lowPass;
    private readonly double _delay;                          // of filter and difference, in samples
    private readonly double _forget, _polarityDecay;

    private BiquadDelays _delays;
    private double _slope1, _slope2;
    private double _skew, _polarity;
    private double _usual, _threshold;
    private double _lastPulse;
    private double _candidateAt, _candidateSlope;            // slope 0: none
    private int _missing;
    private double _unevenness;
    private bool _primed;

    /// <summary>For a channel at <paramref name="rateHz"/>, 20 Hz or more.</summary>
    public PpgBeatDetector(double rateHz)
    {
        _rateHz = rateHz;
        _lowPass = Biquad.LowPass(Math.Min(CutoffHz, 0.35 * rateHz), rateHz);
        _delay = _lowPass.DelayAtZero + 0.5;
        _forget = Math.Pow(0.5, 1 / (ForgetSeconds * rateHz));
        _polarityDecay = Math.Exp(-1 / (PolaritySeconds * rateHz));
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
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
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
        if (!_primed)
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
        _primed = true;
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
        _lastPulse = _candidateAt;
        _candidateSlope = 0;
        return true;
    }

    private double DeadSamples(double intervalSeconds) => _rateHz *
        (double.IsNaN(intervalSeconds) ? ShortestSeconds : Math.Clamp(DeadPart * intervalSeconds, ShortestSeconds, LongestDeadSeconds));
}
