using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;
using V1 = Pipeline.Host.Wire.V1;

namespace Pipeline.Tests.Kafka;

/// <summary>The codec written by hand against protoc's own, and against broken bytes.</summary>
public sealed class SampleCodecTests
{
    [Fact]
    public void What_is_written_reads_back_equal()
    {
        var decoder = new SampleDecoder();
        Prop.ForAll(AnyChunk().ToArbitrary(), chunk =>
        {
            var read = decoder.Decode(SampleEncoder.Key(chunk.Patient), SampleEncoder.Encode(chunk), out var refused);
            Assert.Null(refused);
            AssertEqual(chunk, read);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_bytes_are_those_of_the_generated_code() =>
        Prop.ForAll(AnyChunk().ToArbitrary(), chunk => Assert.Equal(ToMessage(chunk).ToByteArray(), SampleEncoder.Encode(chunk)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_chunk_of_a_known_stream_costs_its_own_object_alone()
    {
        var chunk = Chunks.Of(0, 125, channels: FourChannels);
        var (key, bytes) = (SampleEncoder.Key(chunk.Patient), SampleEncoder.Encode(chunk));
        var decoder = new SampleDecoder();
        var first = decoder.Decode(key, bytes, out _);
        SampleChunk? second = null;

        var allocated = Allocation.Least(() => { second = decoder.Decode(key, bytes, out _); });

        Assert.InRange(allocated, 1, 200);
        Assert.Same(first?.Channels, second?.Channels);
        Assert.Same(first?.Device, second?.Device);
    }

    [Fact]
    public void Streams_with_the_same_channels_share_one_layout()
    {
        var decoder = new SampleDecoder();

        var layouts = Enumerable.Range(0, 10).Select(p => Chunks.Of(0, 10, patient: $"P{p}", channels: FourChannels))
            .Select(chunk => decoder.Decode(SampleEncoder.Key(chunk.Patient), SampleEncoder.Encode(chunk), out _)?.Channels).Distinct(ReferenceEqualityComparer.Instance);

        Assert.Single(layouts);
    }

    [Fact]
    public void A_flood_of_new_streams_does_not_fill_the_memory()
    {
        var decoder = new SampleDecoder();
        for (var device = 0; device < 40_000; device++)
        {
            var message = ToMessage(Chunks.Of(0, 1));
            message.Stream.Device = $"d{device}";
            Assert.NotNull(decoder.Decode("P1"u8, message.ToByteArray(), out _));
        }

        Assert.InRange(decoder.KnownStreamCount, 1, 16_384);
    }

    [Fact]
    public void Fields_of_a_later_writer_are_passed_over()
    {
        var message = ToMessage(Chunks.Of(0, 10));
        byte[] bytes = [.. message.ToByteArray(), 0xF8, 0x07, 5, 0xFA, 0x07, 2, 1, 2, 0xFD, 0x07, 1, 2, 3, 4];   // fields 127: varint, bytes, fixed32

        Assert.NotNull(new SampleDecoder().Decode("P1"u8, bytes, out _));
    }

    [Theory]
    [InlineData("no value", "")]
    [InlineData("version 2 of the sample chunk; this reader knows 1", "version=2")]
    [InlineData("it has no version", "version=0")]
    [InlineData("no stream", "no stream")]
    [InlineData("key is not the patient", "patient=P2")]
    [InlineData("no device", "device=")]
    [InlineData("device of 65 characters", "long device")]
    [InlineData("bed with the control character U+000A", "bed=a\nb")]
    [InlineData("rate NaN Hz", "rate=NaN")]
    [InlineData("rate 0 Hz", "rate=0")]
    [InlineData("at most 400000 samples per second", "rate=99000 x 8")]
    [InlineData("sample format 7", "format=7")]
    [InlineData("no channels", "no channels")]
    [InlineData("more than 64 channels", "65 channels")]
    [InlineData("gain 0", "gain=0")]
    [InlineData("samples from index", "index=-1")]
    [InlineData("a time from 1800 to 2250", "time")]
    [InlineData("lead-off bits 2 of 1 channels", "lead-off")]
    [InlineData("20 sample bytes; 1 channels of 11 samples of 2 bytes", "count=11")]
    [InlineData("sample bytes; 1 channels of 4294967295 samples", "count=max")]
    public void A_refusal_says_what_was_found(string reason, string change)
    {
        var bytes = change.Length == 0 ? [] : Changed(ToMessage(Chunks.Of(0, 10)), change).ToByteArray();

        Assert.Null(new SampleDecoder().Decode("P1"u8, bytes, out var refused));
        Assert.Contains(reason, refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_is_too_large_is_refused_before_it_is_read()
    {
        var bytes = SampleEncoder.Encode(Chunks.Of(0, 10_000));

        Assert.Null(new SampleDecoder(maxPayloadBytes: 10_000).Decode("P1"u8, bytes, out var refused));
        Assert.Contains("at most 10000 are taken", refused, StringComparison.Ordinal);
    }

    /// <summary>100,000 messages, each with some bytes changed, cut, put in or doubled. Seed 20260701.</summary>
    [Fact]
    public void Broken_bytes_are_refused_with_a_reason_or_read_as_the_generated_code_reads_them()
    {
        var random = new Random(20260701);
        var seeds = AnyChunk().Sample(50, 40).Select(chunk => (Key: SampleEncoder.Key(chunk.Patient), Bytes: SampleEncoder.Encode(chunk))).ToArray();
        var decoder = new SampleDecoder();
        int refusedCount = 0, readCount = 0;

        for (var i = 0; i < 100_000; i++)
        {
            var (key, original) = seeds[random.Next(seeds.Length)];
            var bytes = Mutation.Of(original, random);
            var chunk = decoder.Decode(key, bytes, out var refused);
            if (chunk is null)
            {
                Assert.False(string.IsNullOrWhiteSpace(refused));
                Assert.True(refused.Length < 300, refused);
                refusedCount++;
                continue;
            }
            Assert.Null(refused);
            Assert.Null(chunk.FindFault());
            AssertSame(V1.SampleChunk.Parser.ParseFrom(bytes), chunk);
            readCount++;
        }

        Assert.Equal(100_000, refusedCount + readCount);
        Assert.True(refusedCount > 30_000 && readCount > 1_000, $"{refusedCount} refused, {readCount} read: the mutations do not reach both ways.");
    }

    private static readonly ChannelLayout FourChannels = new(
        new Channel("PPG", SignalKind.Ppg, "1"), new Channel("ACCX", SignalKind.Acc, "g", 4096), new Channel("ACCY", SignalKind.Acc, "g", 4096),
        new Channel("ACCZ", SignalKind.Acc, "g", 4096));

    internal static Gen<SampleChunk> AnyChunk() =>
        from patient in Pseudonym()
        from ward in Name(0)
        from bed in Name(0)
        from device in Name(1)
        from epoch in Gen.Choose(-5, int.MaxValue)
        from rate in Gen.Elements(0.5, 124.945, 125, 250, 4_000)
        from first in Gen.Choose(0, int.MaxValue)
        from count in Gen.Choose(0, 60)
        from layout in Layout()
        from isFloat in Gen.Elements(true, false)
        from bits in Gen.Choose(0, int.MaxValue)
        from end in Gen.Elements(true, false)
        from noise in Gen.Choose(0, int.MaxValue)
        select new SampleChunk
        {
            Patient = new PatientId(patient),
            Ward = ward,
            Bed = bed,
            Device = device,
            Epoch = epoch,
            RateHz = rate,
            FirstSampleIndex = (long)first << (first & 15),
            FirstSampleTime = new Timestamp(1_800_000_000_000_000_000L + first * 1_001L),
            Channels = layout,
            SampleCount = count,
            Format = isFloat ? SampleFormat.Float32 : SampleFormat.Int16,
            Samples = Noise(noise, layout.Count * count * (isFloat ? 4 : 2)),
            LeadOff = (ulong)bits & ((1UL << layout.Count) - 1),
            EndOfStream = end,
        };

    private static Gen<string> Pseudonym() =>
        from length in Gen.Choose(0, 11)
        from letters in Gen.Elements("abcXYZ059-_.äβ心/".ToCharArray()).ArrayOf(length)
        let name = new string(letters)
        select PseudonymForm.Default.FindFault(name) is null && name.Length > 0 ? name : $"{name}é7";

    private static Gen<string> Name(int least) =>
        from length in Gen.Choose(least, 12)
        from letters in Gen.Elements("abcXYZ059-_.äβ心 /".ToCharArray()).ArrayOf(length)
        select new string(letters);

    private static Gen<ChannelLayout> Layout() =>
        from count in Gen.Choose(1, 5)
        from label in Name(0)
        from kind in Gen.Elements(Enum.GetValues<SignalKind>())
        from gain in Gen.Elements(1.0, -0.25, 200, 4096)
        from baseline in Gen.Elements(0.0, -3.5, 1024)
        select new ChannelLayout([.. Enumerable.Range(0, count).Select(c => new Channel(label + c, kind, c == 0 ? "" : "mV", gain, baseline))]);

    [Theory]
    [InlineData(900_000, 60)]
    [InlineData(30_000, 2_000)]
    public void Unknown_fields_that_change_with_each_chunk_take_a_bounded_number_of_bytes(int size, int chunks)
    {
        var decoder = new SampleDecoder();
        var known = ToMessage(Chunks.Of(0, 10)).Stream.ToByteArray();

        for (var i = 0; i < chunks; i++)
        {
            // The stream, and behind it field 99 of a newer writer.
            var stream = new MemoryStream();
            stream.Write(known);
            var unknown = new CodedOutputStream(stream, leaveOpen: true);
            unknown.WriteTag(99, WireFormat.WireType.LengthDelimited);
            unknown.WriteBytes(ByteString.CopyFrom(Noise(i, size)));
            unknown.Flush();
            var record = new MemoryStream();
            var whole = new CodedOutputStream(record, leaveOpen: true);
            whole.WriteTag(1, WireFormat.WireType.Varint);
            whole.WriteUInt32(1);
            whole.WriteTag(2, WireFormat.WireType.LengthDelimited);
            whole.WriteBytes(ByteString.CopyFrom(stream.ToArray()));
            whole.Flush();
            Assert.True(decoder.Decode("P1"u8, record.ToArray(), out var refused) is not null, refused);
        }

        Assert.InRange(decoder.KnownStreamBytes, 0, StreamCache.MaxBytes);
        Assert.InRange(decoder.KnownStreamCount, 0, (int)(StreamCache.MaxBytes / size));
        AssertEqual(Chunks.Of(0, 10), decoder.Decode("P1"u8, SampleEncoder.Encode(Chunks.Of(0, 10)), out _));
    }

    private static byte[] Noise(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static V1.SampleChunk ToMessage(SampleChunk chunk)
    {
        var stream = new V1.Stream
        {
            Patient = chunk.Patient.Value,
            Ward = chunk.Ward,
            Bed = chunk.Bed,
            Device = chunk.Device,
            Epoch = chunk.Epoch,
            RateHz = chunk.RateHz,
            Format = (V1.SampleFormat)chunk.Format,
        };
        foreach (var channel in chunk.Channels.Span)
            stream.Channels.Add(new V1.Channel { Label = channel.Label, Kind = (V1.SignalKind)channel.Kind, Unit = channel.Unit, Gain = channel.Gain, Baseline = channel.Baseline });
        return new V1.SampleChunk
        {
            Version = 1,
            Stream = stream,
            FirstSampleIndex = chunk.FirstSampleIndex,
            FirstSampleTimeNs = chunk.FirstSampleTime.UnixNanoseconds,
            SampleCount = (uint)chunk.SampleCount,
            LeadOff = chunk.LeadOff,
            EndOfStream = chunk.EndOfStream,
            Samples = ByteString.CopyFrom(chunk.Samples.Span),
        };
    }

    private static V1.SampleChunk Changed(V1.SampleChunk message, string change)
    {
        var stream = message.Stream;
        var channel = stream.Channels[0];
        Action act = change switch
        {
            "version=2" => () => message.Version = 2,
            "version=0" => () => message.Version = 0,
            "no stream" => () => message.Stream = null,
            "patient=P2" => () => stream.Patient = "P2",
            "device=" => () => stream.Device = "",
            "long device" => () => stream.Device = new string('d', 65),
            "bed=a\nb" => () => stream.Bed = "a\nb",
            "rate=NaN" => () => stream.RateHz = double.NaN,
            "rate=0" => () => stream.RateHz = 0,
            "rate=99000 x 8" => () =>
            {
                stream.RateHz = 99_000;
                stream.Channels.AddRange(Enumerable.Repeat(channel, 7));
            }
            ,
            "format=7" => () => stream.Format = (V1.SampleFormat)7,
            "no channels" => stream.Channels.Clear,
            "65 channels" => () => stream.Channels.AddRange(Enumerable.Repeat(channel, 64)),
            "gain=0" => () => channel.Gain = 0,
            "index=-1" => () => message.FirstSampleIndex = -1,
            "time" => () => message.FirstSampleTimeNs = long.MinValue,
            "lead-off" => () => message.LeadOff = 2,
            "count=11" => () => message.SampleCount = 11,
            "count=max" => () => message.SampleCount = uint.MaxValue,
            _ => throw new ArgumentOutOfRangeException(nameof(change), change, null),
        };
        act();
        return message;
    }

    private static void AssertEqual(SampleChunk expected, SampleChunk? found)
    {
        Assert.NotNull(found);
        Assert.Equal(
            (expected.Patient, expected.Ward, expected.Bed, expected.Device, expected.Epoch, expected.RateHz, expected.FirstSampleIndex),
            (found.Patient, found.Ward, found.Bed, found.Device, found.Epoch, found.RateHz, found.FirstSampleIndex));
        Assert.Equal(
            (expected.FirstSampleTime, expected.SampleCount, expected.Format, expected.LeadOff, expected.EndOfStream),
            (found.FirstSampleTime, found.SampleCount, found.Format, found.LeadOff, found.EndOfStream));
        Assert.Equal(expected.Channels, found.Channels);
        Assert.True(expected.Samples.Span.SequenceEqual(found.Samples.Span));
    }

    private static void AssertSame(V1.SampleChunk message, SampleChunk chunk)
    {
        var stream = message.Stream;
        Assert.Equal(
            (stream.Patient, stream.Ward, stream.Bed, stream.Device, stream.Epoch, stream.RateHz, message.FirstSampleIndex),
            (chunk.Patient.Value, chunk.Ward, chunk.Bed, chunk.Device, chunk.Epoch, chunk.RateHz, chunk.FirstSampleIndex));
        Assert.Equal(
            (message.FirstSampleTimeNs, (int)message.SampleCount, (int)stream.Format, message.LeadOff, message.EndOfStream),
            (chunk.FirstSampleTime.UnixNanoseconds, chunk.SampleCount, (int)chunk.Format, chunk.LeadOff, chunk.EndOfStream));
        Assert.Equal(stream.Channels.Select(c => (c.Label, c.Unit, c.Gain, c.Baseline)), chunk.Channels.Span.ToArray().Select(c => (c.Label, c.Unit, c.Gain, c.Baseline)));
        Assert.True(message.Samples.Span.SequenceEqual(chunk.Samples.Span));
    }
}
