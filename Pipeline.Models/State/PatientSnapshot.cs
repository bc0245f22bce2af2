using Pipeline.Models.Signals;

namespace Pipeline.Models.State;

/// <summary>A record of an input topic: by the topic's id, because a topic that is made again under its old name counts from 0
/// again.</summary>
/// <param name="TopicId">Id of the topic; all zeros where the source has none.</param>
/// <param name="Partition">Partition (= shard).</param>
/// <param name="Offset">Offset of the record; −1 before the first.</param>
public readonly record struct RecordPosition(Guid TopicId, int Partition, long Offset);

/// <summary>One device at the patient: its stream, and what the chunk that was last taken of it said.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Ward">Ward of the patient.</param>
/// <param name="Bed">Bed of the patient.</param>
/// <param name="LastTime">Event time of that chunk's first sample.</param>
public sealed record PlacedDevice(DeviceSnapshot Stream, string Ward, string Bed, Timestamp LastTime);

/// <summary>When a shard saw a patient last, by what it had seen of all its patients: a function of the partition's records.</summary>
/// <param name="Time">Latest event time of the shard, the patient's last record included.</param>
/// <param name="Offset">That record.</param>
public readonly record struct LastSeen(Timestamp Time, long Offset);

/// <summary>The whole state of one patient after one record. Immutable.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Applied">The last record that is in the state.</param>
/// <param name="Devices">The devices, in the order in which their streams began.</param>
public sealed record PatientSnapshot(PatientId Patient, RecordPosition Applied, IReadOnlyList<PlacedDevice> Devices)
{
    /// <summary>What is the patient's and no device's.</summary>
    public IReadOnlyList<StateBlock> Blocks { get; init; } = [];

    /// <summary>When the patient was seen last; of a snapshot that does not say, what its devices do.</summary>
    public LastSeen Seen { get; init; } = new(Devices.Count == 0 ? default : Devices.Max(device => device.LastTime), Applied.Offset);
}
