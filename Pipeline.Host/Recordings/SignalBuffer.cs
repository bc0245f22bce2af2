using System.Runtime.InteropServices;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>Samples of one signal that were read and not yet sent, oldest first, in the recording's sample format.</summary>
internal sealed class SignalBuffer(SampleFormat format)
{
    private readonly int _size = SampleChunk.BytesPerSample(format);
    private byte[] _bytes = new byte[1024];
    private int _head;   // 0 <= _head <= _tail <= _bytes.Length
    private int _tail;
    private bool _isDiscarded;

    /// <summary>Samples that are waiting.</summary>
    public int Count => _isDiscarded ? 0 : (_tail - _head) / _size;

    /// <summary>The waiting samples as they are stored.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_head, _tail - _head);

    /// <summary>Room for <paramref name="count"/> more int16 samples, for the caller to fill.</summary>
    public Span<short> AppendInt16(int count) => MemoryMarshal.Cast<byte, short>(Append(count * sizeof(short)));

    /// <summary>Room for <paramref name="count"/> more float32 samples, for the caller to fill.</summary>
    public Span<float> AppendFloat32(int count) => MemoryMarshal.Cast<byte, float>(Append(count * sizeof(float)));

    /// <summary>Adds <paramref name="count"/> missing samples.</summary>
    public void AppendMissing(int count)
    {
        if (format == SampleFormat.Int16)
            AppendInt16(count).Fill(SampleChunk.MissingInt16);
        else
            AppendFloat32(count).Fill(float.NaN);
    }

    /// <summary>Moves the oldest samples, as many as fit, to <paramref name="destination"/>.</summary>
    public void MoveTo(Span<byte> destination)
    {
        Bytes[..destination.Length].CopyTo(destination);
        Drop(destination.Length / _size);
    }

    /// <summary>Forgets the oldest <paramref name="count"/> samples.</summary>
    public void Drop(int count) => _head += count * _size;

    /// <summary>The waiting sample <paramref name="index"/> as a number in stored units; NaN when it is missing.</summary>
    public double this[int index]
    {
        get
        {
            if (format == SampleFormat.Float32)
                return MemoryMarshal.Cast<byte, float>(Bytes)[index];
            var stored = MemoryMarshal.Cast<byte, short>(Bytes)[index];
            return stored == SampleChunk.MissingInt16 ? double.NaN : stored;
        }
    }

    /// <summary>Nobody wants this signal: what is appended from now on is forgotten at once.</summary>
    public void Discard() => _isDiscarded = true;

    private Span<byte> Append(int byteCount)
    {
        if (_isDiscarded)
            (_head, _tail) = (0, 0);
        if (_tail + byteCount > _bytes.Length)
        {
            var waiting = _tail - _head;
            var target = waiting + byteCount <= _bytes.Length / 2 ? _bytes : new byte[2 * (waiting + byteCount)];
            Bytes.CopyTo(target);
            (_bytes, _head, _tail) = (target, 0, waiting);
        }
        _tail += byteCount;
        return _bytes.AsSpan(_tail - byteCount, byteCount);
    }
}
