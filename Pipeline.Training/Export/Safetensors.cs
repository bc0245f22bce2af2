using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Training.Export;

/// <summary>Weights in the safetensors form: 8 bytes of header length, a JSON header, then the raw little-endian numbers.</summary>
public static class Safetensors
{
    private const long MaxHeader = 100_000_000;

    /// <summary>Writes float32 tensors in the order of their names; the bytes depend on nothing but the tensors and the notes.</summary>
    public static void Save(string path, IReadOnlyDictionary<string, torch.Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var file = File.Create(path);
        Save(file, tensors, metadata);
    }

    /// <summary>The same to a stream.</summary>
    public static void Save(Stream file, IReadOnlyDictionary<string, torch.Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = new SortedDictionary<string, object>(StringComparer.Ordinal);
        var arrays = new List<float[]>();
        long offset = 0;
        foreach (var (name, tensor) in tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            var data = tensor.ToArray();
            var end = offset + data.LongLength * sizeof(float);
            header[name] = new { dtype = "F32", shape = tensor.shape, data_offsets = new[] { offset, end } };
            offset = end;
            arrays.Add(data);
        }
        if (metadata is { Count: > 0 })
            header["__metadata__"] = metadata;
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var padded = (json.Length + 7) / 8 * 8;
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded);
        file.Write(length);
        file.Write(json);
        for (var i = json.Length; i < padded; i++)
            file.WriteByte((byte)' ');
        foreach (var data in arrays)
            file.Write(MemoryMarshal.AsBytes<float>(data));
    }

    /// <summary>Reads float32 tensors.</summary>
    /// <exception cref="InvalidDataException">The file is not safetensors, is cut, or holds another type.</exception>
    public static Dictionary<string, torch.Tensor> Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        using var header = HeaderOf(path, bytes, out var headerLength);
        var tensors = new Dictionary<string, torch.Tensor>();
        foreach (var entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            var type = entry.Value.GetProperty("dtype").GetString();
            var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()).ToArray();
            var range = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(e => e.GetInt64()).ToArray();
            var size = shape.Aggregate(1L, (a, b) => a * b) * sizeof(float);
            if (type != "F32" || range.Length != 2 || range[1] - range[0] != size || range[0] < 0
                || 8 + headerLength + range[1] > bytes.Length)
                throw new InvalidDataException(
                    $"{path}: tensor '{entry.Name}' of type {type}, shape [{string.Join(", ", shape)}], bytes {string.Join("..", range)} "
                    + "is cut or not float32.");
            var data = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)(8 + headerLength + range[0]), (int)size)).ToArray();
            tensors[entry.Name] = torch.tensor(data, shape.AsSpan());
        }
        return tensors;
    }

    /// <summary>The notes that were saved with the tensors.</summary>
    /// <exception cref="InvalidDataException">The file is not safetensors.</exception>
    public static Dictionary<string, string> LoadMetadata(string path)
    {
        using var header = HeaderOf(path, File.ReadAllBytes(path), out _);
        return header.RootElement.TryGetProperty("__metadata__", out var notes)
            ? notes.EnumerateObject().ToDictionary(n => n.Name, n => n.Value.GetString() ?? "", StringComparer.Ordinal)
            : [];
    }

    private static JsonDocument HeaderOf(string path, byte[] bytes, out long length)
    {
        length = bytes.Length >= 8 ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : -1;
        if (length < 2 || length > MaxHeader || 8 + length > bytes.Length)
            throw new InvalidDataException($"{path} is not a safetensors file: its header would take {length} of {bytes.Length} bytes.");
        try
        {
            return JsonDocument.Parse(bytes.AsMemory(8, (int)length));
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path} is not a safetensors file: its header is no JSON: {fault.Message}", fault);
        }
    }
}
