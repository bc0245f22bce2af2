using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>The last two seconds of the beat strength of all leads together: 1 is a typical beat, 0 is what was never seen.</summary>
internal sealed class QrsStrength
{
    private const int Sampled = 48;
    private readonly float[] _ring;
    private readonly int _capacity;
    private long _count;

    public QrsStrength(int capacity) => (_capacity, _ring) = (capacity, new float[QrsTiming.RingSize(capacity)]);

    /// <summary>Values so far; the next one has this index.</summary>
    public long Count => _count;

    /// <summary>The oldest value that is kept, also over a restore.</summary>
    public long Oldest => Math.Max(0, _count - _capacity);

    public float this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => index < 0 || index >= _count ? 0 : _ring[index & (_ring.Length - 1)];
    }

    public void Add(float value) => _ring[_count++ & (_ring.Length - 1)] = value;

    /// <summary>The largest of [<paramref name="from"/>, <paramref name="to"/>]; 0 when there is none.</summary>
    public float Largest(long from, long to)
    {
        from = Math.Max(0, from);
        to = Math.Min(to, Count - 1);
        if (from > to)
            return 0;
        int first = (int)from & (_ring.Length - 1), last = (int)to & (_ring.Length - 1);
        return first <= last
            ? Largest(_ring.AsSpan(first..(last + 1)))
            : Math.Max(Largest(_ring.AsSpan(first)), Largest(_ring.AsSpan(0, last + 1)));
    }

    // No value is negative or NaN, so their bits are in the same order; those are compared in half of the time.
    private static float Largest(ReadOnlySpan<float> values) => BitConverter.Int32BitsToSingle(TensorPrimitives.Max(MemoryMarshal.Cast<float, int>(values)));

    /// <summary>The <paramref name="part"/> quantile of about <see cref="Sampled"/> values spread over [<paramref name="from"/>, <paramref name="to"/>].</summary>
    public float Quantile(float part, long from, long to)
    {
        Span<float> values = stackalloc float[Sampled];
        from = Math.Max(0, from);
        to = Math.Min(to, Count - 1);
        if (from > to)
            return 0;
        for (var i = 0; i < Sampled; i++)
            values[i] = _ring[(from + (to - from) * i / (Sampled - 1)) & (_ring.Length - 1)];
        return OrderStatistic.Of(values, (int)(part * Sampled));
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Count(ref _count);
        state.Ring(_ring, _count, _capacity);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_ring);
        _count = 0;
    }
}
