using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pipeline.Models.State;

/// <summary>
/// One pass over the mutable fields of something stateful, in either direction. A stateful class has one method that hands each of its
/// fields over by reference, in a fixed order: when writing the field is appended to the bytes, when reading it is set from them. So what
/// is written and what is read cannot drift apart.
/// <para>
/// Reading never throws and never reads past the end, whatever the bytes are: after the first <see cref="Fault"/> every further field stays
/// as it is, and the object is to be thrown away. What later serves as an index is handed over with its limits. Used again and again, one
/// thread at a time; little-endian, as the samples are.
/// </para>
/// </summary>
public sealed class StateTransfer
{
    /// <summary>Highest count of samples or records: what a double holds exactly, as <see cref="Signals.SampleChunk.FindFault"/>
    /// demands.</summary>
    private const long MostCount = 1L << 53;

    /// <summary>Longest text: what a chunk's names have room for.</summary>
    private const int MostTextBytes = 1 << 16;

    [ThreadStatic]
    private static StateTransfer? _ofThread;

    private byte[] _written = new byte[4096];
    private ReadOnlyMemory<byte> _read;
    private int _at;

    /// <summary>The thread's own, for work that does not await in between.</summary>
    public static StateTransfer OfThread => _ofThread ??= new StateTransfer();

    /// <summary>Whether fields are set from the bytes; else the bytes are made from the fields.</summary>
    public bool IsReading { get; private set; }

    /// <summary>What is wrong with the bytes being read, for a person; null as long as nothing is, and when writing.</summary>
    public string? Fault { get; private set; }

    /// <summary>Version of the bytes: the writer's own when writing, that or an older one when reading.</summary>
    public int Version { get; private set; }

    /// <summary>Whether this is for going back when a stage throws (<see cref="DeviceStream.Mark"/>), not for a snapshot.</summary>
    public bool IsMark { get; private set; }

    /// <summary>Begins to write; what was written before is gone.</summary>
    public void BeginWriting(int version, bool isMark = false) =>
        (IsReading, Version, IsMark, Fault, _at, _read) = (false, version, isMark, null, 0, default);

    /// <summary>What follows, in either direction, is of another <paramref name="version"/>.</summary>
    public void BeginPart(int version) => Version = version;

    /// <summary>What was written, until the next begins.</summary>
    public ReadOnlySpan<byte> Written => _written.AsSpan(0, _at);

    /// <summary>Ends writing; the bytes are the caller's.</summary>
    public byte[] EndWriting() => _written.AsSpan(0, _at).ToArray();

    /// <summary>Begins to read what <see cref="EndWriting"/> gave.</summary>
    public void BeginReading(ReadOnlyMemory<byte> state, int version) =>
        (IsReading, Version, IsMark, Fault, _at, _read) = (true, version, false, null, 0, state);

    /// <summary>Begins to read what was just written, in place: nothing may be written before it is read.</summary>
    public void BeginReadingBack(int version) => (IsReading, Version, Fault, _at, _read) = (true, version, null, 0, _written.AsMemory(0, _at));

    /// <summary>Ends reading: what is wrong with the bytes, or null; bytes that nobody wanted are wrong, too.</summary>
    public string? EndReading()
    {
        Check(_at == _read.Length, "bytes are left over");
        _read = default;
        return Fault;
    }

    /// <summary>When reading: makes <paramref name="fault"/> the fault unless <paramref name="holds"/>, or there is one already.</summary>
    public void Check(bool holds, string fault)
    {
        if (!holds)
            Fail(fault);
    }

    /// <summary>A number, or a struct of numbers without padding between them; all its values are possible.</summary>
    public void Value<T>(ref T value) where T : unmanaged
    {
        var size = Unsafe.SizeOf<T>();
        if (!IsReading)
            MemoryMarshal.Write(Append(size), value);
        else if (TryRead(size, out var bytes))
            value = MemoryMarshal.Read<T>(bytes);
    }

    /// <summary>A bool, as one byte.</summary>
    public void Value(ref bool value)
    {
        var number = value ? (byte)1 : (byte)0;
        Value(ref number);
        if (number > 1)
            Fail($"a bool of {number}");
        value = number == 1;
    }

    /// <summary>A text, as its length in bytes and its UTF-8; at most <see cref="MostTextBytes"/> are read.</summary>
    public void Text(ref string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var length = IsReading ? 0 : Encoding.UTF8.GetByteCount(text);
        Within(ref length, 0, MostTextBytes);
        if (!IsReading)
            Encoding.UTF8.GetBytes(text, Append(length));
        else if (TryRead(length, out var bytes))
            text = Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The elements of an array whose length follows from how its owner was made.</summary>
    public void Values<T>(Span<T> values) where T : unmanaged
    {
        var count = values.Length;
        Value(ref count);
        if (count != values.Length)
            Fail($"{count} numbers where {values.Length} are wanted");
        Part(values);
    }

    /// <summary>As <see cref="Values"/>, but part of something whose count follows from a field before it.</summary>
    public void Part<T>(Span<T> values) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        if (!IsReading)
            bytes.CopyTo(Append(bytes.Length));
        else if (TryRead(bytes.Length, out var read))
            read.CopyTo(bytes);
    }

    /// <summary>
    /// The <paramref name="count"/> values before place <paramref name="end"/> of a ring, both of which follow from what was handed over
    /// before; the ring of a new object is otherwise as it was made.
    /// </summary>
    public void Ring<T>(T[] ring, int end, int count) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(ring);
        if (Fault is not null)
            return;
        var before = Math.Max(0, count - end);      // they lie at the ring's end
        Part(ring.AsSpan(ring.Length - before));
        Part(ring.AsSpan(end - (count - before), count - before));
    }

    /// <summary>A number in [<paramref name="least"/>, <paramref name="most"/>]: an index or a count.</summary>
    public void Within(ref int value, int least, int most)
    {
        Value(ref value);
        if (value < least || value > most)
            Fail($"{value} where {least} to {most} is possible");
    }

    /// <summary>A count or position in samples, records or pulses: 0 to 2^53.</summary>
    public void Count(ref long value) => Within(ref value, 0);

    /// <summary>A number from <paramref name="least"/> to 2^53.</summary>
    public void Within(ref long value, long least)
    {
        Value(ref value);
        if (value < least || value > MostCount)
            Fail($"{value} where {least} to 2^53 is possible");
    }

    // Apart from the checks: their texts are made when they are wanted, not for every field.
    private void Fail(string fault)
    {
        if (IsReading)
            Fault ??= $"{fault}, at byte {_at} of {_read.Length}";
    }

    private Span<byte> Append(int size)
    {
        if (_written.Length - _at < size)
            Array.Resize(ref _written, Math.Max(2 * _written.Length, _at + size));
        var place = _written.AsSpan(_at, size);
        _at += size;
        return place;
    }

    private bool TryRead(int size, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (_read.Length - _at < size)
            Fail($"cut off in a field of {size} bytes");
        if (Fault is not null)
            return false;
        bytes = _read.Span.Slice(_at, size);
        _at += size;
        return true;
    }
}
