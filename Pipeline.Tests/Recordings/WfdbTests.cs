using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

public sealed class WfdbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Format_16_is_scaled_by_gain_and_baseline_and_the_lowest_number_is_missing()
    {
        var path = WfdbFiles.Write(_folder.Path, "r", 2, [("ECG", "100(50)/mV", [50, 150, -32768, 0, 250])]);

        Assert.Equal([0, 1, double.NaN, -0.5, 2], Reading.OneSignal(path));
    }

    [Fact]
    public void Samples_come_as_chunks_of_a_second_with_the_end_on_the_last()
    {
        var path = WfdbFiles.Write(_folder.Path, "r", 4, [("PPG", "1", [1, 2, 3, 4, 5, 6, 7, 8]), ("ACC", "1", [-1, -2, -3, -4, -5, -6, -7, -8])]);
        using var recording = Reading.Open(path);

        var chunks = Reading.Chunks(recording);

        Assert.Equal([4, 4], chunks.Select(chunk => chunk.SampleCount));
        Assert.Equal([5, 6, 7, 8], chunks[1].Int16(0).ToArray());
        Assert.Equal([-5, -6, -7, -8], chunks[1].Int16(1).ToArray());
        Assert.Equal([false, true], chunks.Select(chunk => chunk.EndOfStream));
        Assert.Equal(new Timestamp(Timestamp.NanosecondsPerSecond), chunks[1].FirstSampleTime);
    }

    [Fact]
    public void A_rate_that_is_no_whole_number_is_cut_at_whole_seconds_without_losing_a_sample()
    {
        var path = WfdbFiles.Write(_folder.Path, "r", 2.5, [("PPG", "1", [.. Enumerable.Range(0, 11).Select(i => (short)i)])]);
        using var recording = Reading.Open(path);

        var chunks = Reading.Chunks(recording);

        // Samples at 0 .4 .8 | 1.2 1.6 | 2 2.4 2.8 | 3.2 3.6 | 4 s
        Assert.Equal([3, 2, 3, 2, 1], chunks.Select(chunk => chunk.SampleCount));
    }

    [Fact]
    public void Format_212_packs_two_samples_in_three_bytes()
    {
        // 0x123, -1 | -2048 = missing, 2047 | an odd last one, 5
        _folder.Write("r.dat", [0x23, 0xF1, 0xFF, 0x00, 0x78, 0xFF, 0x05, 0x00]);
        var path = _folder.Write("r.hea", "r 1 360 5\nr.dat 212 1(0) 11 0 0 0 0 MLII\n");

        Assert.Equal([0x123, -1, double.NaN, 2047, 5], Reading.OneSignal(path));
    }

    [Fact]
    public void Absent_fields_take_the_defaults_of_the_guide()
    {
        _folder.Write("r.dat", [200, 0, 144, 1]);
        using var recording = Reading.Open(_folder.Write("r.hea", "# nothing\nr 1\nr.dat 16\n"), ["signal1=ecg"]);

        var (_, rate, channels) = Assert.Single(recording.Devices);
        Assert.Equal(250, rate);
        Assert.Equal(new("signal1", SignalKind.Ecg, "mV", 200, 0), channels[0]);
        Assert.Equal([1, 2], Reading.Physical(recording)["signal1"]);
    }

    [Fact]
    public void A_gain_of_zero_is_200_and_an_absent_baseline_is_the_ADC_zero()
    {
        _folder.Write("r.dat", [0, 4, 0, 4]);
        using var recording = Reading.Open(_folder.Write("r.hea", "r 1 360/72(0) 2 10:00:00 01/02/2003\nr.dat 16 0 11 1024 0 0 0 lead MLII of two\n"), ["lead*=ecg"]);

        Assert.Equal(new("lead MLII of two", SignalKind.Ecg, "mV", 200, 1024), recording.Devices[0].Channels[0]);
    }

    [Fact]
    public void Signals_may_lie_in_several_files_with_byte_offsets_and_different_rates()
    {
        _folder.Write("a.mat", [9, 9, 9, 1, 0, 2, 0]);
        _folder.Write("b.dat", [10, 0, 11, 0, 12, 0, 13, 0]);
        using var recording = Reading.Open(_folder.Write("r.hea", "r 2 125 2\na.mat 16+3 1/NU 16 0 0 0 0 PLETH\nb.dat 16x2 1/mV 16 0 0 0 0 II\n"));

        var values = Reading.Physical(recording);

        Assert.Equal([("monitor-125hz", 125.0), ("monitor-250hz", 250.0)], recording.Devices.Select(device => (device.Device, device.RateHz)));
        Assert.Equal([1, 2], values["PLETH"]);
        Assert.Equal([10, 11, 12, 13], values["II"]);
    }

    [Theory]
    [InlineData("", "is empty, or is no regular file")]
    [InlineData("# nothing\n", "no record line")]
    [InlineData("r 1 250 9\nr.dat 16 1 16 0 0 0 0 ECG", "r.dat holds 4 of 9 samples: truncated?")]
    [InlineData("r 2 250 4\nr.dat 16 1 16 0 0 0 0 ECG", "1 signal lines where the record line says 2")]
    [InlineData("r 1 250 4\nmissing.dat 16 1 16 0 0 0 0 ECG", "its signal file missing.dat is not there")]
    [InlineData("r 1 250 4\n../other.dat 16 1 16 0 0 0 0 ECG", "its signal file other.dat is not there")]
    [InlineData("r 1 250 4\nsub/.. 16 1 16 0 0 0 0 ECG", "is not a plain name")]
    [InlineData("r 1 250 4\nr.dat 8 1 16 0 0 0 0 ECG", "signal format '8' is not supported; 16, 24, 32, 61, 80, 160, 212, 310 and 311 are")]
    [InlineData("r 1 250 4\nr.dat 16:3 1 16 0 0 0 0 ECG", "a skew between signals is not supported")]
    [InlineData("r 1 250 4\nr.dat 16 1(2/mV 16 0 0 0 0 ECG", "lacks a closing bracket")]
    [InlineData("r 1 250 4\nr.dat 16 x 16 0 0 0 0 ECG", "gain 'x' is no number")]
    [InlineData("r 1 1e9 4\nr.dat 16 1 16 0 0 0 0 ECG", "at most 100000 Hz is wanted")]
    [InlineData("r/3 1 250 4\nr.dat 16 1 16 0 0 0 0 ECG", "1 segment lines where the record line says 3")]
    [InlineData("r 99999 250 4", "is no record line")]
    public void A_header_that_cannot_be_followed_is_one_clear_line(string header, string said)
    {
        _folder.Write("r.dat", new byte[8]);
        var path = _folder.Write("r.hea", header);

        var fault = Assert.ThrowsAny<RecordingException>(() => Reading.Open(path));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("r.hea: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    [InlineData("80", new byte[] { 128, 129, 0, 255, 127 }, new[] { 0, 1, double.NaN, 127, -1 })]
    [InlineData("61", new byte[] { 0, 1, 0x80, 0, 0xFF, 0xFF }, new[] { 1, double.NaN, -1 })]
    [InlineData("160", new byte[] { 0, 0x80, 1, 0x80, 0, 0 }, new[] { 0, 1, double.NaN })]
    [InlineData("24", new byte[] { 1, 0, 0, 0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0, 0, 0x40 }, new[] { 1, double.NaN, -1, 4194304 })]
    [InlineData("32", new byte[] { 1, 0, 0, 0, 0, 0, 0, 0x80, 0xFE, 0xFF, 0xFF, 0xFF }, new[] { 1, double.NaN, -2 })]
    // 310: 1, -1 in bits 1 to 10 of two numbers, and 0x155 in their bits 11 to 15; then -512 = missing, and 5.
    [InlineData("310", new byte[] { 0x02, 0xA8, 0xFE, 0x57, 0x00, 0x04, 0x0A, 0x00 }, new[] { 1, -1, 341, double.NaN, 5 })]
    // 311: 1, -1, 341 in 30 bits; then -512, 5.
    [InlineData("311", new byte[] { 0x01, 0xFC, 0x5F, 0x15, 0x00, 0x16, 0x00 }, new[] { 1, -1, 341, double.NaN, 5 })]
    public void Every_format_is_unpacked_and_its_lowest_number_is_missing(string format, byte[] bytes, double[] expected)
    {
        _folder.Write("r.dat", bytes);
        var path = _folder.Write("r.hea", $"r 1 4 {expected.Length}\nr.dat {format} 1(0)/mV 0 0 0 0 0 ECG\n");
        var counted = _folder.Write("r2.hea", $"r2 1 4\nr.dat {format} 1(0)/mV 0 0 0 0 0 ECG\n");

        Assert.Equal(expected, Reading.OneSignal(path));
        Assert.Equal(expected, Reading.OneSignal(counted)[..expected.Length]);
    }

    [Theory]
    [InlineData("212", 3, 2)]
    [InlineData("310", 4, 3)]
    [InlineData("311", 4, 3)]
    public void Packed_samples_of_many_frames_are_cut_nowhere(string format, int bytesPerGroup, int samplesPerGroup)
    {
        // All groups alike: each signal of 12 repeats its own sample of the group, whatever the blocks that are read at once.
        byte[] group = [.. Enumerable.Range(0, bytesPerGroup).Select(i => (byte)(0x11 * (i + 1)))];
        _folder.Write("r.dat", [.. Enumerable.Repeat(group, 4 * 700).SelectMany(bytes => bytes)]);
        var lines = string.Concat(Enumerable.Range(0, samplesPerGroup).Select(s => $"r.dat {format} 1(0)/mV 0 0 0 0 0 ECG{s}\n"));

        using var recording = Reading.Open(_folder.Write("r.hea", $"r {samplesPerGroup} 250 2800\n{lines}"));

        Assert.All(Reading.Physical(recording).Values, values => Assert.Single(values.Distinct()));
    }

    [Theory]
    [InlineData("mitdb/100", "100")]
    [InlineData("sub/w04", "w04")]
    [InlineData("a/b/c", "other")]
    public void A_record_name_with_a_folder_is_a_name(string name, string file)
    {
        _folder.Write("r.dat", [1, 0, 2, 0]);
        var path = _folder.Write($"{file}.hea", $"{name} 1 250 2\nsub/r.dat 16 1(0)/mV 16 0 0 0 0 ECG\n");

        Assert.Equal([1, 2], Reading.OneSignal(path));
    }

    [Fact]
    public void The_segments_of_a_record_follow_each_other_with_missing_samples_where_nothing_was_recorded()
    {
        WfdbFiles.Write(_folder.Path, "s1", 4, [("ECG", "10(0)/mV", [10, 20, 30, 40, 50, 60]), ("PLETH", "1(0)", [1, 2, 3, 4, 5, 6])]);
        WfdbFiles.Write(_folder.Path, "s2", 4, [("ECG", "100(100)/mV", [200, 300]), ("PLETH", "1(0)", [7, 8])]);
        using var recording = Reading.Open(_folder.Write("m.hea", "m/3 2 4 11\ns1 6\n~ 3\ns2 2\n"));

        var values = Reading.Physical(recording);

        Assert.Equal([1, 2, 3, 4, 5, 6, double.NaN, double.NaN, double.NaN, 1, 2], values["ECG"]);
        Assert.Equal([1, 2, 3, 4, 5, 6, double.NaN, double.NaN, double.NaN, 7, 8], values["PLETH"]);
        Assert.Equal(11 / 4.0, recording.Seconds);
    }

    [Fact]
    public void Segments_with_a_layout_have_some_of_its_signals()
    {
        _folder.Write("m_layout.hea", "m_layout 2 4 0\n~ 0 100/mV 16 0 0 0 0 II\n~ 0 1/NU 16 0 0 0 0 PLETH\n");
        WfdbFiles.Write(_folder.Path, "s1", 4, [("PLETH", "1(0)", [1, 2])]);
        WfdbFiles.Write(_folder.Path, "s2", 4, [("PLETH", "1(0)", [3]), ("II", "100(0)/mV", [100])]);
        using var recording = Reading.Open(_folder.Write("m.hea", "m/3 2 4 3\nm_layout 0\ns1 2\ns2 1\n"));

        var values = Reading.Physical(recording);

        Assert.Equal([double.NaN, double.NaN, 1], values["II"]);
        Assert.Equal([1, 2, 3], values["PLETH"]);
        Assert.ThrowsAny<RecordingException>(() => Reading.Open(Path.Combine(_folder.Path, "m_layout.hea")));
    }

    [Theory]
    [InlineData("m/2 1 4 4\ns1 2\nmissing 2\n", "its segment missing is not there")]
    [InlineData("m/2 1 4 9\ns1 2\ns1 7\n", "segment s1 has 2 samples at 4 Hz; 7 at 4 Hz are wanted")]
    [InlineData("m/1 1 8 2\ns1 2\n", "segment s1 has 2 samples at 4 Hz; 2 at 8 Hz are wanted")]
    [InlineData("m/2 1 4 2\nm/1 1\ns1 2\n", "its segment 1 is not there")]
    [InlineData("m/1 1 4 2\n~ 2\n", "none of its segments was recorded")]
    public void Segments_that_cannot_be_followed_are_one_clear_line(string header, string said)
    {
        WfdbFiles.Write(_folder.Path, "s1", 4, [("ECG", "1(0)/mV", [1, 2])]);

        var fault = Assert.ThrowsAny<RecordingException>(() => Reading.Open(_folder.Write("m.hea", header)));

        Assert.Equal($"m.hea: {said}", fault.Message);
    }

    [Fact]
    public void A_signal_file_is_not_a_recording_but_its_header_is_named()
    {
        WfdbFiles.Write(_folder.Path, "r", 4, [("PPG", "1", [1])]);

        var fault = Assert.ThrowsAny<RecordingException>(() => Reading.Open(Path.Combine(_folder.Path, "r.dat")));

        Assert.Equal("r.dat: is named by its header r.hea", fault.Message);
    }

    [Fact]
    public void A_record_may_be_named_without_ending()
    {
        WfdbFiles.Write(_folder.Path, "r.1", 4, [("PPG", "1", [1, 2])]);

        Assert.Equal([1, 2], Reading.OneSignal(Path.Combine(_folder.Path, "r.1")));
    }

    [Fact]
    public void Unknown_labels_are_reported_and_ignored_ones_are_left_out()
    {
        var path = WfdbFiles.Write(_folder.Path, "r", 4, [("PPG", "1", [1, 2]), ("noise1", "1", [3, 4]), ("noise2", "1", [5, 6])]);
        using var recording = Reading.Open(path, ["noise2=ignore", "other=ppg"]);

        var values = Reading.Physical(recording);

        Assert.Equal(["PPG", "noise1"], values.Keys);
        Assert.StartsWith("kinds of channels: ppg: PPG; unknown, not estimated from: noise1 (--channel LABEL=KIND names another: ppg acc", recording.ChannelsNote, StringComparison.Ordinal);
        Assert.Contains(recording.ChannelsNote, recording.Notes);
        Assert.Contains("no channel is named 'other'; there are PPG, noise1, noise2", recording.Notes);
    }
}
