using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>A record as the consumer hands it over; key and value are the record's own.</summary>
/// <param name="Key">Its key; empty when it has none.</param>
/// <param name="Payload">Its value.</param>
internal readonly record struct RawRecord(byte[] Key, byte[] Payload);

/// <summary>
/// Copies a record out of the client's memory, once; the partition's graph decodes it. The client reads a record's key first and then its value, on the
/// consumer's thread. Patients' keys repeat: the last ones are used again.
/// </summary>
internal sealed class RecordDeserializer(Func<int, byte[]>? allocate = null) : IDeserializer<Null>, IDeserializer<RawRecord>
{
    // A patient's key has 512 bytes at most; a longer one is a fault of its sender, and kept by nobody.
    private const int MostKeys = 4_096, LongestKey = 512;

    private readonly Dictionary<int, byte[]> _keys = [];
    private byte[] _key = [];

    Null IDeserializer<Null>.Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (data.Length > LongestKey)
        {
            _key = data.ToArray();
            return null!;   // as below
        }
        var hash = new HashCode();
        hash.AddBytes(data);
        var number = hash.ToHashCode();
        if (!_keys.TryGetValue(number, out var known) || !data.SequenceEqual(known))
        {
            if (_keys.Count >= MostKeys)
                _keys.Clear();
            _keys[number] = known = data.ToArray();
        }
        _key = known;
        return null!;   // Null is a class without a value: there is nothing else to answer.
    }

    RawRecord IDeserializer<RawRecord>.Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        // Not cleared first: all of it is written.
        var payload = allocate?.Invoke(data.Length) ?? GC.AllocateUninitializedArray<byte>(data.Length);
        data.CopyTo(payload);
        return new RawRecord(_key, payload);
    }
}
