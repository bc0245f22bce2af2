using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Hrv;

/// <summary>
/// The intervals between the beats of one signal over the last <see cref="SpanSeconds"/>, and which of them are normal-to-normal: between
/// two normal beats, with nothing missing in between, and near the median of the last seven, or near the interval before where that is
/// normal, as it is in strong breathing. What an ectopic, missed or false beat makes differs more. Two bytes an interval: 1/8 ms from the
/// device's sample 0, so that rounding does not add up.
/// </summary>
internal sealed class NormalIntervals
{
    /// <summary>Most seconds that are kept.</summary>
    public const int SpanSeconds = 300;

    /// <summary>Most intervals in them: the refractory period bounds them to 5 a second.</summary>
    public const int Most = 2048;

    private const int UnitsPerSecond = 8000;
    private const int Longest = 0x7FFF, NormalFlag = 0x8000;    // 4.1 s; a longer time is several steps
    private const int Compared = 7, LeastCompared = 3;
    private const double Shortest = 0.25 * UnitsPerSecond, LongestNormal = 2.5 * UnitsPerSecond;

    private readonly ushort[] _recent = new ushort[Compared];
    private ushort[] _steps = new ushort[128];      // grows with the heart rate
    private int _count, _recentCount, _recentNext;
    private long _last = -1, _kept;                 // the last beat; all steps together
    private bool _isBroken = true, _lastIsNormal;

    /// <summary>
    /// Takes a beat at <paramref name="seconds"/> from the device's sample 0. <paramref name="isNormal"/>: it is no ectopic, as far as is
    /// known; <paramref name="tolerance"/>: how far a normal interval may be from the median of the last ones, as a part of it.
    /// </summary>
    public void Take(double seconds, bool isNormal, double tolerance)
    {
        var at = (long)Math.Round(seconds * UnitsPerSecond);
        var step = at - _last;
        if (_last >= 0 && step <= 0)
            return;
        if (_last < 0 || step > SpanSeconds * UnitsPerSecond)
            Clear();
        else
        {
            var isWhole = !_isBroken && step <= Longest;
            for (; step > Longest; step -= Longest)
                Push(Longest);
            Push((int)step | (isWhole && isNormal && _lastIsNormal && IsLikeLast((int)step, tolerance) ? NormalFlag : 0));
            if (isWhole)
            {
                _recent[_recentNext] = (ushort)step;
                _recentNext = (_recentNext + 1) % Compared;
                _recentCount = Math.Min(_recentCount + 1, Compared);
            }
        }
        (_last, _lastIsNormal, _isBroken) = (at, isNormal, false);
    }

    /// <summary>Samples are missing: the next beat ends no interval.</summary>
    public void Break() => _isBroken = true;

    /// <summary>
    /// The normal intervals that begin and end in the last <paramref name="span"/> seconds before <paramref name="end"/> (seconds); what
    /// lies before is forgotten.
    /// </summary>
    /// <param name="end">Seconds from sample 0; not before the last beat.</param>
    /// <param name="span">At most <see cref="SpanSeconds"/>.</param>
    /// <param name="series">Gets them.</param>
    public void Read(double end, int span, HrvSeries series)
    {
        var from = (long)Math.Round((end - span) * UnitsPerSecond);
        Forget(from);
        series.Clear(span);
        var (at, wasNormal, seen) = (_last - _kept, false, 0L);
        foreach (var step in _steps.AsSpan(0, _count))
        {
            var (length, isNormal) = (step & Longest, (step & NormalFlag) != 0);
            at += length;
            if (isNormal)
                series.Add(at / (double)UnitsPerSecond, length * 1000.0 / UnitsPerSecond, wasNormal);
            seen += length < Longest ? length : 0;
            wasNormal = isNormal;
        }
        series.Seen = Math.Min(1, seen / (double)(span * UnitsPerSecond));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _count = _recentCount = _recentNext = 0;
        (_last, _kept, _isBroken, _lastIsNormal) = (-1, 0, true, false);
        Array.Clear(_recent);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _count, 0, Most);
        if (state.Fault is not null)
            return;
        while (_steps.Length < _count)
            _steps = new ushort[2 * _steps.Length];
        state.Part(_steps.AsSpan(0, _count));
        state.Values<ushort>(_recent);
        state.Within(ref _recentCount, 0, Compared);
        state.Within(ref _recentNext, 0, Compared - 1);
        state.Within(ref _last, -1);
        state.Value(ref _isBroken);
        state.Value(ref _lastIsNormal);
        _kept = 0;
        foreach (var step in _steps.AsSpan(0, _count))
            _kept += step & Longest;
        state.Check(_kept <= Math.Max(0, _last), "intervals that begin before sample 0");
    }

    private void Push(int step)
    {
        if (_count == Most)
            Drop(1);
        if (_count == _steps.Length)
            Array.Resize(ref _steps, 2 * _steps.Length);
        _steps[_count++] = (ushort)step;
        _kept += step & Longest;
    }

    private void Forget(long from)
    {
        var (at, first) = (_last - _kept, 0);
        for (; first < _count && at < from; first++)
            at += _steps[first] & Longest;
        Drop(first);
    }

    private void Drop(int count)
    {
        foreach (var step in _steps.AsSpan(0, count))
            _kept -= step & Longest;
        _steps.AsSpan(count, _count - count).CopyTo(_steps);
        _count -= count;
    }

    private bool IsLikeLast(int step, double tolerance)
    {
        if (step is < (int)Shortest or > (int)LongestNormal)
            return false;
        if (_recentCount < LeastCompared)
            return true;
        Span<ushort> sorted = stackalloc ushort[Compared];
        _recent.AsSpan(0, _recentCount).CopyTo(sorted);
        sorted[.._recentCount].Sort();
        double median = sorted[_recentCount / 2];
        var before = _count > 0 && (_steps[_count - 1] & NormalFlag) != 0 ? _steps[_count - 1] & Longest : median;
        return Math.Abs(step - median) <= tolerance * median || Math.Abs(step - before) <= tolerance / 2 * before;
    }
}
