using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Pipeline.Models.Packages;

/// <summary>Reads float32 tensors from the bytes of a safetensors file: 8 bytes of header length, a JSON header, little-endian
/// numbers.</summary>
/// <param name="name">Whose file it is, for messages.</param>
/// <param name="bytes">The file.</param>
internal sealed class SafetensorsReader(string name, byte[] bytes)
{
    private const int LengthBytes = 8;
    private readonly int _headerLength = HeaderLength(name, bytes);

    /// <summary>The numbers of <paramref name="tensor"/>, row-major; without <paramref name="shape"/> it may have any.</summary>
    /// <exception cref="InvalidDataException">It is not there, cut, of another type or shape.</exception>
    public float[] Row(string tensor, params ReadOnlySpan<long> shape)
    {
        try
        {
            using var header = JsonDocument.Parse(bytes.AsMemory(LengthBytes, _headerLength));
            if (!header.RootElement.TryGetProperty(tensor, out var entry))
                throw new InvalidDataException($"{name}: the weights have no '{tensor}'.");
            long[] found = [.. entry.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
            long[] range = [.. entry.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64())];
            var size = found.Aggregate(1L, (a, b) => a * b) * sizeof(float);
            var start = LengthBytes + _headerLength;
            if (entry.GetProperty("dtype").GetString() != "F32" || range.Length != 2 || range[0] < 0 || range[1] - range[0] != size || start + range[1] > bytes.Length)
                throw new InvalidDataException($"{name}: the tensor '{tensor}' is cut or not float32.");
            if (shape.Length > 0 && !shape.SequenceEqual(found))
                throw new InvalidDataException($"{name}: the tensor '{tensor}' has the shape [{string.Join(", ", found)}]; [{string.Join(", ", shape.ToArray())}] is wanted.");
            return MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)(start + range[0]), (int)size)).ToArray();
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{name}: the header of the weights cannot be read: {fault.Message}", fault);
        }
    }

    private static int HeaderLength(string name, byte[] bytes)
    {
        var length = bytes.Length >= LengthBytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : -1;
        return length >= 2 && LengthBytes + length <= bytes.Length
            ? (int)length
            : throw new InvalidDataException($"{name}: the weights are no safetensors file: the header would take {length} of {bytes.Length} bytes.");
    }
}
