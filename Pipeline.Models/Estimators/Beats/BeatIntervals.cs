using Pipeline.Models.Estimators.Rhythm;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>How early a beat comes; logarithms, positive where it is early.</summary>
/// <param name="Early">Against the interval that 70 % of the last 60 do not exceed: ectopic beats shorten the mean and the median, not this.</param>
/// <param name="EarlyOfLast">Against the interval before.</param>
internal readonly record struct BeatTiming(float Early, float EarlyOfLast);

/// <summary>The last intervals between beats, as far as the kind of a beat depends on them. Two bytes an interval.</summary>
internal sealed class BeatIntervals
{
    private const int Kept = 60, Late = 12, Least = 4;
    private const double Part = 0.7;
    private const double UnitsPerSecond = 8000, MostSeconds = 8;

    private readonly ushort[] _last = new ushort[Kept];
    private int _count, _next;
    private double _at = double.NaN;        // the last beat, s

    /// <summary>Takes a beat at <paramref name="seconds"/> from the device's sample 0.</summary>
    public BeatTiming Take(double seconds)
    {
        var interval = seconds - _at;
        _at = seconds;
        if (!(interval is > 0 and < MostSeconds))
            return default;
        var before = _count > 0 ? _last[(_next + Kept - 1) % Kept] / UnitsPerSecond : interval;
        var timing = new BeatTiming(_count < Least ? 0 : (float)Math.Log(Usual() / interval), (float)Math.Log(before / interval));
        _last[_next] = (ushort)Math.Round(interval * UnitsPerSecond);
        _next = (_next + 1) % Kept;
        _count = Math.Min(_count + 1, Kept);
        return timing;
    }

    /// <summary>Logarithm of the interval to the next beat, at <paramref name="seconds"/>, over the usual one of late.</summary>
    public float LateNext(double seconds) =>
        _count < Least ? 0 : (float)Math.Log(Math.Max(seconds - _at, 0.1) / OfLate());

    /// <summary>Probability, 0 to 1, that the intervals are those of atrial fibrillation, in which no beat comes early or late.</summary>
    public float Fibrillation()
    {
        if (_count < Kept)
            return 0;
        Span<int> ordered = stackalloc int[Kept];
        for (var i = 0; i < Kept; i++)
            ordered[i] = _last[(_next + i) % Kept];
        return (float)IrregularIntervals.ProbabilityOf(IrregularIntervals.EntropyOf(ordered));
    }

    /// <summary>Samples are missing: the next beat ends no interval.</summary>
    public void Break() => _at = double.NaN;

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<ushort>(_last);
        state.Within(ref _count, 0, Kept);
        state.Within(ref _next, 0, Kept - 1);
        state.Value(ref _at);
        if (state.Version < BeatStage.WithSinus)
        {
            var uneven = 0f;        // was a feature
            state.Value(ref uneven);
        }
    }

    private double Usual()
    {
        Span<ushort> sorted = stackalloc ushort[Kept];
        _last.AsSpan(0, _count).CopyTo(sorted);
        sorted[.._count].Sort();
        return sorted[(int)(Part * (_count - 1))] / UnitsPerSecond;
    }

    private double OfLate()
    {
        var count = Math.Min(_count, Late);
        if (count == 0)
            return 0.8;
        Span<ushort> sorted = stackalloc ushort[Late];
        for (var i = 0; i < count; i++)
            sorted[i] = _last[(_next + Kept - 1 - i) % Kept];
        sorted[..count].Sort();
        return sorted[count / 2] / UnitsPerSecond;
    }
}
