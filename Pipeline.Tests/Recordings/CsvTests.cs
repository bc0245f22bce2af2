using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

public sealed class CsvTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Labels_carry_units_and_the_time_column_the_rate()
    {
        using var recording = Reading.Open(_folder.Write("r.csv", "time_s,ecg_mV,ACC_X [mg],PPG_ir\n0,1,1000,5\n0.004,,2000,6\n0.008,3,nan,7\n"));

        var values = Reading.Physical(recording);

        var (_, rate, channels) = Assert.Single(recording.Devices);
        Assert.Equal(250, rate);
        Assert.Equal(
            [("ecg", SignalKind.Ecg, "mV"), ("ACC_X", SignalKind.Acc, "g"), ("PPG_ir", SignalKind.Ppg, "1")],
            channels.Span.ToArray().Select(channel => (channel.Label, channel.Kind, channel.Unit)));
        Assert.Equal([1, double.NaN, 3], values["ecg"]);
        Assert.Equal([1, 2, double.NaN], values["ACC_X"]);
    }

    [Fact]
    public void Numbers_alone_need_a_rate_and_a_kind()
    {
        var path = _folder.Write("r.csv", "530\n518\n506\n");

        Assert.Equal("r.csv: no time column (time_s, time_ms, …); give --rate HZ", Assert.ThrowsAny<RecordingException>(() => Reading.Open(path)).Message);
        Assert.Equal([530, 518, 506], Reading.OneSignal(path, ["column1=ppg"], 100));
    }

    [Theory]
    [InlineData("time;ppg\n0;1,5\n10;2,5\n20;3,5\n", "taken as milliseconds")]
    [InlineData("time\tppg\n0\t1.5\n0.01\t2.5\n0.02\t3.5\n", "taken as seconds")]
    [InlineData("\"timestamp [us]\",\"ppg\"\r\n5000,1.5\r\n15000,2.5\r\n25000,3.5\r\n", null)]
    [InlineData("datetime,ppg\n2020-01-01 00:00:00.000,1.5\n2020-01-01 00:00:00.010,2.5\n2020-01-01 00:00:00.020,3.5\n", null)]
    public void Separators_decimal_commas_dates_and_units_of_time_are_understood(string text, string? note)
    {
        var path = _folder.Write("r.csv", text);
        using var recording = Reading.Open(path);

        Assert.Equal(100, recording.Devices[0].RateHz);
        Assert.Equal([1.5, 2.5, 3.5], Reading.Physical(recording)["ppg"]);
        Assert.Equal(note is not null, recording.Notes.Any(said => said.EndsWith(note ?? "?", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_jump_of_the_time_is_a_gap_of_missing_samples()
    {
        var rows = Enumerable.Range(0, 30).Where(i => i is < 10 or >= 15).Select(i => $"{i * 10},{i}");
        var values = Reading.OneSignal(_folder.Write("r.csv", "time_ms,ppg\n" + string.Join('\n', rows)));

        Assert.Equal(Enumerable.Range(0, 30).Select(i => i is < 10 or >= 15 ? i : double.NaN), values);
    }

    [Fact]
    public void Uneven_rows_are_interpolated_onto_an_even_grid()
    {
        // A camera: about 30 frames a second, each up to 10 ms early or late, of a straight line and a sine of 1 Hz.
        var random = new Random(7);
        var times = Enumerable.Range(0, 600).Select(i => Math.Round(i * 1000.0 / 30 + (i == 0 ? 0 : random.Next(-10, 11)))).ToList();
        var path = _folder.Write("r.csv", "time_ms,R,G\n" + string.Join('\n', times.Select(t => FormattableString.Invariant($"{t},{t},{Math.Sin(t * 2 * Math.PI / 1000)}"))));
        using var recording = Reading.Open(path);

        var values = Reading.Physical(recording);

        Assert.Equal(30, recording.Devices[0].RateHz);
        Assert.Contains("the rows are uneven in time: interpolated onto 30 Hz", recording.Notes);
        Assert.InRange(values["R"].Length, 599, 601);
        for (var i = 0; i < 599; i++)
        {
            Assert.Equal(i * 1000.0 / 30, values["R"][i], 0.01);
            Assert.Equal(Math.Sin(i * 2 * Math.PI / 30), values["G"][i], 0.05);
        }
    }

    [Fact]
    public void What_follows_a_whole_second_does_not_change_the_samples_before_it()
    {
        var random = new Random(8);
        var rows = Enumerable.Range(0, 500).Select(i => (Time: i * 1000.0 / 30 + random.Next(0, 20), Value: random.Next(100))).ToList();
        double[] Read(int seconds, int otherwise) => Reading.OneSignal(_folder.Write("r.csv", "time_ms,R\n"
            + string.Join('\n', rows.Select(row => FormattableString.Invariant($"{row.Time},{(row.Time - rows[0].Time < seconds * 1000 ? row.Value : otherwise)}")))));

        foreach (var seconds in (int[])[11, 12, 14])
            Assert.Equal(Read(99, 0).Take(seconds * 30), Read(seconds, -5000).Take(seconds * 30));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("time_s,ecg\n", "no rows of samples")]
    [InlineData("time_s,ecg\n0,1\n0.01,2\n0.0", "line 4 has 1 cells where 2 are wanted: truncated?")]
    [InlineData("time_s,ecg\n0,1\n0.01,x\n", "line 3, column 'ecg': 'x' is no number")]
    [InlineData("time_s,ecg\n0,1\n0.01,2\n0.005,3\n", "line 4: the time goes back")]
    [InlineData("time_s,ecg\n0,1\n,2\n", "line 3: the time is missing")]
    [InlineData("time_s,ecg\n1,1\n1,2\n", "the time column holds no rate")]
    [InlineData("time_s\n1\n2\n", "no column of samples")]
    [InlineData("time_s,ecg\n0,1\n0.01,2\n0.02,2\n500000,3\n", "more than a day is missing")]
    public void A_file_that_cannot_be_followed_is_one_clear_line(string text, string said)
    {
        var path = _folder.Write("r.csv", text);

        var fault = Assert.ThrowsAny<RecordingException>(() => Reading.Open(path));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("r.csv: ", fault.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Real_camera_traces_and_coarse_clocks_are_read()
    {
        using var camera = Reading.Open(SharedFolder.Recording("welltory", "subject_01_PPG.csv"));
        using var data2 = Reading.Open(SharedFolder.Recording("toolbox_samples", "heartpy_data2.csv"), ["hr=ppg"]);

        Assert.Equal(SignalKind.Camera, camera.Devices[0].Channels[1].Kind);
        Assert.InRange(camera.Devices[0].RateHz, 25, 31);
        Assert.InRange(Reading.Physical(camera)["R"].Length / camera.Devices[0].RateHz, 68, 112);
        Assert.Equal(116.98775, data2.Devices[0].RateHz, 0.001);
    }
}
