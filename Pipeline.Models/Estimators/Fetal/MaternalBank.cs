using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Fetal;

/// <summary>
/// The last maternal beats of one lead that have left, or are about to leave, the window: 0.25 s before the R peak to 0.5 s after it, in 16
/// bits and a scale each.
/// </summary>
internal sealed class MaternalBank
{
    /// <summary>Samples before the R peak.</summary>
    public const int Before = FetalTiming.RateHz / 4;

    /// <summary>Samples of a beat.</summary>
    public const int Length = Before + FetalTiming.RateHz / 2;

    /// <summary>Most beats that are kept.</summary>
    public const int Most = 24;

    private readonly short[] _waves = new short[Most * Length];
    private readonly float[] _scales = new float[Most];
    private readonly long[] _places = new long[Most];
    private int _count, _next;

    /// <summary>Beats that are kept.</summary>
    public int Count => _count;

    /// <summary>Sample index of the R peak of beat <paramref name="beat"/>, 0 being the oldest.</summary>
    public long Place(int beat) => _places[Slot(beat)];

    /// <summary>Adds a beat, the oldest of many is forgotten.</summary>
    /// <param name="place">Sample index of its R peak.</param>
    /// <param name="wave">[<see cref="Length"/>], finite.</param>
    public void Add(long place, ReadOnlySpan<float> wave)
    {
        var largest = 0f;
        foreach (var value in wave)
            largest = Math.Max(largest, Math.Abs(value));
        var scale = largest / short.MaxValue;
        var (slot, inverse) = (_next, scale > 0 ? 1 / scale : 0);
        (_places[slot], _scales[slot]) = (place, scale);
        for (var i = 0; i < Length; i++)
            _waves[slot * Length + i] = (short)MathF.Round(wave[i] * inverse);
        _next = (_next + 1) % Most;
        _count = Math.Min(_count + 1, Most);
    }

    /// <summary>Writes beat <paramref name="beat"/>, 0 being the oldest, from its sample <paramref name="from"/> on.</summary>
    public void CopyTo(int beat, int from, Span<float> wave)
    {
        var slot = Slot(beat);
        var scale = _scales[slot];
        var stored = _waves.AsSpan(slot * Length + from, wave.Length);
        for (var i = 0; i < wave.Length; i++)
            wave[i] = stored[i] * scale;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_waves);
        Array.Clear(_scales);
        Array.Clear(_places);
        _count = _next = 0;
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Within(ref _count, 0, Most);
        state.Within(ref _next, 0, Most - 1);
        state.Check(_count == Most || _next == _count, $"beat {_next} is next where {_count} are kept");
        for (var slot = 0; slot < _count && state.Fault is null; slot++)
        {
            state.Count(ref _places[slot]);
            state.Value(ref _scales[slot]);
            state.Part<short>(_waves.AsSpan(slot * Length, Length));
        }
    }

    private int Slot(int beat) => (_next - _count + beat + Most) % Most;
}
