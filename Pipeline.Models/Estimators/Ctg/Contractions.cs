using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ctg;

/// <summary>A contraction of the uterus; whole seconds from the beginning of the trace.</summary>
/// <param name="Begin">First second above a twentieth of its usual height.</param>
/// <param name="End">Second after the last.</param>
internal readonly record struct Contraction(long Begin, long End);

/// <summary>
/// Contractions from a tocodynamometer in its usual units of 0 to 100, in cells of one second. The resting tone is the 20 % quantile of the
/// ten minutes before and the two minutes after a second, the usual height the 90 % quantile above it. A contraction rises, averaged over
/// 15 s, above 0.4 of the usual height, at least 10, and lasts while it is above 0.2, at least 5, with the rise to it for 36 s or more.
/// Toco that stands still for a minute, or has 0 throughout, is no signal; half a minute without one ends a contraction. A second is final
/// <see cref="CtgBaseline.Lag"/> steps after it.
/// </summary>
internal sealed class Contractions(double rateHz)
{
    private const int Kept = FhrCells.Kept, Listed = 64;
    private const int ToneSeconds = 600, EverySeconds = 5, LeastValues = 24, StillSeconds = 60, HalfMean = 7;
    private const int LeastSeconds = 36, MostGap = 30, MostRise = 15, Before = 15, After = 30;
    private const double Forgiven = 1e-6, LeastRise = 10, LeastTail = 5, Foot = 0.25;     // part of the tail that is the resting tone's

    private readonly float[] _cells = new float[Kept];
    private readonly Contraction[] _list = new Contraction[Listed];     // ring
    private long _index, _cell, _count, _listed;
    private double _sum;
    private int _summed, _sampled;
    private float _heldSample = float.NaN, _previous = float.NaN;
    private int _run;                       // complete cells with the same value
    private long _begin = -1, _last;        // of the open contraction; −1: none
    private long _low = -1;                 // last second below the tail
    private bool _isUp;

    /// <summary>Complete cells.</summary>
    public long CellCount => _cell;

    /// <summary>Seconds that are final.</summary>
    public long Count => _count;

    /// <summary>Whether the toco stands still, or has 0 throughout: it is off.</summary>
    public bool IsStill => _run >= StillSeconds;

    /// <summary>Part of the final seconds [from, to) with a toco signal, 0 to 1.</summary>
    public double TherePart(long from, long to)
    {
        from = Math.Max(from, Math.Max(0, _cell - Kept));
        to = Math.Min(to, _cell);
        var there = 0;
        for (var cell = from; cell < to; cell++)
            there += float.IsNaN(_cells[cell % Kept]) ? 0 : 1;
        return to > from ? (double)there / (to - from) : 0;
    }

    /// <summary>Most contractions that <see cref="Copy"/> gives.</summary>
    public const int MostCopied = Listed + 1;

    /// <summary>
    /// Writes the contractions that began in [from, to) to <paramref name="target"/>, which holds <see cref="MostCopied"/>, the last one
    /// first; the open one is among them, with what is known of its end.
    /// </summary>
    public int Copy(Span<Contraction> target, long from, long to)
    {
        var count = 0;
        if (_isUp && _begin >= from && _begin < to)
            target[count++] = new Contraction(_begin, _last + 1);
        for (var number = _listed - 1; number >= Math.Max(0, _listed - Listed); number--)
            if (_list[number % Listed] is var one && one.Begin >= from && one.Begin < to)
                target[count++] = one;
        return count;
    }

    /// <summary>
    /// The contraction with which something that begins at <paramref name="at"/> belongs: the last that began by then, or 15 s later, and
    /// ended at most 30 s before.
    /// </summary>
    public Contraction? At(long at)
    {
        Span<Contraction> known = stackalloc Contraction[MostCopied];
        return Copy(known, at - ToneSeconds, at + Before + 1) > 0 && known[0].End + After >= at ? known[0] : null;
    }

    /// <summary>Whether what begins at <paramref name="at"/> belongs to <paramref name="one"/>.</summary>
    public static bool Belongs(long at, in Contraction one) => one.Begin - Before <= at && at <= one.End + After;

    /// <summary>Takes the next sample; NaN is none.</summary>
    public void Take(float sample)
    {
        var cell = (long)(_index++ / rateHz + Forgiven);
        while (_cell < cell)
            CompleteCell();
        (_heldSample, _sampled) = (sample, _sampled + 1);
        if (float.IsFinite(sample))
            (_sum, _summed) = (_sum + sample, _summed + 1);
    }

