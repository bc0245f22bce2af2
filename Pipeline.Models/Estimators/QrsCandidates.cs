using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>The peaks of the beat strength that wait for their decision, in the order of time.</summary>
internal sealed class QrsCandidates(QrsTiming timing, QrsStrength strength)
{
    /// <summary>Most that wait; others are not candidates.</summary>
    public const int Most = 32;

    private const float LeastPeak = 0.12f;
    private readonly long[] _ring = new long[Most];
    private int _head, _count;

    /// <summary>How many wait.</summary>
    public int Count => _count;

    /// <summary>Where number <paramref name="place"/> of them is.</summary>
    public long this[int place] => _ring[(_head + place) % Most];

    /// <summary>The first is decided.</summary>
    public void RemoveFirst()
    {
        _head = (_head + 1) % Most;
        _count--;
    }

    /// <summary>Adds those of the <paramref name="count"/> values from <paramref name="first"/> on that are the largest of what is within <see cref="QrsTiming.PeakHalf"/>, all of which is there.</summary>
    public void Find(long first, int count)
    {
        Span<float> values = stackalloc float[count + 2];
        strength.CopyTo(values, first - 1);
        for (var i = 1; i <= count; i++)
        {
            var top = values[i];
            if (top >= LeastPeak && top > values[i - 1] && top > values[i + 1] && _count < Most && IsLargest(top, first + i - 1))
                _ring[(_head + _count++) % Most] = first + i - 1;
        }
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Values<long>(_ring);
        state.Within(ref _head, 0, Most - 1);
        state.Within(ref _count, 0, Most);
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => _head = _count = 0;

    private bool IsLargest(float top, long at)
    {
        for (var i = 2; i <= timing.PeakHalf; i++)
            if (strength[at - i] >= top || strength[at + i] >= top)
                return false;
        return true;
    }
}
