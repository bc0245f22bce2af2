using System.Text;
using Pipeline.Host.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

public sealed class EdfTests : IDisposable
{
    private static readonly short[] Count8 = [0, 1, 2, 3, 4, 5, 6, 7];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Physical_values_follow_from_both_ranges_and_the_unit()
    {
        // 65,535 steps from −3276.8 to 3276.7 µV: 10 a µV, zero at 0.
        using var recording = Reading.Open(_folder.Write("r.edf", EdfFiles.Bytes(1, [new("ECG", "uV", -3276.8, 3276.7, 4, [0, 10, -20, short.MinValue, 5, 6, 7, 8])])));

        var values = Reading.Physical(recording)["ECG"];

        Assert.Equal(4, recording.Devices[0].RateHz);
        Assert.Equal("mV", recording.Devices[0].Channels[0].Unit);
        // The lowest number of EDF is a sample at its lower limit, one step up from what the wire calls missing.
        foreach (var (expected, actual) in new[] { 0, 0.001, -0.002, -3.2767, 0.0005, 0.0006, 0.0007, 0.0008 }.Zip(values))
            Assert.Equal(expected, actual, 1e-9);
    }

    [Fact]
    public void Annotations_are_passed_over_and_signals_of_different_rates_are_devices_of_their_own()
    {
        using var recording = Reading.Open(_folder.Write("r.edf", EdfFiles.Bytes(2,
            [new("ECG II", "mV", -1, 1, 8, [.. Count8, .. Count8]), new("RESP", "", -1, 1, 4, [1, 2, 3, 4, 5, 6, 7, 8])], [0, 2], "EDF+C")));

        var chunks = Reading.Chunks(recording);

        Assert.Equal([("monitor-4hz", 4.0), ("monitor-2hz", 2.0)], recording.Devices.Select(device => (device.Device, device.RateHz)));
        Assert.Equal([4, 2, 4, 2, 4, 2, 4, 2], chunks.Select(chunk => chunk.SampleCount));
        Assert.Equal([5, 6], chunks[5].Int16(0).ToArray());
    }

    [Fact]
    public void The_gaps_of_EDF_plus_D_are_missing_samples_at_every_rate()
    {
        using var recording = Reading.Open(_folder.Write("r.edf", EdfFiles.Bytes(1,
            [new("PPG", "", -32768, 32767, 4, Count8), new("RESP", "", -32768, 32767, 2, [1, 2, 3, 4])], [10, 13.5], "EDF+D")));

        var values = Reading.Physical(recording);

        Assert.Equal([0, 1, 2, 3, .. Enumerable.Repeat(double.NaN, 10), 4, 5, 6, 7], values["PPG"].Select(Rounded));
        Assert.Equal([1, 2, .. Enumerable.Repeat(double.NaN, 5), 3, 4], values["RESP"].Select(Rounded));
        Assert.Equal(4.5, recording.Seconds);
    }

