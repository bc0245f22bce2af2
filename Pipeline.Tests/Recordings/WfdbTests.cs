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
    [InlineData("", "no record line")]
    [InlineData("r 1 250 9\nr.dat 16 1 16 0 0 0 0 ECG", "r.dat holds 4 of 9 samples: truncated?")]
    [InlineData("r 2 250 4\nr.dat 16 1 16 0 0 0 0 ECG", "1 signal lines where the record line says 2")]
    [InlineData("r 1 250 4\nmissing.dat 16 1 16 0 0 0 0 ECG", "its signal file missing.dat is not there")]
    [InlineData("r 1 250 4\n../r.dat 16 1 16 0 0 0 0 ECG", "is not a plain name")]
    [InlineData("r 1 250 4\nr.dat 61 1 16 0 0 0 0 ECG", "signal format '61' is not supported; 16 and 212 are")]
    [InlineData("r 1 250 4\nr.dat 16:3 1 16 0 0 0 0 ECG", "a skew between signals is not supported")]
    [InlineData("r 1 250 4\nr.dat 16 1(2/mV 16 0 0 0 0 ECG", "lacks a closing bracket")]
    [InlineData("r 1 250 4\nr.dat 16 x 16 0 0 0 0 ECG", "gain 'x' is no number")]
    [InlineData("r 1 1e9 4\nr.dat 16 1 16 0 0 0 0 ECG", "at most 100000 Hz is wanted")]
    [InlineData("r/3 1 250 4\nr.dat 16 1 16 0 0 0 0 ECG", "a record of several segments")]
    [InlineData("r 99999 250 4", "is no record line")]
    public void A_header_that_cannot_be_followed_is_one_clear_line(string header, string said)
    {
        _folder.Write("r.dat", new byte[8]);
        var path = _folder.Write("r.hea", header);

        var fault = Assert.Throws<RecordingException>(() => Reading.Open(path));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("r.hea: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void A_signal_file_is_not_a_recording_but_its_header_is_named()
    {
        WfdbFiles.Write(_folder.Path, "r", 4, [("PPG", "1", [1])]);

        var fault = Assert.Throws<RecordingException>(() => Reading.Open(Path.Combine(_folder.Path, "r.dat")));

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
        Assert.Contains(recording.Notes, note => note.StartsWith("unknown channel noise1:", StringComparison.Ordinal));
        Assert.Contains("no channel is named 'other'; there are PPG, noise1, noise2", recording.Notes);
    }
}
