using System.Text;
using Pipeline.Host.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

/// <summary>Files that were cut off, overwritten or are something else: read to the end, or refused in one line; never anything else.</summary>
public sealed class FuzzTests : IDisposable
{
    private const int Rounds = 1000;

    private readonly TemporaryFolder _folder = new();
    private readonly short[] _samples = [.. Enumerable.Range(0, 600).Select(i => (short)(1000 * Math.Sin(i * 0.1)))];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mutated_WFDB_headers_and_samples_are_read_or_refused()
    {
        var header = File.ReadAllBytes(WfdbFiles.Write(_folder.Path, "r", 100, [("PPG", "100(5)/NU", _samples), ("ACC_X", "1/g", _samples)]));
        var body = File.ReadAllBytes(Path.Combine(_folder.Path, "r.dat"));
        var packed = Encoding.ASCII.GetBytes("r 2 360/9(1) 600 10:00:00 01/02/2003\nr.dat 212x1+4 200(0)/mV 11 1024 955 29832 0 MLII\nr.dat 212 200 11 1024 992 19589 0 V1\n# x\n");

        Fuzz("r.hea", 1, header, () => _folder.Write("r.dat", body));
        Fuzz("r.hea", 2, packed, () => _folder.Write("r.dat", body));
        Fuzz("r.dat", 3, body, () => _folder.Write("r.hea", header), opened: "r.hea");
    }

    [Fact]
    public void Mutated_EDF_files_are_read_or_refused()
    {
        Fuzz("r.edf", 4, EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 100, _samples), new("ACC_X", "g", -1, 1, 50, _samples[..300])]));
        Fuzz("r.edf", 5, EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 200, _samples)], [0, 1.5, 90], "EDF+D"));
    }

    [Fact]
    public void Mutated_CSV_files_are_read_or_refused()
    {
        var even = string.Join('\n', _samples.Select((sample, i) => FormattableString.Invariant($"{i / 100.0},{sample},")).Prepend("time_s,ppg_mV,\"ACC_X [mg]\""));
        var uneven = string.Join("\r\n", _samples.Take(300).Select((sample, i) => FormattableString.Invariant($"{i * 33 + i * i % 17};{sample}")).Prepend("time;R"));

        Fuzz("r.csv", 6, Encoding.UTF8.GetBytes(even));
        Fuzz("r.csv", 7, Encoding.UTF8.GetBytes(uneven));
        Fuzz("r.csv", 8, Encoding.UTF8.GetBytes(string.Join('\n', _samples)), rateHz: 50);
    }

    [Fact]
    public void Mutated_WAV_files_are_read_or_refused()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("RIFF____WAVEfmt "u8);
        writer.Write(16);
        writer.Write((ushort)1);
        writer.Write((ushort)2);
        writer.Write(300);
        writer.Write(1200);
        writer.Write((ushort)4);
        writer.Write((ushort)16);
        writer.Write("data"u8);
        writer.Write(2 * _samples.Length);
        foreach (var sample in _samples)
            writer.Write(sample);

        Fuzz("r.wav", 9, stream.ToArray());
    }

    [Fact]
    public void Garbage_under_every_ending_is_refused_in_one_line()
    {
        var random = new Random(10);
        foreach (var ending in (string[])[".hea", ".edf", ".csv", ".wav", ".txt", ".xyz", ""])
            foreach (var size in (int[])[0, 1, 100, 5000])
            {
                var bytes = new byte[size];
                random.NextBytes(bytes);
                Assert.True(IsRefused(_folder.Write($"g{ending}", bytes), null), $"{size} bytes of garbage as {ending}");
            }
        Assert.True(IsRefused(_folder.Path, null));
    }

    [Fact]
    public void A_recording_cut_anywhere_is_refused_or_gives_the_beginning_of_the_whole()
    {
        var edf = EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 100, _samples)], records: -1);
        var whole = Reading.OneSignal(_folder.Write("r.edf", edf));

        for (var length = 0; length < edf.Length; length += 37)
        {
            var path = _folder.Write("r.edf", edf[..length]);
            if (!IsRefused(path, null))
                Assert.Equal(whole[..(length < 512 ? 0 : (length - 512) / 200 * 100)], Reading.OneSignal(path));
        }
    }

    private void Fuzz(string name, int seed, byte[] original, Action? restore = null, string? opened = null, double? rateHz = null)
    {
        var random = new Random(seed);
        var refused = 0;
        restore?.Invoke();
        for (var round = 0; round < Rounds; round++)
        {
            _folder.Write(name, Mutated(original, random));
            refused += IsRefused(Path.Combine(_folder.Path, opened ?? name), rateHz) ? 1 : 0;
        }
        // The mutations are mild enough that files are read, and strong enough that some are not.
        Assert.InRange(refused, Rounds / 100, Rounds - 1);
    }

    private static bool IsRefused(string path, double? rateHz)
    {
        try
        {
            using var recording = Reading.Open(path, rateHz: rateHz);
            // A header may now promise days of missing samples: two minutes of chunks are enough to see that they are well formed.
            foreach (var chunk in recording.Chunks(Reading.Someone).Take(120))
                Assert.Null(chunk.FindFault());
            return false;
        }
        catch (RecordingException refusal)
        {
            Assert.DoesNotContain('\n', refusal.Message);
            Assert.InRange(refusal.Message.Length, 10, 600);
            return true;
        }
    }

    private static byte[] Mutated(byte[] original, Random random)
    {
        var bytes = (byte[])original.Clone();
        // Half of the changes lie in the first 600 bytes, where the headers are.
        int At() => random.Next(random.Next(2) == 0 ? Math.Min(600, bytes.Length) : bytes.Length);
        for (var change = random.Next(1, 4); change > 0 && bytes.Length > 0; change--)
            switch (random.Next(6))
            {
                case 0:
                    bytes[At()] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[At()] = (byte)"0123456789-+.e/(): ,x\n\0"[random.Next(23)];
                    break;
                case 2:
                    bytes = bytes[..At()];
                    break;
                case 3:
                    var cut = At();
                    bytes = [.. bytes[..cut], .. bytes[Math.Min(bytes.Length, cut + random.Next(1, 20))..]];
                    break;
                case 4:
                    var at = At();
                    bytes = [.. bytes[..at], .. Encoding.ASCII.GetBytes($"{random.NextInt64() >> random.Next(60)}"), .. bytes[at..]];
                    break;
                default:
                    bytes[At()] ^= (byte)(1 << random.Next(8));
                    break;
            }
        return bytes;
    }
}
