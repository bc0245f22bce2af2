using System.Runtime.CompilerServices;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>
/// The last values of a series without end, found by their index from the start. Exactly as large as it has to be. Values may be written
/// ahead, as whole blocks are made at once: they are not there until they are revealed.
/// </summary>
internal struct SampleHistory
{
    private readonly float[] _ring;
    private readonly int _kept;
    private long _count;
    private int _next;      // where the next value goes: _count modulo the length

    /// <param name="kept">Values that are kept.</param>
    /// <param name="ahead">Most values that are written ahead.</param>
    public SampleHistory(int kept, int ahead) => (_kept, _ring) = (kept, new float[kept + ahead]);

    /// <summary>Values so far; the next one has this index.</summary>
    public readonly long Count => _count;

    /// <summary>The oldest value that is kept, also over a restore.</summary>
    public readonly long Oldest => Math.Max(0, _count - _kept);

    /// <summary>
    /// The value at <paramref name="index"/>; 0 before the start and after the end. One that is no longer kept must not be asked for.
    /// </summary>
    public readonly float this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => index < 0 || index >= _count ? 0 : _ring[SlotOf(index)];
    }

    /// <summary>
    /// Writes the next values, at most as many as may be ahead, behind those that are there: they are there when they are revealed.
    /// </summary>
    public readonly void WriteAhead(ReadOnlySpan<float> values)
    {
        var part = Math.Min(values.Length, _ring.Length - _next);
        values[..part].CopyTo(_ring.AsSpan(_next));
        values[part..].CopyTo(_ring);
    }

    /// <summary>The next <paramref name="count"/> values, which were written ahead, are there.</summary>
    public void Reveal(int count)
    {
        var next = _next + count;
        _next = next >= _ring.Length ? next - _ring.Length : next;
        _count += count;
    }

    /// <summary>The <paramref name="count"/> values from <paramref name="first"/> on, all of which are kept, in two parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ReadOnlySpan<float> Slice(long first, int count, out ReadOnlySpan<float> rest)
    {
        var slot = count == 0 ? 0 : SlotOf(first);
        var part = Math.Min(count, _ring.Length - slot);
        rest = _ring.AsSpan(0, count - part);
        return _ring.AsSpan(slot, part);
    }

    /// <summary>The values from <paramref name="first"/> on; those before the start are 0, those not there yet like the last one.</summary>
    public readonly void CopyTo(Span<float> values, long first)
    {
        var early = (int)Math.Clamp(-first, 0, values.Length);
        var there = (int)Math.Clamp(_count - first, early, values.Length);
        values[..early].Clear();
        Slice(first + early, there - early, out var rest).CopyTo(values[early..]);
        rest.CopyTo(values[(there - rest.Length)..]);
        if (there < values.Length)
            values[there..].Fill(this[_count - 1]);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Count(ref _count);
        TransferValues(state);
    }

    /// <summary>The same for one that has as many values as <paramref name="other"/>, which was handed over before.</summary>
    public void TransferBeside(StateTransfer state, in SampleHistory other)
    {
        _count = other._count;
        TransferValues(state);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _count = _next = 0;

    private void TransferValues(StateTransfer state)
    {
        _next = (int)(_count % _ring.Length);
        state.Ring(_ring, _next, (int)Math.Min(_count, _kept));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int SlotOf(long index)
    {
        var slot = _next - (int)(_count - index);
        return slot < 0 ? slot + _ring.Length : slot;
    }
}
