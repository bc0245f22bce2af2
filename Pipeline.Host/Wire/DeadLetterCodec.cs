using System.Globalization;
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
    /// being out of its way. The reason tells when more was there.
    /// </summary>
    public const int MaxPayloadBytes = 512 << 10;

    private const int MaxKeyBytes = 64 << 10;

    /// <summary>The record's value; its key is the original one.</summary>
    public static byte[] Encode(DeadLetter letter)
    {
        ArgumentNullException.ThrowIfNull(letter);
        return new V1.DeadLetter
        {
            Version = Version,
            Topic = letter.Origin.Topic,
            Partition = letter.Origin.Partition,
            Offset = letter.Origin.Offset,
            Stage = letter.Stage,
            Reason = letter.Reason,
            Key = UnsafeByteOperations.UnsafeWrap(letter.Key[..Math.Min(letter.Key.Length, MaxKeyBytes)]),
            Payload = UnsafeByteOperations.UnsafeWrap(letter.Payload[..Math.Min(letter.Payload.Length, MaxPayloadBytes)]),
            PayloadSize = (ulong)letter.Payload.Length,
        }.ToByteArray();
    }

    /// <summary>
    /// Reads a record's value; null when it cannot be read, and then <paramref name="refused"/> says why. <paramref name="complete"/> is
    /// false when the payload was cut.
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
        complete = letter.PayloadSize == (ulong)letter.Payload.Length;
        return new DeadLetter(
            letter.Stage, letter.Reason, new Origin(letter.Topic, letter.Partition, letter.Offset), letter.Key.Memory, letter.Payload.Memory);
    }
}
