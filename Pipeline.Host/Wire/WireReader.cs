using System.Buffers.Binary;

namespace Pipeline.Host.Wire;

/// <summary>
/// Reads Protobuf fields from a span. Never throws and never reads past the end: a method answers false, and <see cref="Fault"/> says why,
/// whatever the bytes are.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    public const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>What is wrong with the bytes; null as long as nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>Where the next byte is read.</summary>
    public readonly int Position => _position;

    /// <summary>The next field's number and wire type; false at the end, or at a fault.</summary>
    public bool TryReadTag(out int field, out int wireType)
    {
        field = wireType = 0;
        if (_position == _bytes.Length || !TryReadVarint(out var tag))
            return false;
        wireType = (int)(tag & 7);
        if (tag >> 3 is 0 or > 536_870_911)
            return Fail($"field number {tag >> 3} at byte {_position}");
        field = (int)(tag >> 3);
        return true;
    }

    public bool TryReadVarint(out ulong value)
    {
        value = 0;
        if (_position < _bytes.Length && _bytes[_position] < 0x80)
        {
            value = _bytes[_position++];
            return true;
        }
        for (var shift = 0; shift < 64 && _position < _bytes.Length; shift += 7)
        {
            var b = _bytes[_position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return shift < 63 || b <= 1 || Fail($"number of more than 64 bits at byte {_position}");
        }
        return Fail(_position == _bytes.Length ? "cut off in a number" : $"number of more than 64 bits at byte {_position}");
    }

    public bool TryReadFixed64(out ulong value)
    {
        value = 0;
        if (_bytes.Length - _position < sizeof(ulong))
            return Fail("cut off in a 64-bit value");
        value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[_position..]);
        _position += sizeof(ulong);
        return true;
    }

    public bool TryReadDelimited(out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!TryReadVarint(out var length))
            return false;
        if (length > (ulong)(_bytes.Length - _position))
            return Fail($"a field of {length} bytes where {_bytes.Length - _position} are left");
        value = _bytes.Slice(_position, (int)length);
        _position += (int)length;
        return true;
    }

    /// <summary>Passes over a field that this version does not know.</summary>
    public bool TrySkip(int field, int wireType)
    {
        switch (wireType)
        {
            case Varint:
                return TryReadVarint(out _);
            case Fixed64:
                return TryReadFixed64(out _);
            case Delimited:
                return TryReadDelimited(out _);
            case Fixed32:
                if (_bytes.Length - _position < sizeof(uint))
                    return Fail("cut off in a 32-bit value");
                _position += sizeof(uint);
                return true;
            default:
                return Fail($"field {field} has wire type {wireType}");
        }
    }

    /// <summary>Whether a known field has the wire type that its schema gives it.</summary>
    public bool Expect(int field, int wireType, int wanted) =>
        wireType == wanted || Fail($"field {field} has wire type {wireType}, not {wanted}");

    public bool Fail(string fault)
    {
        Fault ??= fault;
        return false;
    }
}
