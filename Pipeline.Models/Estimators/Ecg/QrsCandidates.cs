using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>The peaks of the beat strength that wait for their decision, in the order of time.</summary>
internal sealed class QrsCandidates(QrsTiming timing, QrsStrength strength)
{
    /// <summary>Most that wait; others are not candidates.</summary>
    public const int Most = 32;

    private const float LeastPeak = 0.12f;
    private readonly long[] _waiting = new long[Most];
    private int _count;

    /// <summary>How many wait.</summary>
    public int Count => _count;

    /// <summary>Where number <paramref name="place"/> of them is.</summary>
    public long this[int place] => _waiting[place];

    /// <summary>The first is decided.</summary>
    public void RemoveFirst()
    {
        _count--;
        _waiting.AsSpan(1, _count).CopyTo(_waiting);
    }

    /// <summary>
    /// Adds those of the <paramref name="count"/> values from <paramref name="first"/> on that are the largest of what is within
    /// <see cref="QrsTiming.PeakHalf"/>, all of which is there.
    /// </summary>
    public void Find(long first, int count)
    {
        Span<float> values = stackalloc float[count + 2];
        strength.CopyTo(values, first - 1);
        for (var i = 1; i <= count; i++)
        {
            var top = values[i];
            if (top >= LeastPeak && top > values[i - 1] && top > values[i + 1] && _count < Most && IsLargest(top, first + i - 1))
                _waiting[_count++] = first + i - 1;
        }
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        if (state.Version < Stages.WithoutPast)
        {
            ReadRing(state);
            return;
        }
        state.Within(ref _count, 0, Most);
        if (state.Fault is null)
            state.Part(_waiting.AsSpan(0, _count));
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _count = 0;

    private void ReadRing(StateTransfer state)
    {
        Span<long> ring = stackalloc long[Most];
        var head = 0;
        state.Values(ring);
        state.Within(ref head, 0, Most - 1);
        state.Within(ref _count, 0, Most);
        if (state.Fault is not null)
            return;
        for (var c = 0; c < _count; c++)
            _waiting[c] = ring[(head + c) % Most];
    }

    private bool IsLargest(float top, long at)
    {
        for (var i = 2; i <= timing.PeakHalf; i++)
            if (strength[at - i] >= top || strength[at + i] >= top)
                return false;
        return true;
    }
}
