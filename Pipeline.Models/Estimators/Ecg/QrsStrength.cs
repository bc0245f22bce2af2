using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Ecg;

/// <summary>The last two seconds of the beat strength of all leads together: 1 is a typical beat, 0 is what was never seen.</summary>
internal sealed class QrsStrength
{
    private const int Sampled = 48;
    private SampleHistory _values;

    /// <param name="capacity">Values that are kept.</param>
    public QrsStrength(int capacity) => _values = new SampleHistory(capacity, QrsLead.MostAhead);

    /// <summary>Values so far; the next one has this index.</summary>
    public long Count => _values.Count;

    /// <summary>The oldest value that is kept, also over a restore.</summary>
    public long Oldest => _values.Oldest;

    public float this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _values[index];
    }

    /// <inheritdoc cref="SampleHistory.WriteAhead"/>
    public void WriteAhead(ReadOnlySpan<float> values) => _values.WriteAhead(values);

    /// <inheritdoc cref="SampleHistory.Reveal"/>
    public void Reveal(int count) => _values.Reveal(count);

    /// <inheritdoc cref="SampleHistory.CopyTo"/>
    public void CopyTo(Span<float> values, long first) => _values.CopyTo(values, first);

    /// <summary>The largest of [<paramref name="from"/>, <paramref name="to"/>]; 0 when there is none.</summary>
    public float Largest(long from, long to)
    {
        from = Math.Max(0, from);
        to = Math.Min(to, Count - 1);
        if (from > to)
            return 0;
        var values = _values.Slice(from, (int)(to - from) + 1, out var rest);
        return rest.IsEmpty ? Largest(values) : Math.Max(Largest(values), Largest(rest));
    }

    // No value is negative or NaN, so their bits are in the same order; those are compared in half of the time.
    private static float Largest(ReadOnlySpan<float> values) =>
        BitConverter.Int32BitsToSingle(TensorPrimitives.Max(MemoryMarshal.Cast<float, int>(values)));

    /// <summary>
    /// The <paramref name="part"/> quantile of about <see cref="Sampled"/> values spread over [<paramref name="from"/>,
    /// <paramref name="to"/>].
    /// </summary>
    public float Quantile(float part, long from, long to)
    {
        Span<float> values = stackalloc float[Sampled];
        from = Math.Max(0, from);
        to = Math.Min(to, Count - 1);
        if (from > to)
            return 0;
        for (var i = 0; i < Sampled; i++)
            values[i] = _values[from + (to - from) * i / (Sampled - 1)];
        return OrderStatistic.Of(values, (int)(part * Sampled));
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state) => _values.Transfer(state);

    /// <summary>Forgets everything.</summary>
    public void Clear() => _values.Clear();
}
