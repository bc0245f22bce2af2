using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>A time in which the trace lies above or below its baseline. Times in whole seconds from the beginning of the trace.</summary>
/// <param name="Sign">1 above, −1 below.</param>
/// <param name="Begin">First second.</param>
/// <param name="End">Second after the last.</param>
/// <param name="Peak">Largest deviation, beats per minute, not negative.</param>
/// <param name="FlankSeconds">From the onset to the peak and back to the end, mean of both, told from the flanks between 20 and 80 % of the
/// peak, so that a long floor does not count; from the onset alone while it lasts.</param>
/// <param name="ThereCount">Seconds of it with a rate.</param>
internal readonly record struct CtgExcursion(int Sign, long Begin, long End, float Peak, float FlankSeconds, int ThereCount)
{
    private const int LeastThere = 10;

    /// <summary>Its length.</summary>
    public long Seconds => End - Begin;

    /// <summary>
    /// Whether it is an acceleration or a deceleration by its height and length; at least a third of it was seen, and 10 s.
    /// </summary>
    public bool Counts(CtgRules rules) => 3 * ThereCount >= Seconds && ThereCount >= LeastThere && (Sign > 0
        ? Peak >= rules.AccelerationRise && Seconds >= rules.AccelerationSeconds && Seconds < CtgExcursions.LongestSeconds
        : Peak >= rules.DecelerationDrop && Seconds >= rules.DecelerationSeconds);
}

/// <summary>
/// Finds where the trace leaves its baseline by more than 5 beats per minute and comes back for 5 s. It begins where the trace last was
/// within 2 of the baseline (at most a minute before, not in a gap), and ends with the last second beyond 5. Up to 60 s without a rate are
/// bridged, more end it; so do ten minutes: what lasts longer is another baseline, and the next of that side begins only after the trace
/// has come back. Seconds come in order.
/// </summary>
internal sealed class CtgExcursions
{
    /// <summary>Longest excursion, seconds.</summary>
    public const int LongestSeconds = 600;

    private const float Near = 5, Edge = 2;
    private const int MostGap = 60, BackSeconds = 5, MostEdge = 60;

    private readonly float[] _deviations = new float[FhrCells.Kept];    // ring: rate − baseline
    private long _count;
    private long _notAbove = -1, _notBelow = -1;    // last second within the edge on that side
    private int _sign, _barred;                     // of the open one; of the side that has to come back first
    private long _begin, _last, _ended;             // of the open one; end of the last one
    private float _peak;
    private int _missing, _near;

    /// <summary>Seconds taken.</summary>
    public long Count => _count;

    /// <summary>First second of the open excursion; <see cref="Count"/> when none is open.</summary>
    public long OpenFrom => _sign == 0 ? _count : _begin;

    /// <summary>The excursion that is open, as far as it is known; null when there is none.</summary>
    public CtgExcursion? Open => _sign == 0 ? null : Made(isOver: false);

    /// <summary>
    /// Takes the next second's deviation from the baseline, NaN where there is no rate or no baseline; true when an excursion ended.
    /// </summary>
    public bool Take(float deviation, out CtgExcursion ended)
    {
        var at = _count++;
        _deviations[at % FhrCells.Kept] = deviation;
        ended = default;
        if (float.IsNaN(deviation))
            return _sign != 0 && ++_missing > MostGap && Close(out ended);
        _missing = 0;
        if (_barred * deviation <= Near)
            _barred = 0;
        var hasEnded = _sign != 0 && !GoesOn(at, _sign * deviation) && Close(out ended);
        if (_sign == 0 && Math.Abs(deviation) > Near && Math.Sign(deviation) != _barred)
            Begin(at, deviation);
        if (deviation <= Edge)
            _notAbove = at;
        if (deviation >= -Edge)
            _notBelow = at;
        return hasEnded;
    }

    /// <summary>The trace ends: so does the open excursion.</summary>
    public bool Finish(out CtgExcursion ended)
    {
        ended = default;
        return _sign != 0 && Close(out ended);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_deviations);
        (_count, _notAbove, _notBelow, _sign, _barred, _begin, _last, _ended) = (0, -1, -1, 0, 0, 0, 0, 0);
        (_peak, _missing, _near) = (0, 0, 0);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_deviations);
        state.Count(ref _count);
        state.Within(ref _notAbove, -1);
        state.Within(ref _notBelow, -1);
        state.Within(ref _sign, -1, 1);
        state.Within(ref _barred, -1, 1);
        state.Count(ref _begin);
        state.Count(ref _last);
        state.Count(ref _ended);
        state.Value(ref _peak);
        state.Within(ref _missing, 0, MostGap + 1);
        state.Within(ref _near, 0, BackSeconds);
        state.Check(
            _sign == 0 || (_begin <= _last && _last <= _count && _count - _begin < FhrCells.Kept),
            $"an excursion from {_begin} to {_last} at {_count}");
    }

    private void Begin(long at, float deviation)
    {
        _sign = Math.Sign(deviation);
        _begin = Math.Max(Math.Max((_sign > 0 ? _notAbove : _notBelow) + 1, at - MostEdge), _ended);
        while (_begin < at && float.IsNaN(_deviations[_begin % FhrCells.Kept]))
            _begin++;
        (_last, _peak, _near) = (at, Math.Abs(deviation), 0);
    }

    // The deviation is seen from the excursion's side.
    private bool GoesOn(long at, float deviation)
    {
        if (deviation > Near)
            (_last, _near, _peak) = (at, 0, Math.Max(_peak, deviation));
        else if (++_near >= BackSeconds || deviation < -Near)
            return false;
        if (at - _begin < LongestSeconds)
            return true;
        _barred = _sign;
        return false;
    }

    private bool Close(out CtgExcursion ended)
    {
        ended = Made(isOver: true);
        _ended = ended.End;
        (_sign, _missing, _near) = (0, 0, 0);
        return true;
    }

    private CtgExcursion Made(bool isOver)
    {
        var there = 0;
        for (var at = _begin; at <= _last; at++)
            there += float.IsNaN(_deviations[at % FhrCells.Kept]) ? 0 : 1;
        var flank = Flank(_begin, _last, 1);
        return new CtgExcursion(_sign, _begin, _last + 1, _peak, isOver ? (flank + Flank(_last, _begin, -1)) / 2 : flank, there);
    }

    /// <summary>
    /// The first flank on the way from one second to another: from 20 to 80 % of the peak, of which a straight one takes 0.6 and a cosine
    /// 0.41 of its length: 2.4 times what lies between. Of what is lost in between half is counted.
    /// </summary>
    private float Flank(long from, long to, int step)
    {
        var reached = from;
        while (reached != to && !(_sign * _deviations[reached % FhrCells.Kept] >= 0.8f * _peak))
            reached += step;
        var (left, lost) = (reached, 0);
        for (; left != from && !(_sign * _deviations[left % FhrCells.Kept] <= 0.2f * _peak); left -= step)
            lost += left != reached && float.IsNaN(_deviations[left % FhrCells.Kept]) ? 1 : 0;
        return 2.4f * (Math.Abs(reached - left) - lost / 2f);
    }
}
