using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Pipeline.Actors;

namespace Pipeline.Host.Wire;

/// <summary>Dead letters as records of their topic (<c>dead_letter.proto</c>) and back.</summary>
public static class DeadLetterCodec
{
    /// <summary>The version that is written and known.</summary>
    public const uint Version = 1;

    /// <summary>
    /// Longest payload that is kept: a dead letter must fit into a record of Kafka's usual 1 MiB, or it would stop the pipeline instead of
    /// being out of its way. Sizes and hashes say what was there.
    /// </summary>
    public const int MaxPayloadBytes = 512 << 10;

    /// <summary>Longest key that is kept, in the letter and as the record's own; a patient's has 512 bytes at most.</summary>
    public const int MaxKeyBytes = 4 << 10;

    private const int MaxReasonLength = 4_096;

    /// <summary>The key of a letter's record: the original one, or its beginning.</summary>
    public static byte[] Key(DeadLetter letter)
    {
        ArgumentNullException.ThrowIfNull(letter);
        return Beginning(letter.Key, MaxKeyBytes).ToArray();
    }

    /// <summary>The record's value; its key is <see cref="Key"/>. <paramref name="maxPayloadBytes"/>: 0 or more bytes of the payload are kept.</summary>
    public static byte[] Encode(DeadLetter letter, int maxPayloadBytes = MaxPayloadBytes)
    {
        ArgumentNullException.ThrowIfNull(letter);
        ArgumentOutOfRangeException.ThrowIfNegative(maxPayloadBytes);
        var encoded = new V1.DeadLetter
        {
            Version = Version,
            Topic = letter.Origin.Topic,
            Partition = letter.Origin.Partition,
            Offset = letter.Origin.Offset,
            Stage = letter.Stage,
            Reason = letter.Reason.Length <= MaxReasonLength ? letter.Reason : letter.Reason[..MaxReasonLength],
            Key = UnsafeByteOperations.UnsafeWrap(Beginning(letter.Key, MaxKeyBytes)),
            KeySize = (ulong)letter.Key.Length,
            Payload = UnsafeByteOperations.UnsafeWrap(Beginning(letter.Payload, maxPayloadBytes)),
            PayloadSize = (ulong)letter.Payload.Length,
        };
        if (encoded.Key.Length < letter.Key.Length)
            encoded.KeySha256 = Hash(letter.Key);
        if (encoded.Payload.Length < letter.Payload.Length)
            encoded.PayloadSha256 = Hash(letter.Payload);
        return encoded.ToByteArray();
    }

    private static ReadOnlyMemory<byte> Beginning(ReadOnlyMemory<byte> bytes, int most) => bytes[..Math.Min(bytes.Length, most)];

    private static ByteString Hash(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(SHA256.HashData(bytes.Span));

    /// <summary>
    /// Reads a record's value; null when it cannot be read, and then <paramref name="refused"/> says why. <paramref name="complete"/> is
    /// false when payload or key was cut.
    /// </summary>
    public static DeadLetter? Decode(ReadOnlySpan<byte> payload, out bool complete, out string? refused)
    {
        complete = false;
        V1.DeadLetter letter;
        try
        {
            letter = V1.DeadLetter.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException fault)
        {
            refused = $"not a dead letter: {fault.Message}";
            return null;
        }
        refused = letter.Version == Version
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"version {letter.Version} of the dead letter; this reader knows {Version}");
        if (refused is not null)
            return null;
        complete = letter.PayloadSize == (ulong)letter.Payload.Length && (letter.KeySize == 0 || letter.KeySize == (ulong)letter.Key.Length);
        return new DeadLetter(
            letter.Stage, letter.Reason, new Origin(letter.Topic, letter.Partition, letter.Offset), letter.Key.Memory, letter.Payload.Memory);
    }
}
