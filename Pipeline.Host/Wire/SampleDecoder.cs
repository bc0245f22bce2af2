using System.Diagnostics.CodeAnalysis;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>
/// Reads sample chunks as <c>chunk.proto</c> says. Whatever the bytes are, it answers with a chunk that a windower may take or with the reason
/// why not; it never throws. What the chunks of a stream have in common is read once and then found by its bytes, so that a chunk costs
/// its own object alone: its samples stay where they are in the record's value. One thread at a time.
/// </summary>
/// <param name="maxPayloadBytes">Largest record value that is read.</param>
/// <param name="form">What the patients' pseudonyms may look like; null: the default.</param>
public sealed class SampleDecoder(int maxPayloadBytes = SampleDecoder.DefaultMaxPayloadBytes, PseudonymForm? form = null)
{
    /// <summary>Largest record value that is read.</summary>
    public const int DefaultMaxPayloadBytes = 4 << 20;

    // 1800 to 2250: within what nanoseconds in 64 bits hold, with room for the sums that are made with a time.
    private const long EarliestNanoseconds = -5_364_662_400L * Timestamp.NanosecondsPerSecond;
    private const long LatestNanoseconds = 8_835_955_200L * Timestamp.NanosecondsPerSecond;

    private readonly PseudonymForm _form = form ?? PseudonymForm.Default;
    private readonly StreamCache _streams = new(form ?? PseudonymForm.Default);

    /// <summary>Streams that are found by their bytes.</summary>
    internal int KnownStreamCount => _streams.Count;

    /// <summary>Bytes of their forms.</summary>
    internal long KnownStreamBytes => _streams.Bytes;

    /// <summary>
    /// Reads one record; null when it is refused, and then <paramref name="refused"/> says what was found and what was wanted. The chunk's
    /// samples are a part of <paramref name="payload"/>, which nobody changes any more.
    /// </summary>
    public SampleChunk? Decode(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> payload, out string? refused)
    {
        refused = null;
        if (payload.IsEmpty)
            refused = "no value";
        else if (payload.Length > maxPayloadBytes)
            refused = $"a value of {payload.Length} bytes; at most {maxPayloadBytes} are taken";
        else if (TryDecode(key, payload, out var chunk, out refused))
            return chunk;
        return null;
    }

    /// <summary>The patient that a record's value names, whatever else is wrong with it; null when it names none.</summary>
    internal PatientId? PatientOf(ReadOnlySpan<byte> payload) => StreamOf(payload)?.Patient;

    /// <summary>The stream that a record's value names, whatever else is wrong with it; null when none can be read.</summary>
    internal StreamHeader? StreamOf(ReadOnlySpan<byte> payload)
    {
        var fields = new ChunkFields();
        var reader = new WireReader(payload);
        _ = ReadFields(ref reader, ref fields);     // what came before the fault counts
        return fields.StreamSeen && _streams.TryGet(fields.Stream, out var stream, out _) ? stream : null;
    }

    private bool TryDecode(
        ReadOnlySpan<byte> key, ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out SampleChunk? chunk, [NotNullWhen(false)] out string? refused)
    {
        chunk = null;
        var fields = new ChunkFields();
        var reader = new WireReader(payload.Span);
        if (!ReadFields(ref reader, ref fields))
        {
            // A newer version may look different in any way: its number, which comes first, says more than the fault it causes.
            refused = fields.Version > SampleEncoder.Version ? Newer(fields.Version) : $"not a sample chunk: {reader.Fault}";
            return false;
        }
        refused = fields.Version switch
        {
            0 => "not a sample chunk: it has no version",
            > SampleEncoder.Version => Newer(fields.Version),
            _ when fields.CommandSeen => null,
            _ => fields.StreamSeen ? null : "no stream (who, which device, which channels)",
        };
        if (refused is null && fields.CommandSeen)
            chunk = CommandCodec.Decode(key, fields.Command, _form, out refused);
        if (chunk is not null)
            return true;
        if (refused is not null || !_streams.TryGet(fields.Stream, out var stream, out refused))
            return false;
        refused = FindFault(key, stream, fields);
        if (refused is not null)
            return false;
        chunk = new SampleChunk
        {
            Patient = stream.Patient,
            Bed = stream.Bed,
            Ward = stream.Ward,
            Device = stream.Device,
            Epoch = stream.Epoch,
            RateHz = stream.RateHz,
            Channels = stream.Channels,
            Format = stream.Format,
            FirstSampleIndex = (long)fields.FirstSampleIndex,
            FirstSampleTime = new Timestamp(fields.FirstSampleTime),
            SampleCount = (int)fields.SampleCount,
            LeadOff = fields.LeadOff,
            EndOfStream = fields.EndOfStream,
            Samples = payload.Slice(fields.SamplesAt, fields.SamplesLength),
        };
        return true;
    }

