using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Pipeline.Models.Signals;

/// <summary>How samples are stored on the wire.</summary>
public enum SampleFormat
{
    /// <summary>Little-endian signed 16 bit; −32768 is a missing sample.</summary>
    Int16 = 0,

    /// <summary>Little-endian IEEE 754 binary32; NaN is a missing sample.</summary>
    Float32 = 1,
}

/// <summary>
/// The unit on the wire: some simultaneous samples (typically one second) of every channel of one device of one patient. Immutable; the
/// sample bytes stay as they came until a stage needs them as numbers, and belong to the chunk (they are not reused).
/// </summary>
public sealed record SampleChunk
{
    /// <summary>Stored value of a missing sample in <see cref="SampleFormat.Int16"/> (as in WFDB format 16).</summary>
    public const short MissingInt16 = short.MinValue;

    private static readonly ChannelLayout CommandChannels = new([new Channel("command", SignalKind.Unknown, "")]);

    /// <summary>Whose samples these are.</summary>
    public required PatientId Patient { get; init; }

    /// <summary>Bed of the patient at this time; may be empty.</summary>
    public required string Bed { get; init; }

    /// <summary>Ward of the patient at this time; may be empty.</summary>
    public required string Ward { get; init; }

    /// <summary>Device, unique within the patient; not empty.</summary>
    public required string Device { get; init; }

    /// <summary>Grows when the device restarts; sample indices count from 0 in each epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>Samples per second and channel; finite and positive.</summary>
    public required double RateHz { get; init; }

    /// <summary>Index, in the epoch, of the first sample; 0 or more.</summary>
    public required long FirstSampleIndex { get; init; }

    /// <summary>The device's own time of the first sample.</summary>
    public required Timestamp FirstSampleTime { get; init; }

    /// <summary>The channels, in the order of <see cref="Samples"/>.</summary>
    public required ChannelLayout Channels { get; init; }

    /// <summary>Samples per channel; 0 or more (0 only says that a stream ends, or that leads are off).</summary>
    public required int SampleCount { get; init; }

    /// <summary>How <see cref="Samples"/> are stored.</summary>
    public required SampleFormat Format { get; init; }

    /// <summary>The stored samples, channel after channel: [channels x samples], little-endian.</summary>
    public required ReadOnlyMemory<byte> Samples { get; init; }

    /// <summary>Bit c is set when the device says that channel c has no contact (lead-off) in this chunk.</summary>
    public ulong LeadOff { get; init; }

    /// <summary>Whether no further chunk of this epoch follows: the tail shorter than a hop is then given to the estimators.</summary>
    public bool EndOfStream { get; init; }

    /// <summary>What somebody wants of the patient's alarms; then there is nothing else: no device, no samples. Null of samples.</summary>
    public AlarmCommand? Command { get; init; }

    /// <summary>Index after the last sample of the chunk.</summary>
    public long EndSampleIndex => FirstSampleIndex + SampleCount;

    /// <summary>A chunk without samples that names a stream: from it a factory makes the stream's stages.</summary>
    public static SampleChunk Empty(
        PatientId patient, string device, long epoch, double rateHz, ChannelLayout channels, SampleFormat format) =>
        new()
        {
            Patient = patient,
            Bed = "",
            Ward = "",
            Device = device,
            Epoch = epoch,
            RateHz = rateHz,
            FirstSampleIndex = 0,
            FirstSampleTime = default,
            Channels = channels,
            SampleCount = 0,
            Format = format,
            Samples = default,
        };

    /// <summary>A command in the place of samples: before all event time, as its own is no device's.</summary>
    public static SampleChunk Of(PatientId patient, AlarmCommand command) =>
        Empty(patient, "command", 0, 1, CommandChannels, SampleFormat.Int16) with { Command = command };

    /// <summary>Bytes of one stored sample.</summary>
    public static int BytesPerSample(SampleFormat format) => format == SampleFormat.Int16 ? 2 : 4;

    /// <summary>
    /// The stored samples of <paramref name="channel"/> when the format is <see cref="SampleFormat.Int16"/>, without a copy.
    /// </summary>
    public ReadOnlySpan<short> Int16(int channel) =>
        MemoryMarshal.Cast<byte, short>(Samples.Span.Slice(channel * SampleCount * sizeof(short), SampleCount * sizeof(short)));

    /// <summary>
    /// The stored samples of <paramref name="channel"/> when the format is <see cref="SampleFormat.Float32"/>, without a copy.
    /// </summary>
    public ReadOnlySpan<float> Float32(int channel) =>
        MemoryMarshal.Cast<byte, float>(Samples.Span.Slice(channel * SampleCount * sizeof(float), SampleCount * sizeof(float)));

    /// <summary>The part of it before sample <paramref name="end"/> of the epoch, and then the stream ends; itself when it ends
    /// before.</summary>
    public SampleChunk Before(long end)
    {
        if (end >= EndSampleIndex)
            return this;
        var (size, count) = (BytesPerSample(Format), (int)Math.Max(0, end - FirstSampleIndex));
        var part = new byte[Channels.Count * count * size];
        for (var c = 0; c < Channels.Count; c++)
            Samples.Slice(c * SampleCount * size, count * size).CopyTo(part.AsMemory(c * count * size));
        return this with { SampleCount = count, Samples = part, EndOfStream = true };
    }

    /// <summary>
    /// What is wrong with the chunk as it stands, or null when a windower may take it: rate finite and in (0, 100 kHz], index not negative,
    /// bytes = channels x samples x size, names present, end index within 2^53.
    /// </summary>
    public string? FindFault()
    {
        if (Patient.Value is null)
            return "no patient";
        if (string.IsNullOrEmpty(Device) || Device.Length > PatientId.MaxLength)
            return $"device name of {Device?.Length ?? 0} characters; 1 to {PatientId.MaxLength} are wanted";
        if (!double.IsFinite(RateHz) || RateHz <= 0 || RateHz > 100_000)
            return $"rate {RateHz} Hz; more than 0 and at most 100000 is wanted";
        if (FirstSampleIndex < 0 || FirstSampleIndex > 1L << 53 || SampleCount < 0)
            return $"first sample index {FirstSampleIndex}, {SampleCount} samples";
        var bytes = (long)Channels.Count * SampleCount * BytesPerSample(Format);
        return bytes == Samples.Length
            ? null
            : $"{Samples.Length} sample bytes where {Channels.Count} channels of {SampleCount} samples take {bytes}";
    }

    static SampleChunk()
    {
        // The spans above read the wire's bytes in place, which is right on little-endian machines only.
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException(
                $"Samples are read in place; {nameof(BinaryPrimitives)} would be needed on a big-endian machine.");
    }
}