    [Fact]
    public void A_file_that_was_not_closed_has_the_records_that_are_there()
    {
        var bytes = EdfFiles.Bytes(1, [new("PPG", "", -32768, 32767, 4, Count8)], records: -1);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Reading.OneSignal(_folder.Write("r.edf", bytes)).Select(Rounded));
        Assert.Equal([0, 1, 2, 3], Reading.OneSignal(_folder.Write("r.edf", bytes[..^3])).Select(Rounded));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(9, false)]
    [InlineData(2, true)]
    [InlineData(-1, true)]
    public void The_records_that_are_there_are_read_and_another_count_in_the_header_is_said(int counted, bool isRight)
    {
        using var recording = Reading.Open(_folder.Write("r.rec", EdfFiles.Bytes(1, [new("PPG", "", -32768, 32767, 4, Count8)], records: counted)));

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Reading.Physical(recording)["PPG"].Select(Rounded));
        Assert.Equal(!isRight, recording.Notes.Contains($"the header counts {counted} data records and 2 are there: 2 are read"));
    }

    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("0", "0", "0", "0")]
    [InlineData("1", "1", "-32768", "32767")]
    [InlineData("-1", "1", "5", "5")]
    [InlineData("-1", "none", "-32768", "32767")]
    public void A_channel_without_a_range_is_left_out_and_said_and_the_others_are_read(params string[] limits)
    {
        var path = _folder.Write("r.edf", WithLimits(1, limits));

        using var recording = Reading.Open(path);
        using var ignored = Reading.Open(path, ["Spare=ignore"]);
        using var named = Reading.Open(path, ["Spare=resp"]);

        Assert.Equal(["ECG"], Reading.Physical(recording).Keys);
        Assert.Contains(recording.Notes, note => note.StartsWith("Spare is left out: it has no range", StringComparison.Ordinal));
        Assert.Contains(recording.Notes, note => note.EndsWith("; --channel Spare=KIND reads it as stored", StringComparison.Ordinal));
        Assert.Equal(["ECG"], Reading.Physical(ignored).Keys);
        Assert.DoesNotContain(ignored.Notes, note => note.Contains("Spare", StringComparison.Ordinal));
        Assert.Equal([9, 8, 7, 6], Reading.Physical(named)["Spare"]);
    }

    [Fact]
    public void Reversed_limits_and_decimal_commas_are_ranges()
    {
        using var recording = Reading.Open(_folder.Write("r.edf", WithLimits(1, ["3276,8", "-3276,7", "-32768", "32767"])));

        var values = Reading.Physical(recording)["Spare"];

        Assert.Equal([-0.9, -0.8, -0.7, -0.6], values.Select(value => Math.Round(value, 6)));
    }

    [Fact]
    public void A_gap_in_the_times_of_an_EDF_plus_C_is_missing_samples_and_is_said()
    {
        EdfFiles.Signal[] signals = [new("PPG", "", -32768, 32767, 4, Count8)];
        using var gap = Reading.Open(_folder.Write("r.edf", EdfFiles.Bytes(1, signals, [0, 3], "EDF+C")));
        using var jitter = Reading.Open(_folder.Write("j.edf", EdfFiles.Bytes(1, signals, [0, 1.003], "EDF+C")));
        using var nonsense = Reading.Open(_folder.Write("n.edf", EdfFiles.Bytes(1, signals, [7, 3], "EDF+C")));

        Assert.Equal([0, 1, 2, 3, .. Enumerable.Repeat(double.NaN, 8), 4, 5, 6, 7], Reading.Physical(gap)["PPG"].Select(Rounded));
        Assert.Contains("is marked as continuous (EDF+C), but its annotations show 1 gap: samples are missing there", gap.Notes);
        Assert.Equal(8, Reading.Physical(jitter)["PPG"].Length);
        Assert.Equal(8, Reading.Physical(nonsense)["PPG"].Length);
    }

    [Fact]
    public void A_slower_accelerometer_is_brought_to_the_rate_of_the_PPG_beside_it()
    {
        short[] ramp = [.. Enumerable.Range(0, 32).Select(i => (short)(100 * i))];
        short[] fast = [.. Enumerable.Range(0, 128).Select(i => (short)(100 * i))];
        using var recording = Reading.Open(_folder.Write("r.edf", EdfFiles.Bytes(1,
            [new("PPG", "", -32768, 32767, 16, [.. Enumerable.Repeat((short)7, 64)]), new("ACC_X", "g", -32768, 32767, 8, ramp), new("ACC_Y", "g", -32768, 32767, 32, fast)])));

        var values = Reading.Physical(recording);

        Assert.Equal(16, Assert.Single(recording.Devices).RateHz);
        // A ramp of 100 a sample at 8 Hz is one of 50 at 16 Hz, with the last sample of each second continued.
        Assert.Equal(Enumerable.Range(0, 64).Select(i => 50.0 * i), values["ACC_X"].Select(Rounded));
        // At 32 Hz each sample is the mean of the newest two, but the first of a second, which knows only itself.
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 16 == 0 ? 200.0 * i : 200.0 * i - 50), values["ACC_Y"].Select(Rounded));
    }

    [Fact]
    public void Signals_too_slow_for_windows_are_left_out_and_said()
    {
        using var recording = Reading.Open(_folder.Write("r.edf", EdfFiles.Bytes(10, [new("PPG", "", -1, 1, 40, [.. Enumerable.Repeat((short)1, 80)]), new("TEMP", "", -1, 1, 1, [3, 4])])));

        Assert.Equal(["PPG"], Reading.Physical(recording).Keys);
        Assert.Contains("TEMP at 0.1 Hz is left out: 0.25 Hz or more are wanted", recording.Notes);
    }

    [Fact]
    public void What_cannot_be_followed_is_one_clear_line()
    {
        var good = EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 4, Count8)]);
        void Refused(string said, byte[] bytes) => Assert.Contains(said, Assert.ThrowsAny<RecordingException>(() => Reading.Open(_folder.Write("r.edf", bytes))).Message, StringComparison.Ordinal);

        Refused("is empty, or is no regular file", []);
        Refused("does not begin like an EDF file", [1, .. good[1..]]);
        Refused("ends within its header: truncated?", good[..300]);
        Refused("no data records", good[..^9]);
        Refused("no channel is left: PPG is left out: it has no range", EdfFiles.Bytes(1, [new("PPG", "", 1, 1, 4, Count8)]));
        Refused("nothing to estimate: PPG at 0.04 Hz is left out", EdfFiles.Bytes(100, [new("PPG", "", -1, 1, 4, Count8)]));
        Refused("hold annotations only", EdfFiles.Bytes(0, [new("PPG", "", -1, 1, 4, Count8)]));
        Refused("no signals, only annotations", EdfFiles.Bytes(1, [new("EDF Annotations", "", -1, 1, 4, Count8)]));
        Refused("no annotations that name the times", EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 4, Count8)], reserved: "EDF+D"));
        Refused("lies at 1 s after one at 5 s", EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 4, Count8)], [5, 1], "EDF+D"));
    }

    /// <summary>A good ECG beside "Spare", whose limits (physical, digital) are these texts.</summary>
    private static byte[] WithLimits(double seconds, string[] limits)
    {
        var bytes = EdfFiles.Bytes(seconds, [new("ECG", "mV", -1, 1, 4, Count8[..4]), new("Spare", "", -1, 1, 4, [9, 8, 7, 6])]);
        // Fields of 8 bytes, one a signal, behind 256 bytes and 16 + 80 + 8 bytes a signal.
        for (var i = 0; i < limits.Length; i++)
            Encoding.Latin1.GetBytes(limits[i].PadRight(8)).CopyTo(bytes, 256 + 2 * 104 + i * 16 + 8);
        return bytes;
    }

    private static double Rounded(double value) => Math.Round(value, 6);
}