    /// <summary>
    /// Makes the next <see cref="CtgBaseline.StepSeconds"/> seconds final; adds the contractions that ended to <paramref name="ended"/>.
    /// </summary>
    public void Settle(List<Contraction> ended)
    {
        var (tone, height) = Levels(_count + CtgBaseline.StepSeconds);
        for (var i = 0; i < CtgBaseline.StepSeconds; i++, _count++)
            Settle(_count, tone, height, ended);
    }

    /// <summary>The trace ends: so does the open contraction.</summary>
    public void Finish(List<Contraction> ended) => Close(ended);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_cells);
        Array.Clear(_list);
        (_index, _cell, _count, _listed, _sum, _summed, _sampled) = (0, 0, 0, 0, 0, 0, 0);
        (_heldSample, _previous, _run, _begin, _last, _low, _isUp) = (float.NaN, float.NaN, 0, -1, 0, -1, false);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<float>(_cells);
        state.Values<Contraction>(_list);
        state.Count(ref _index);
        state.Count(ref _cell);
        state.Within(ref _count, 0);
        state.Count(ref _listed);
        state.Value(ref _sum);
        state.Within(ref _summed, 0, int.MaxValue);
        state.Within(ref _sampled, _summed, int.MaxValue);
        state.Value(ref _heldSample);
        state.Value(ref _previous);
        state.Value(ref _run);
        state.Within(ref _begin, -1);
        state.Count(ref _last);
        state.Within(ref _low, -1);
        state.Value(ref _isUp);
    }

    private void CompleteCell()
    {
        var value = _summed > 0 ? (float)(_sum / _summed) : _sampled == 0 && _cell > 0 ? _heldSample : float.NaN;
        _run = value == _previous ? _run + 1 : 1;
        _previous = value;
        _cells[_cell % Kept] = _run > StillSeconds ? float.NaN : value;
        if (_run == StillSeconds)
            for (var back = 0; back < StillSeconds && back <= _cell; back++)
                _cells[(_cell - back) % Kept] = float.NaN;
        _cell++;
        (_sum, _summed, _sampled) = (0, 0, 0);
    }

    private (float Tone, float Height) Levels(long now)
    {
        Span<float> values = stackalloc float[(ToneSeconds + CtgBaseline.Lag * CtgBaseline.StepSeconds) / EverySeconds + 1];
        var count = 0;
        var end = Math.Min(_cell, now + CtgBaseline.Lag * CtgBaseline.StepSeconds);
        for (var cell = Math.Max(0, now - ToneSeconds); cell < end && count < values.Length; cell += EverySeconds)
            if (_cells[cell % Kept] is var value && !float.IsNaN(value))
                values[count++] = value;
        if (count < LeastValues)
            return (float.NaN, float.NaN);
        values[..count].Sort();
        var tone = values[count / 5];
        return (tone, values[count * 9 / 10] - tone);
    }

    private float Smooth(long cell)
    {
        var (sum, count) = (0f, 0);
        for (var at = Math.Max(0, cell - HalfMean); at <= Math.Min(_cell - 1, cell + HalfMean); at++)
            if (_cells[at % Kept] is var value && !float.IsNaN(value))
                (sum, count) = (sum + value, count + 1);
        return count == 0 ? float.NaN : sum / count;
    }

    private void Settle(long cell, float tone, float height, List<Contraction> ended)
    {
        var above = Smooth(cell) - tone;
        if (float.IsNaN(above))
        {
            if (_begin >= 0 && cell - _last > MostGap)
                Close(ended);
            return;
        }
        if (above <= Math.Max(LeastTail, 0.2 * height))
        {
            _low = cell;
            Close(ended);
            return;
        }
        if (_begin < 0)
            _begin = Onset(_low + 1 >= cell - MostGap ? _low + 1 : cell, tone + Foot * Math.Max(LeastTail, 0.2 * height));
        _last = cell;
        _isUp |= above > Math.Max(LeastRise, 0.4 * height);
    }

    /// <summary>Where the rise to a second began: the toco leaves the resting tone, at most 15 s before; not in the contraction
    /// before.</summary>
    private long Onset(long cell, double foot)
    {
        var least = Math.Max(cell - MostRise, _listed == 0 ? 0 : _list[(_listed - 1) % Listed].End);
        while (cell > least && Smooth(cell - 1) > foot)
            cell--;
        return cell;
    }

    private void Close(List<Contraction> ended)
    {
        if (_begin >= 0 && _isUp && _last + 1 - _begin >= LeastSeconds)
        {
            var one = new Contraction(_begin, _last + 1);
            _list[_listed++ % Listed] = one;
            ended.Add(one);
        }
        (_begin, _isUp) = (-1, false);
    }
}
