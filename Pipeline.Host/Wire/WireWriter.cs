using System.Buffers.Binary;
using System.Text;

namespace Pipeline.Host.Wire;

/// <summary>Writes Protobuf fields into a span that is large enough; a field at its default is left out, as proto3 wants it.</summary>
internal ref struct WireWriter(Span<byte> bytes)
{
    private readonly Span<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _bytes[..Position];

    public void Varint(int field, ulong value)
    {
        if (value == 0)
            return;
        Raw((ulong)field << 3 | WireReader.Varint);
        Raw(value);
    }

    public void Fixed64(int field, long value)
    {
        if (value == 0)
            return;
        Raw((ulong)field << 3 | WireReader.Fixed64);
        BinaryPrimitives.WriteInt64LittleEndian(_bytes[Position..], value);
        Position += sizeof(long);
    }

    // By bits, so that minus zero, which is not the default, survives.
    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToInt64Bits(value));

    public void String(int field, string value)
    {
        if (value.Length == 0)
            return;
        Raw((ulong)field << 3 | WireReader.Delimited);
        Raw((ulong)Encoding.UTF8.GetByteCount(value));
        Position += Encoding.UTF8.GetBytes(value, _bytes[Position..]);
    }

    /// <summary>A message or bytes; written even when empty (an empty message is there, too).</summary>
    public void Bytes(int field, scoped ReadOnlySpan<byte> value)
    {
        Raw((ulong)field << 3 | WireReader.Delimited);
        Raw((ulong)value.Length);
        value.CopyTo(_bytes[Position..]);
        Position += value.Length;
    }

    private void Raw(ulong value)
    {
        while (value >= 0x80)
        {
            _bytes[Position++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _bytes[Position++] = (byte)value;
    }
}
