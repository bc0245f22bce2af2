using System.Text;
using System.Text.Unicode;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>What the chunks of a stream have in common, read and checked.</summary>
internal sealed class StreamHeader
{
    /// <summary>Longest name of a ward, bed, device, label or unit, in characters: several become tags of every point.</summary>
    public const int MaxNameLength = PatientId.MaxLength;

    // A ring of 2 x 8 s of float32 takes 25 MiB at this rate; a device with more is not a patient's.
    private const double MaxSamplesPerSecond = 400_000;
    private const double MaxRateHz = 100_000;
    private const double MinGain = 1e-12, MaxMagnitude = 1e12;

    public required PatientId Patient { get; init; }

    public required byte[] Key { get; init; }

    public required string Ward { get; init; }

    public required string Bed { get; init; }

    public required string Device { get; init; }

    public required long Epoch { get; init; }

    public required double RateHz { get; init; }

    public required SampleFormat Format { get; init; }

    public required ChannelLayout Channels { get; init; }

    /// <summary>Reads the bytes of <c>Stream</c>; null when they are refused.</summary>
    public static StreamHeader? Read(ReadOnlySpan<byte> bytes, out string? refused)
    {
        string patient = "", ward = "", bed = "", device = "";
        ulong epoch = 0, format = 0, rate = 0;
        var channels = new List<Channel>();
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var field, out var type))
        {
            var good = field switch
            {
                1 => TryReadName(ref reader, field, type, "patient", out patient),
                2 => TryReadName(ref reader, field, type, "ward", out ward),
                3 => TryReadName(ref reader, field, type, "bed", out bed),
                4 => TryReadName(ref reader, field, type, "device", out device),
                5 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out epoch),
                6 => reader.Expect(field, type, WireReader.Fixed64) && reader.TryReadFixed64(out rate),
                7 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out format),
                8 => reader.Expect(field, type, WireReader.Delimited) && TryReadChannel(ref reader, channels),
                _ => reader.TrySkip(field, type),
            };
            if (!good)
                break;
        }
        var rateHz = BitConverter.UInt64BitsToDouble(rate);
        refused = reader.Fault is { } fault ? $"stream: {fault}" : FindFault(patient, device, rateHz, format, channels.Count);
        return refused is not null ? null : new StreamHeader
        {
            Patient = new PatientId(patient),
            Key = Encoding.UTF8.GetBytes(patient),
            Ward = ward,
            Bed = bed,
            Device = device,
            Epoch = (long)epoch,
            RateHz = rateHz,
            Format = (SampleFormat)format,
            Channels = new ChannelLayout([.. channels]),
        };
    }

    private static string? FindFault(string patient, string device, double rateHz, ulong format, int channels)
    {
        if (patient.Length == 0)
            return "no patient";
        if (device.Length == 0)
            return "no device";
        if (!(rateHz > 0 && rateHz <= MaxRateHz))
            return $"rate {rateHz} Hz; more than 0 and at most {MaxRateHz} is wanted";
        if (format > (ulong)SampleFormat.Float32)
            return $"sample format {format}; 0 (int16) or 1 (float32) is wanted";
        if (channels == 0)
            return "no channels";
        return rateHz * channels <= MaxSamplesPerSecond
            ? null
            : $"{channels} channels at {rateHz} Hz; at most {MaxSamplesPerSecond} samples per second are taken of a device";
    }

    private static bool TryReadName(ref WireReader reader, int field, int type, string what, out string name)
    {
        name = "";
        if (!reader.Expect(field, type, WireReader.Delimited) || !reader.TryReadDelimited(out var bytes))
            return false;
        if (bytes.Length > 4 * MaxNameLength || !Utf8.IsValid(bytes))
            return reader.Fail(bytes.Length > 4 * MaxNameLength ? $"a {what} of {bytes.Length} bytes" : $"{what} is not UTF-8");
        name = Encoding.UTF8.GetString(bytes);
        if (name.Length > MaxNameLength)
            return reader.Fail($"a {what} of {name.Length} characters; at most {MaxNameLength} are taken");
        foreach (var c in name)
            if (char.IsControl(c))
                return reader.Fail($"{what} with the control character U+{(int)c:X4}");
        return true;
    }

    private static bool TryReadChannel(ref WireReader outer, List<Channel> channels)
    {
        if (!outer.TryReadDelimited(out var bytes))
            return false;
        if (channels.Count == ChannelLayout.MaxChannels)
            return outer.Fail($"more than {ChannelLayout.MaxChannels} channels");
        string label = "", unit = "";
        ulong kind = 0, gain = 0, baseline = 0;
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var field, out var type))
        {
            var good = field switch
            {
                1 => TryReadName(ref reader, field, type, "label", out label),
                2 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out kind),
                3 => TryReadName(ref reader, field, type, "unit", out unit),
                4 => reader.Expect(field, type, WireReader.Fixed64) && reader.TryReadFixed64(out gain),
                5 => reader.Expect(field, type, WireReader.Fixed64) && reader.TryReadFixed64(out baseline),
                _ => reader.TrySkip(field, type),
            };
            if (!good)
                break;
        }
        var channel = new Channel(
            label, ToKind(kind), unit, BitConverter.UInt64BitsToDouble(gain), BitConverter.UInt64BitsToDouble(baseline));
        if (reader.Fault is { } fault)
            return outer.Fail($"channel {channels.Count}: {fault}");
        if (!(Math.Abs(channel.Gain) is >= MinGain and <= MaxMagnitude) || !(Math.Abs(channel.Baseline) <= MaxMagnitude))
            return outer.Fail($"channel {channels.Count} has gain {channel.Gain} and baseline {channel.Baseline}; a gain of {MinGain} to {MaxMagnitude} is wanted");
        channels.Add(channel);
        return true;
    }

    // A kind that a newer writer knows is carried as unknown: counted, never estimated from.
    private static SignalKind ToKind(ulong kind) =>
        kind <= int.MaxValue && Enum.IsDefined((SignalKind)(int)kind) ? (SignalKind)(int)kind : SignalKind.Unknown;
}
