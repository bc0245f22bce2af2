using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>A sample of a fetal heart rate trace, judged.</summary>
/// <param name="IsThere">Whether the monitor gave a rate at all.</param>
/// <param name="Rate">The rate, beats per minute; NaN when there is none, or it is an artefact.</param>
internal readonly record struct FhrSample(bool IsThere, float Rate);

/// <summary>
/// Which samples of a fetal heart rate trace are artefacts: rates no fetus has (below 50, above 240), and those that differ by more than 25
/// from the last accepted one, unless 2.5 s of such samples agree among each other (within 10 from one to the next): then the rate has
/// really changed. So a spike, or a short stay at half or double of the rate, is left out, and a sudden deceleration is kept. Each sample
/// is judged once, 5 s after it came; at rates below 0.8 Hz, where neighbours may differ by as much, only the range counts, at once.
/// Bernardes et al. 1991, doi:10.1515/jpme.1991.19.s1.253 use the same step of 25.
/// </summary>
internal sealed class FhrArtefacts
{
    /// <summary>Least and highest rate of a fetus, beats per minute.</summary>
    public const float Lowest = 50, Highest = 240;

    private const float MostStep = 25, MostSpread = 10;
    private const double ConfirmSeconds = 2.5, ForgetSeconds = 15;
    private readonly int _forget;
    private readonly FhrSample[] _waiting;      // ring: not judged finally yet; empty where only the range counts
    private readonly float[] _pending;          // far from the accepted rate, near each other
    private readonly long[] _pendingAt;
    private long _count;
    private int _pendingCount;
    private float _level = float.NaN;           // the last accepted rate
    private long _levelAt;

    public FhrArtefacts(double rateHz)
    {
        var confirm = (int)Math.Round(ConfirmSeconds * rateHz);
        confirm = confirm < 2 ? 0 : confirm;
        _forget = (int)Math.Ceiling(ForgetSeconds * rateHz);
        _waiting = new FhrSample[2 * confirm];
        (_pending, _pendingAt) = (new float[confirm], new long[confirm]);
    }

    /// <summary>How many samples later one is judged.</summary>
    public int Delay => _waiting.Length;

    /// <summary>
    /// Takes the next sample (0 and NaN: the monitor has no signal); gives the one that came <see cref="Delay"/> samples before, if there
    /// is one.
    /// </summary>
    public bool Take(float sample, out FhrSample judged)
    {
        var isThere = float.IsFinite(sample) && sample != 0;
        var isPossible = sample is >= Lowest and <= Highest;
        if (_waiting.Length == 0)
        {
            judged = new FhrSample(isThere, isPossible ? sample : float.NaN);
            return true;
        }
        var slot = (int)(_count % _waiting.Length);
        judged = _waiting[slot];
        _waiting[slot] = new FhrSample(isThere, float.NaN);
        if (isPossible)
            Judge(sample);
        return _count++ >= _waiting.Length;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_waiting);
        (_count, _pendingCount, _level, _levelAt) = (0, 0, float.NaN, 0);
        Array.Clear(_pending);
        Array.Clear(_pendingAt);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Count(ref _count);
        for (var i = 0; i < _waiting.Length; i++)
        {
            var (isThere, rate) = _waiting[i];
            state.Value(ref isThere);
            state.Value(ref rate);
            _waiting[i] = new FhrSample(isThere, rate);
        }
        state.Values<float>(_pending);
        state.Values<long>(_pendingAt);
        state.Within(ref _pendingCount, 0, Math.Max(0, _pending.Length - 1));
        state.Value(ref _level);
        state.Value(ref _levelAt);
    }

    private void Judge(float sample)
    {
        if (float.IsNaN(_level) || _count - _levelAt > _forget || Math.Abs(sample - _level) <= MostStep)
        {
            Accept(_count, sample);
            return;
        }
        // One that waits since the ring's length is about to be given out, as an artefact.
        if (_pendingCount > 0 && (Math.Abs(sample - _pending[_pendingCount - 1]) > MostSpread || _count - _pendingAt[0] >= _waiting.Length))
            _pendingCount = 0;
        (_pending[_pendingCount], _pendingAt[_pendingCount]) = (sample, _count);
        if (++_pendingCount < _pending.Length)
            return;
        for (var i = 0; i < _pending.Length; i++)
            Accept(_pendingAt[i], _pending[i]);
    }

    private void Accept(long at, float sample)
    {
        _waiting[at % _waiting.Length] = new FhrSample(true, sample);
        (_level, _levelAt, _pendingCount) = (sample, at, 0);
    }
}
