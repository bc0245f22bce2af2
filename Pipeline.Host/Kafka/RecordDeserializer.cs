using Confluent.Kafka;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Kafka;

/// <summary>A record as the consumer hands it over.</summary>
/// <param name="Chunk">The chunk; null when the decoder refused it.</param>
/// <param name="Refused">Why it did.</param>
/// <param name="Key">A refused record's key.</param>
/// <param name="Payload">The record's value; the chunk's samples are a part of it.</param>
internal readonly record struct SampleRecord(SampleChunk? Chunk, string? Refused, byte[]? Key, byte[] Payload);

/// <summary>Makes a record of its key and its value, which is the record's own from now on. Called by the consumer's thread.</summary>
internal delegate SampleRecord RecordDecoder(ReadOnlySpan<byte> key, byte[] payload);

/// <summary>
/// Decodes what the client hands over; a record's value is copied once, out of the client's memory. The client reads a record's key first and
/// then its value, on the consumer's thread: the key is kept for the value, which has to agree with it.
/// </summary>
internal sealed class RecordDeserializer(RecordDecoder decode) : IDeserializer<Null>, IDeserializer<SampleRecord>
{
    private byte[] _key = new byte[64];
    private int _keyLength;

    Null IDeserializer<Null>.Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (data.Length > _key.Length)
            _key = new byte[data.Length];
        data.CopyTo(_key);
        _keyLength = data.Length;
        return null!;   // Null is a class without a value: there is nothing else to answer.
    }

    SampleRecord IDeserializer<SampleRecord>.Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        // Not cleared first: all of it is written.
        var payload = GC.AllocateUninitializedArray<byte>(data.Length);
        data.CopyTo(payload);
        return decode(_key.AsSpan(0, _keyLength), payload);
    }
}
