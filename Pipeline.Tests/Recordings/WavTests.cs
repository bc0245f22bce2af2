using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

public sealed class WavTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_coding_gives_parts_of_full_scale()
    {
        double[] half = [0, 0.5, -0.5, 0.25];

        Assert.Equal(half, Read(Wav(1, 8, 1, [128, 192, 64, 160])));
        Assert.Equal(half, Read(Wav(1, 16, 1, [0, 0, 0, 0x40, 0, 0xC0, 0, 0x20])));
        Assert.Equal(half, Read(Wav(1, 24, 1, [0, 0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x20])));
        Assert.Equal(half, Read(Wav(1, 32, 1, [0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0xC0, 0, 0, 0, 0x20])));
        Assert.Equal(half, Read(Wav(3, 32, 1, [.. half.SelectMany(value => BitConverter.GetBytes((float)value))])));
        Assert.Equal(half, Read(Wav(3, 64, 1, [.. half.SelectMany(BitConverter.GetBytes)])));
        Assert.Equal([double.NaN, 1], Read(Wav(3, 32, 1, [.. BitConverter.GetBytes(float.NaN), .. BitConverter.GetBytes(1f)])));
    }

    [Fact]
    public void A_lone_channel_is_a_heart_sound_and_several_are_numbered()
    {
        using var recording = Reading.Open(_folder.Write("r.wav", Wav(1, 16, 2, [1, 0, 2, 0, 3, 0, 4, 0])), ["PCG2=ecg"]);

        var values = Reading.Physical(recording);

        Assert.Equal([("PCG1", SignalKind.HeartSound), ("PCG2", SignalKind.Ecg)], recording.Devices[0].Channels.Span.ToArray().Select(channel => (channel.Label, channel.Kind)));
        Assert.Equal([2 / 32768.0, 4 / 32768.0], values["PCG2"]);
    }

    [Fact]
    public void Full_scale_below_is_a_sample_and_not_a_missing_one() =>
        Assert.Equal([-32767 / 32768.0, 32767 / 32768.0], Read(Wav(1, 16, 1, [0, 0x80, 0xFF, 0x7F])));

    [Fact]
    public void Other_chunks_are_passed_over_and_a_length_that_was_never_written_is_the_files()
    {
        var plain = Wav(1, 16, 1, [1, 0, 2, 0]);
        byte[] tagged = [.. plain[..12], (byte)'L', (byte)'I', (byte)'S', (byte)'T', 3, 0, 0, 0, 9, 9, 9, 0, .. plain[12..]];
        byte[] open = [.. plain[..40], 0xFF, 0xFF, 0xFF, 0xFF, .. plain[44..]];

        Assert.Equal(Read(plain), Read(tagged));
        Assert.Equal(Read(plain), Read(open));
    }

    [Theory]
    [InlineData(0u, null)]
    [InlineData(0xFFFF_FFFFu, null)]
    [InlineData(0x7FFF_FFFFu, null)]
    [InlineData(0x7FFF_F000u, null)]
    [InlineData(8u, null)]
    [InlineData(52u, "the header names 52 bytes of samples and 8 are there: 8 are read")]
    [InlineData(4u, "the header names 4 bytes of samples and 8 are there: 8 are read")]
    public void A_wrong_length_gives_the_samples_that_are_there_and_is_said(uint size, string? note)
    {
        byte[] wav = Wav(1, 16, 1, [1, 0, 2, 0, 0xF0, 0xFF, 0xF1, 0xFF]);
        BitConverter.TryWriteBytes(wav.AsSpan(40), size);

        using var recording = Reading.Open(_folder.Write("r.wav", wav));

        Assert.Equal([1, 2, -16, -15], Reading.Physical(recording)["PCG"].Select(value => value * 32768));
        Assert.Equal(note, recording.Notes.FirstOrDefault(said => said != recording.ChannelsNote));
    }

    [Fact]
    public void The_long_form_RF64_has_its_length_in_a_chunk_of_its_own()
    {
        var plain = Wav(1, 16, 1, [1, 0, 2, 0]);
        byte[] sizes = [.. "ds64"u8, 28, 0, 0, 0, .. new byte[8], 4, 0, 0, 0, 0, 0, 0, 0, .. new byte[12]];
        byte[] list = [.. "LIST"u8, 2, 0, 0, 0, 9, 9];
        byte[] withSizes = [.. "RF64"u8, 255, 255, 255, 255, .. plain[8..12], .. sizes, .. plain[12..40], 255, 255, 255, 255, .. plain[44..], .. list];
        byte[] without = [.. "RF64"u8, .. plain[4..]];

        Assert.Equal(Read(plain), Read(withSizes));
        Assert.Equal(Read(plain), Read(without));
    }

    [Fact]
    public void Chunks_behind_the_samples_are_no_samples_and_padding_that_was_left_out_is_not_missed()
    {
        var plain = Wav(1, 16, 1, [1, 0, 2, 0]);
        byte[] unpadded = [.. plain[..12], .. "LIST"u8, 3, 0, 0, 0, 9, 9, 9, .. plain[12..]];

        Assert.Equal(Read(plain), Read([.. plain, .. "LIST"u8, 2, 0, 0, 0, 9, 9]));
        Assert.Equal(Read(plain), Read(unpadded));
    }

    [Fact]
    public void What_cannot_be_followed_is_one_clear_line()
    {
        var good = Wav(1, 16, 1, [1, 0, 2, 0]);
        void Refused(string said, byte[] bytes) => Assert.Contains(said, Assert.ThrowsAny<RecordingException>(() => Read(bytes)).Message, StringComparison.Ordinal);

        Refused("is empty, or is no regular file", []);
        Refused("does not begin like a WAV file", [.. "RIFX"u8, .. good[4..]]);
        Refused("ends within its format: truncated?", good[..30]);
        Refused("holds no samples: truncated?", good[..40]);
        Refused("no samples", good[..44]);
        Refused("coding 2 with 16 bits", Wav(2, 16, 1, [0, 0]));
        Refused("coding 1 with 12 bits", Wav(1, 12, 1, [0, 0]));
        Refused("0 channels", Wav(1, 16, 0, [0, 0]));
    }

    private double[] Read(byte[] wav) => Reading.OneSignal(_folder.Write("r.wav", wav));

    private static byte[] Wav(ushort coding, ushort bits, ushort channels, byte[] samples)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("RIFF"u8);
        writer.Write(36 + samples.Length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write(coding);
        writer.Write(channels);
        writer.Write(1000);
        writer.Write(1000 * channels * bits / 8);
        writer.Write((ushort)(channels * bits / 8));
        writer.Write(bits);
        writer.Write("data"u8);
        writer.Write(samples.Length);
        writer.Write(samples);
        writer.Flush();
        return stream.ToArray();
    }
}
