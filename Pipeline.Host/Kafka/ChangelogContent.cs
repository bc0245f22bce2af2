using System.Text;
using Confluent.Kafka;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>What is committed of a partition of the changelog, as far as it was read. One thread.</summary>
internal sealed class ChangelogContent
{
    /// <summary>Header of a mark: the transactional id of its writer.</summary>
    public const string WriterHeader = "writer";

    /// <summary>Of each patient the newest snapshot.</summary>
    public Dictionary<string, byte[]> Snapshots { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes of the newest snapshots.</summary>
    public long Bytes { get; private set; }

    /// <summary>The newest mark; null when there is none.</summary>
    public byte[]? Mark { get; private set; }

    /// <summary>When it was written.</summary>
    public DateTimeOffset? MarkedAt { get; private set; }

    /// <summary>Transactional id of who wrote the newest mark; null when an older program did, which did not say.</summary>
    public string? Writer { get; private set; }

    /// <summary>Whose snapshot it is; null for a mark.</summary>
    public static string? PatientOf(Message<byte[], byte[]> record) =>
        record.Key.AsSpan().SequenceEqual(SnapshotCodec.MarkKey) ? null : Encoding.UTF8.GetString(record.Key);

    /// <summary>Takes the next record.</summary>
    public void Take(Message<byte[], byte[]> record)
    {
        if (PatientOf(record) is not { } patient)
        {
            (Mark, MarkedAt) = (record.Value, record.Timestamp.UtcDateTime);
            Writer = record.Headers is { } headers && headers.TryGetLastBytes(WriterHeader, out var id) ? Encoding.UTF8.GetString(id) : null;
            return;
        }
        if (Snapshots.Remove(patient, out var before))
            Bytes -= before.Length;
        if (record.Value is not { Length: > 0 } value)
            return;     // a tombstone
        Snapshots.Add(patient, value);
        Bytes += value.Length;
    }
}
