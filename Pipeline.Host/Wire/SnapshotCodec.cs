using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Pipeline.Actors;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Host.Wire;

/// <summary>Patients' snapshots as bytes (<c>snapshot.proto</c>) and back. Thread-safe.</summary>
public static class SnapshotCodec
{
    /// <summary>The version that is written; it and older ones are read.</summary>
    public const uint Version = 1;

    private const int TopicIdBytes = 16;

    /// <summary>The bytes of a snapshot.</summary>
    public static byte[] Encode(PatientSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var state = new V1.PatientState
        {
            Patient = snapshot.Patient.Value,
            Partition = snapshot.Applied.Partition,
            Offset = snapshot.Applied.Offset,
        };
        state.TopicId = Encode(snapshot.Applied.TopicId);
        state.Seen = new V1.LastSeen { TimeNs = snapshot.Seen.Time.UnixNanoseconds, Offset = snapshot.Seen.Offset };
        foreach (var device in snapshot.Devices)
            state.Devices.Add(Encode(device));
        state.Blocks.AddRange(snapshot.Blocks.Select(Encode));
        var bytes = state.ToByteArray();
        return new V1.Snapshot { Version = Version, Checksum = Crc32C(bytes), State = UnsafeByteOperations.UnsafeWrap(bytes) }.ToByteArray();
    }

    /// <summary>
    /// Reads a snapshot; null when it is damaged or of a newer version, and then <paramref name="refused"/> says why. The snapshot keeps
    /// nothing of <paramref name="bytes"/>.
    /// </summary>
    public static PatientSnapshot? Decode(ReadOnlySpan<byte> bytes, out string? refused)
    {
        try
        {
            var snapshot = V1.Snapshot.Parser.ParseFrom(bytes);
            refused = FindFault(snapshot);
            if (refused is not null)
                return null;
            var state = V1.PatientState.Parser.ParseFrom(snapshot.State);
            refused = FindFault(state);
            if (refused is not null)
                return null;
            var patient = new PatientSnapshot(
                new PatientId(state.Patient),
                new RecordPosition(Decode(state.TopicId), state.Partition, state.Offset),
                [.. state.Devices.Select(Decode)])
            { Blocks = [.. state.Blocks.Select(Decode)] };
            return state.Seen is { } seen ? patient with { Seen = new LastSeen(new Timestamp(seen.TimeNs), seen.Offset) } : patient;
        }
        catch (InvalidProtocolBufferException fault)
        {
            refused = $"not a snapshot: {fault.Message}";
            return null;
        }
    }

    /// <summary>Key of a partition's mark: no patient's, as a pseudonym has no control characters.</summary>
    public static ReadOnlySpan<byte> MarkKey => [0];

    /// <summary>The bytes of a mark.</summary>
    public static byte[] EncodeMark(in ShardMark mark)
    {
        var encoded = new V1.ShardMark
        {
            Version = Version,
            TopicId = Encode(mark.Through.TopicId),
            Partition = mark.Through.Partition,
            Offset = mark.Through.Offset,
        };
        if (mark.Time is { } time)
            encoded.TimeNs = time.UnixNanoseconds;
        foreach (var (task, identity) in mark.Networks.All)
            if (task == RateModel.Task)
                encoded.Model = identity;
            else if (task == QrsModel.Task)
                encoded.QrsModel = identity;
            else
                encoded.Networks.Add(task, identity);
        return encoded.ToByteArray();
    }

    /// <summary>Reads a mark; null when it is damaged or of a newer version, and then <paramref name="refused"/> says why.</summary>
    public static ShardMark? DecodeMark(ReadOnlySpan<byte> bytes, out string? refused)
    {
        try
        {
            var mark = V1.ShardMark.Parser.ParseFrom(bytes);
            refused = mark.Version is 0 or > Version
                ? string.Create(CultureInfo.InvariantCulture, $"version {mark.Version} of the mark; this program reads 1 to {Version}")
                : FindFault(mark.TopicId);
            return refused is not null ? null : new ShardMark(
                new RecordPosition(Decode(mark.TopicId), mark.Partition, mark.Offset), mark.HasTimeNs ? new Timestamp(mark.TimeNs) : null,
                new NetworkNames([(RateModel.Task, mark.Model), (QrsModel.Task, mark.QrsModel), .. mark.Networks.Select(other => (other.Key, other.Value))]));
        }
        catch (InvalidProtocolBufferException fault)
        {
            refused = $"not a mark: {fault.Message}";
            return null;
        }
    }

    /// <summary>CRC-32C (Castagnoli), as iSCSI and Kafka have it: RFC 3720, B.4.</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }

    private static ByteString Encode(Guid topicId) =>
        topicId == Guid.Empty ? ByteString.Empty : ByteString.CopyFrom(topicId.ToByteArray(bigEndian: true));

    private static Guid Decode(ByteString topicId) => topicId.IsEmpty ? Guid.Empty : new Guid(topicId.Span, bigEndian: true);

    private static string? FindFault(ByteString topicId) =>
        topicId.Length is 0 or TopicIdBytes ? null : $"a topic id of {topicId.Length} bytes";

    private static V1.DeviceState Encode(PlacedDevice device)
    {
        var stream = device.Stream;
        var state = new V1.DeviceState
        {
            Device = stream.Device,
            Epoch = stream.Epoch,
            RateHz = stream.RateHz,
            Format = (V1.SampleFormat)stream.Format,
            WindowLengthTicks = stream.Shape.Length.Ticks,
            WindowHopTicks = stream.Shape.Hop.Ticks,
            Ward = device.Ward,
            Bed = device.Bed,
            LastTimeNs = device.LastTime.UnixNanoseconds,
        };
        foreach (var channel in stream.Channels.Span)
            state.Channels.Add(new V1.Channel
            {
                Label = channel.Label,
                Kind = (V1.SignalKind)channel.Kind,
                Unit = channel.Unit,
                Gain = channel.Gain,
                Baseline = channel.Baseline,
            });
        state.Blocks.AddRange(stream.Blocks.Select(Encode));
        return state;
    }

    private static V1.StateBlock Encode(StateBlock block) => new()
    {
        Name = block.Name,
        Version = (uint)block.Version,
        Model = block.Model,
        Bytes = UnsafeByteOperations.UnsafeWrap(block.Bytes),   // not changed any more
    };

    private static StateBlock Decode(V1.StateBlock block) => new(block.Name, (int)block.Version, block.Model, block.Bytes.Memory);

    private static PlacedDevice Decode(V1.DeviceState state) => new(
        new DeviceSnapshot(
            state.Device, state.Epoch, state.RateHz, (SampleFormat)state.Format,
            new ChannelLayout([.. state.Channels.Select(c => new Channel(c.Label, (SignalKind)c.Kind, c.Unit, c.Gain, c.Baseline))]),
            new WindowShape(TimeSpan.FromTicks(state.WindowLengthTicks), TimeSpan.FromTicks(state.WindowHopTicks)),
            [.. state.Blocks.Select(Decode)]),
        state.Ward, state.Bed, new Timestamp(state.LastTimeNs));

    private static string? FindFault(V1.Snapshot snapshot)
    {
        if (snapshot.Version is 0 or > Version)
            return string.Create(CultureInfo.InvariantCulture, $"version {snapshot.Version} of the snapshot; this program reads 1 to {Version}");
        var checksum = Crc32C(snapshot.State.Span);
        return checksum == snapshot.Checksum
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"checksum {checksum:x8} of {snapshot.State.Length} bytes where {snapshot.Checksum:x8} was written: damaged");
    }

    private static string? FindFault(V1.PatientState state) =>
        !PatientId.IsValid(state.Patient) ? "no patient"
        : FindFault(state.TopicId) ?? state.Devices.Select(FindFault).FirstOrDefault(fault => fault is not null);

    private static string? FindFault(V1.DeviceState state)
    {
        if (state.Channels.Count is 0 or > ChannelLayout.MaxChannels)
            return $"device '{state.Device}' with {state.Channels.Count} channels";
        if (state.Channels.Any(c => !double.IsFinite(c.Gain) || c.Gain == 0 || !double.IsFinite(c.Baseline)))
            return $"device '{state.Device}' with a channel without gain";
        if (!Enum.IsDefined((SampleFormat)state.Format))
            return $"device '{state.Device}' with samples of format {state.Format}";
        return WindowShape.FindShapeFault(TimeSpan.FromTicks(state.WindowLengthTicks), TimeSpan.FromTicks(state.WindowHopTicks)) is { } fault
            ? $"device '{state.Device}': {fault}"
            : null;
    }
}

/// <summary>What a checkpoint says of its shard.</summary>
/// <param name="Through">See <see cref="ShardCheckpoint.Through"/>.</param>
/// <param name="Time">See <see cref="ShardCheckpoint.Time"/>.</param>
/// <param name="Networks">See <see cref="ShardCheckpoint.Networks"/>.</param>
public readonly record struct ShardMark(RecordPosition Through, Timestamp? Time = null, NetworkNames Networks = default)
{
    /// <summary>The mark of <paramref name="checkpoint"/>.</summary>
    public static ShardMark Of(ShardCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new ShardMark(checkpoint.Through, checkpoint.Time, checkpoint.Networks);
    }
}
