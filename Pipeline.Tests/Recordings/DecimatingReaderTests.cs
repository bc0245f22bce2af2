using System.Buffers.Binary;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

public sealed class DecimatingReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(44_100, 11)]
    [InlineData(48_000, 12)]
    [InlineData(16_000, 4)]
    public void Audio_is_decimated_and_what_is_audible_to_a_heart_stays_where_it_was(int rateHz, int factor)
    {
        // 0.5 s of silence, 1 s of 120 Hz, and 9 kHz, that would alias, all along (7 kHz for the slow one).
        var alias = rateHz > 20_000 ? 9000 : 7000;
        var samples = Enumerable.Range(0, 2 * rateHz).Select(i => i / (double)rateHz)
            .Select(t => (t is >= 0.5 and < 1.5 ? 0.3 * Math.Sin(2 * Math.PI * 120 * (t - 0.5)) : 0) + 0.4 * Math.Sin(2 * Math.PI * alias * t)).ToArray();

        using var recording = Reading.Open(_folder.Write("r.wav", Wav(samples, rateHz)));
        var values = Reading.Physical(recording)["PCG"];

        Assert.Equal((double)rateHz / factor, recording.Devices[0].RateHz, 9);
        Assert.Contains(recording.Notes, note => note.Contains("decimated", StringComparison.Ordinal));
        Assert.Equal((2 * rateHz + factor - 1) / factor, values.Length);
        for (var i = 20; i < values.Length - 20; i++)
        {
            var t = i * (double)factor / rateHz;
            if (Math.Abs(t - 0.5) > 0.01 && Math.Abs(t - 1.5) > 0.01)
                Assert.Equal(t is >= 0.5 and < 1.5 ? 0.3 * Math.Sin(2 * Math.PI * 120 * (t - 0.5)) : 0, values[i], 0.001);
        }
    }

    [Fact]
    public void Slow_recordings_are_read_as_they_are()
    {
        using var recording = Reading.Open(_folder.Write("r.wav", Wav([0, 0.25, -0.25], 2000)));

        Assert.Equal(2000, recording.Devices[0].RateHz);
        Assert.Equal([0, 0.25, -0.25], Reading.Physical(recording)["PCG"]);
    }

    private static byte[] Wav(double[] samples, int rateHz)
    {
        var wav = new byte[44 + 2 * samples.Length];
        "RIFF"u8.CopyTo(wav);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(4), wav.Length - 8);
        "WAVEfmt "u8.CopyTo(wav.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(24), rateHz);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(28), 2 * rateHz);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(34), 16);
        "data"u8.CopyTo(wav.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(40), 2 * samples.Length);
        for (var i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(44 + 2 * i), (short)Math.Round(32_768 * samples[i]));
        return wav;
    }
}