    private static bool ReadFields(ref WireReader reader, ref ChunkFields fields)
    {
        while (reader.TryReadTag(out var field, out var type))
        {
            var good = field switch
            {
                1 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out fields.Version),
                2 => reader.Expect(field, type, WireReader.Delimited) && (!fields.StreamSeen || reader.Fail("two streams"))
                    && (fields.StreamSeen = reader.TryReadDelimited(out fields.Stream)),
                3 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out fields.FirstSampleIndex),
                4 => reader.Expect(field, type, WireReader.Fixed64) && ReadTime(ref reader, ref fields),
                5 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out fields.SampleCount),
                6 => reader.Expect(field, type, WireReader.Varint) && reader.TryReadVarint(out fields.LeadOff),
                7 => reader.Expect(field, type, WireReader.Varint) && ReadEnd(ref reader, ref fields),
                8 => reader.Expect(field, type, WireReader.Delimited) && ReadSamples(ref reader, ref fields),
                9 => reader.Expect(field, type, WireReader.Delimited) && (fields.CommandSeen = reader.TryReadDelimited(out fields.Command)),
                _ => reader.TrySkip(field, type),
            };
            if (!good)
                return false;
        }
        return reader.Fault is null;
    }

    private static bool ReadTime(ref WireReader reader, ref ChunkFields fields)
    {
        var read = reader.TryReadFixed64(out var bits);
        fields.FirstSampleTime = (long)bits;
        return read;
    }

    private static bool ReadSamples(ref WireReader reader, ref ChunkFields fields)
    {
        var read = reader.TryReadDelimited(out var samples);
        (fields.SamplesAt, fields.SamplesLength) = (reader.Position - samples.Length, samples.Length);
        return read;
    }

    private static bool ReadEnd(ref WireReader reader, ref ChunkFields fields)
    {
        var read = reader.TryReadVarint(out var flag);
        fields.EndOfStream = flag != 0;
        return read;
    }

    private static string? FindFault(ReadOnlySpan<byte> key, StreamHeader stream, in ChunkFields fields)
    {
        if (!key.SequenceEqual(stream.Key))
            return "the record's key is not the patient that the chunk names";
        if (fields.FirstSampleIndex + fields.SampleCount > 1UL << 53 || fields.FirstSampleIndex > 1UL << 53)
            return $"samples from index {fields.FirstSampleIndex} on, {fields.SampleCount} of them; at most 2^53 is possible";
        if (fields.FirstSampleTime is < EarliestNanoseconds or >= LatestNanoseconds)
            return $"first sample at {fields.FirstSampleTime} ns; a time from 1800 to 2250 is wanted";
        var channels = stream.Channels.Count;
        if (channels < ChannelLayout.MaxChannels && fields.LeadOff >> channels != 0)
            return $"lead-off bits {fields.LeadOff:x} of {channels} channels";
        var size = SampleChunk.BytesPerSample(stream.Format);
        if (fields.SampleCount > (ulong)fields.SamplesLength || (ulong)(channels * size) * fields.SampleCount != (ulong)fields.SamplesLength)
            return $"{fields.SamplesLength} sample bytes; {channels} channels of {fields.SampleCount} samples of {size} bytes are wanted";
        return null;
    }

    private static string Newer(ulong version) =>
        $"version {version} of the sample chunk; this reader knows {SampleEncoder.Version}: update it, then replay the dead letters";

    private ref struct ChunkFields
    {
        public ulong Version;
        public bool StreamSeen;
        public ReadOnlySpan<byte> Stream;
        public ulong FirstSampleIndex;
        public long FirstSampleTime;
        public ulong SampleCount;
        public ulong LeadOff;
        public bool EndOfStream;
        public int SamplesAt, SamplesLength;
        public bool CommandSeen;
        public ReadOnlySpan<byte> Command;
    }
}
