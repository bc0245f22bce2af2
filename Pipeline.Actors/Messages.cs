using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>One record of a partition: as it came, decoded, or refused by the decoder.</summary>
/// <param name="Offset">Its position in the partition; grows, with holes.</param>
/// <param name="Chunk">The chunk; null when the record is refused, or not decoded yet.</param>
/// <param name="Refused">Why and what; null when there is a chunk, or the record is not decoded yet.</param>
/// <param name="Payload">The record's value as it came, for the decoder and for a dead letter; empty when the source has none (a
/// recording).</param>
/// <param name="Key">The record's key as it came, until it is decoded.</param>
public readonly record struct ShardRecord(
    long Offset, SampleChunk? Chunk, DeadLetter? Refused = null, ReadOnlyMemory<byte> Payload = default, ReadOnlyMemory<byte> Key = default);

/// <summary>
/// Reads a record: the chunk, or null with the reason why it is <paramref name="refused"/>. The chunk's samples may be a part of
/// <paramref name="payload"/>. Each partition has one of its own; one thread at a time.
/// </summary>
public delegate SampleChunk? RecordDecoder(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> payload, out string? refused);

/// <summary>Where an output comes from: with device, signal, metric and window id its identity.</summary>
/// <param name="Topic">Input topic, or the recording's name.</param>
/// <param name="Partition">Partition (= shard).</param>
/// <param name="Offset">Offset of the record that completed the window.</param>
public readonly record struct Origin(string Topic, int Partition, long Offset);

/// <summary>One estimate with all that identifies it: a point of the store and a record of the results topic.</summary>
/// <param name="Origin">The record that completed the window.</param>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Ward">Ward that the window's last chunk named.</param>
/// <param name="Bed">Bed that the window's last chunk named.</param>
/// <param name="Device">Device.</param>
/// <param name="Epoch">The device's epoch.</param>
/// <param name="WindowId">Window id within the epoch.</param>
/// <param name="WindowStart">Event time of the window's start.</param>
/// <param name="Time">Event time of the window's end: the point's time.</param>
/// <param name="Estimate">What was estimated.</param>
public sealed record VitalPoint(
    Origin Origin, PatientId Patient, string Ward, string Bed, string Device, long Epoch, long WindowId,
    Timestamp WindowStart, Timestamp Time, Estimate Estimate)
{
    /// <summary>
    /// The event whose point it is; null of an estimate. Then <see cref="WindowStart"/> and <see cref="Time"/> are its begin, the estimate
    /// has the metric of its kind, the length in seconds for value and the probability for quality; <see cref="WindowId"/> is the window
    /// with which it was told. One that lasts is another metric's point than when it is over.
    /// </summary>
    public PatientEvent? Event { get; init; }

    /// <summary>
    /// The change of the patient's alarms whose point it is; null of an estimate and of an event. Then it is of no device and signal,
    /// <see cref="WindowStart"/> is the end of the window with which it was decided, and <see cref="Time"/> that, with the sequence of the
    /// change in the digits below a millisecond.
    /// </summary>
    public AlarmChange? Alarm { get; init; }

    /// <summary>What an autoencoder says of beats, of which the estimate is the most abnormal one; empty of other points.</summary>
    public IReadOnlyList<EncodedBeat> Beats { get; init; } = [];
}

/// <summary>What a point says of an event beside its estimate.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="BeginSeconds">Its begin in the device's epoch: sample position / rate.</param>
/// <param name="EndSeconds">Its end likewise, as far as it is known.</param>
/// <param name="End">Event time of its end, as far as it is known.</param>
/// <param name="IsOver">Whether it has ended.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record PatientEvent(
    EventKind Kind, double BeginSeconds, double EndSeconds, Timestamp End, bool IsOver, EventPriority Priority, string Reason);

/// <summary>One beat with all that identifies it.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Device">Device.</param>
/// <param name="Epoch">The device's epoch.</param>
/// <param name="Seconds">Position in the epoch: sample index / rate.</param>
/// <param name="Beat">The beat.</param>
public readonly record struct BeatPoint(PatientId Patient, string Device, long Epoch, double Seconds, Beat Beat);

/// <summary>Something that could not be used, kept with the reason.</summary>
/// <param name="Stage">Where it failed: <c>decode</c>, <c>chunk</c>, <c>patient</c>, <c>inference</c>, <c>store</c>.</param>
/// <param name="Reason">What was found and what was wanted, for a person.</param>
/// <param name="Origin">The record.</param>
/// <param name="Key">Key of the record, as it came; empty when there is none.</param>
/// <param name="Payload">The record's value, or the refused line, as it came.</param>
public sealed record DeadLetter(string Stage, string Reason, Origin Origin, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Payload);

/// <summary>
/// Output of one shard: of some consecutive records, and of windows of earlier ones that waited for a network. The sink's acknowledgement
/// covers all of it. Not changed after it was handed to a sink.
/// </summary>
public sealed class OutputBatch
{
    /// <summary>The shard.</summary>
    public required int Shard { get; init; }

    /// <summary>Offset of the last record that was handled before it was handed over; windows of it, or of earlier ones, may still wait for
    /// a network.</summary>
    public long LastOffset { get; set; }

    /// <summary>Points; those of one patient in the order in which its windows ended.</summary>
    public List<VitalPoint> Points { get; } = [];

    /// <summary>How alarms stand of patients that a new owner has begun with: for readers who have not seen it; sinks that keep points had
    /// it before.</summary>
    public List<VitalPoint> Standing { get; } = [];

    /// <summary>Beats, for those who want them; most sinks pass over them.</summary>
    public List<BeatPoint> Beats { get; } = [];

    /// <summary>Dead letters.</summary>
    public List<DeadLetter> DeadLetters { get; } = [];

    /// <summary>Bytes of keys and payloads of the dead letters.</summary>
    internal long LetterBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var letter in DeadLetters)
                bytes += letter.Key.Length + letter.Payload.Length;
            return bytes;
        }
    }

    /// <summary>
    /// <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> at which the newest record in here entered its shard's mailbox: for the
    /// latency histogram only.
    /// </summary>
    public long EnteredAt { get; set; }
}
