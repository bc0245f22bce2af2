using System.Globalization;
using System.Text.Json;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Recordings;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimates;

/// <summary>The command as a user types it, on simulated recordings.</summary>
public sealed class EstimateCommandTests : IDisposable
{
    private const string Header = "window_start_s,window_end_s,signal,metric,value,unit,sigma,quality,coverage,status";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_come_for_every_whole_window_with_the_heart_rate_of_the_truth()
    {
        var (path, beats) = SimulatedRecording.Write(_folder.Path, "r", "ppg", 61);

        var (exit, output, error) = await RunAsync("estimate", path);

        var rows = Rows(output);
        Assert.Equal(ExitCode.Ok, exit);
        Assert.Matches("^r\\.hea: kinds of channels: ppg: [^;]*; acc: [^;]*\\(--channel LABEL=KIND names another: [^)]*\\)\n$", error);
        Assert.Equal(Enumerable.Range(0, 27).Select(k => $"{2 * k},{2 * k + 8},ppg,heart_rate,/min"), rows.Select(row => $"{row[0]},{row[1]},{row[2]},{row[3]},{row[5]}"));
        Assert.All(rows, row => Assert.Equal(row[4].Length == 0, row[9] != "ok"));
        Assert.All(rows.Skip(4), row => Assert.Equal(TrueBeat.HeartRate(beats, Number(row[0]), Number(row[1])), Number(row[4]), 4.0));
        Assert.All(rows, row => Assert.InRange(Number(row[7]), 0, 1));
        Assert.All(rows, row => Assert.Equal("1", row[8]));
    }

    [Theory]
    [InlineData("ppg")]
    [InlineData("ecg")]
    [InlineData("abp")]
    public async Task Rows_and_beats_depend_on_nothing_that_follows(string device)
    {
        var busy = SimulatedWard.Bed(2, 5, new(0), 0, default) with { HasAbp = true };
        var (whole, _) = SimulatedRecording.Write(_folder.Path, "whole", device, 120, busy);
        var (cut, _) = SimulatedRecording.Write(_folder.Path, "cut", device, 120, busy, cutAt: 71.3);

        var all = await RunWithBeatsAsync(whole);
        var some = await RunWithBeatsAsync(cut);

        // Windows that end by 71.3 s: 0..8 to 62..70.
        Assert.Equal(all.Rows.Where(row => row == Header || Number(row.Split(',')[1]) <= 71.3), some.Rows);
        // A beat may wait for a second after it.
        Assert.Equal(Before(70.3, all.Beats), Before(70.3, some.Beats));

        static IEnumerable<string> Before(double seconds, string[] beats) => beats.Skip(1).Where(row => Number(row.Split(',')[0]) < seconds);
    }

    [Fact]
    public async Task Missing_samples_are_told_by_coverage_and_status()
    {
        short[] samples = [.. Enumerable.Range(0, 125 * 40).Select(i => i is >= 125 * 16 and < 125 * 30 ? short.MinValue : (short)(3000 * Math.Sin(i * 2 * Math.PI * 1.2 / 125)))];
        var path = WfdbFiles.Write(_folder.Path, "r", 125, [("PPG", "1000", samples)]);

        var (_, output, _) = await RunAsync("estimate", path);

        var gap = Rows(output).Single(row => row[0] == "18");
        Assert.Equal(("", "0", "gap"), (gap[4], gap[8], gap[9]));
        Assert.Equal("0.75", Rows(output).Single(row => row[0] == "10")[8]);
    }

    [Fact]
    public async Task Several_recordings_get_a_file_each_and_one_that_is_broken_is_a_line()
    {
        var (first, _) = SimulatedRecording.Write(_folder.Path, "first", "ppg", 20);
        var (second, _) = SimulatedRecording.Write(_folder.Path, "second", "ecg", 20);
        var broken = _folder.Write("broken.edf", "no EDF");
        var results = Path.Combine(_folder.Path, "results");

        var (exit, output, error) = await RunAsync("estimate", first, broken, second, "--output", results, "--beats", results);

        Assert.Equal((ExitCode.BadUsage, ""), (exit, output));
        Assert.Equal(["first.hea: kinds", "broken.edf: does not begin like an EDF file", "second.hea: kinds"], error.Split('\n')[..^1].Select(line => line.Split(" of channels")[0]));
        Assert.Equal(["first.beats.csv", "first.csv", "second.beats.csv", "second.csv"], Directory.GetFiles(results).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(8, File.ReadAllLines(Path.Combine(results, "first.csv")).Length);
        Assert.Equal("time_s,signal,kind,label,probability,anomaly", File.ReadLines(Path.Combine(results, "second.beats.csv")).First());
    }

    [Fact]
    public async Task Broken_neighbours_are_a_line_each_and_change_nothing()
    {
        var (good, _) = SimulatedRecording.Write(_folder.Path, "good", "ppg", 30);
        var alone = Path.Combine(_folder.Path, "alone.csv");
        await RunAsync("estimate", good, "--output", alone);
        var random = new Random(11);
        var edf = EdfFiles.Bytes(1, [new("PPG", "", -1, 1, 50, [.. Enumerable.Range(0, 1500).Select(i => (short)(i * 400))])]);
        var files = new List<string> { good };
        for (var i = 0; i < 40; i++)
        {
            var bytes = i % 2 == 0 ? edf[..random.Next(edf.Length)] : (byte[])edf.Clone();
            for (var change = 0; change < i % 5 && bytes.Length > 0; change++)
                bytes[random.Next(Math.Min(600, bytes.Length))] = (byte)random.Next(256);
            files.Add(_folder.Write($"e{i}.edf", bytes));
        }
        var results = Path.Combine(_folder.Path, "results");

        var (exit, _, error) = await RunAsync(["estimate", .. files, "--output", results]);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Equal(File.ReadAllText(alone), File.ReadAllText(Path.Combine(results, "good.csv")));
        var said = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(said, line => Assert.Matches("^(e[0-9]+\\.edf|good\\.hea)( and [0-9]+ more)?: .", line));
        // Every recording has its file or its line, and no half-written file stays.
        Assert.All(files.Skip(1), file => Assert.True(
            File.Exists(Path.Combine(results, $"{Path.GetFileNameWithoutExtension(file)}.csv")) || said.Any(line => line.StartsWith($"{Path.GetFileName(file)}: ", StringComparison.Ordinal))));
        Assert.All(Directory.GetFiles(results), file => Assert.EndsWith(".csv", file, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("file/rows.csv")]
    [InlineData("taken.csv")]
    public async Task A_place_that_cannot_be_written_is_named(string place)
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ppg", 10);
        _folder.Write("file", [1]);
        var output = Path.Combine(_folder.Path, place);
        Directory.CreateDirectory($"{Path.Combine(_folder.Path, "taken.csv")}.{Environment.ProcessId}.part");     // where the draft would be

        var (exit, _, error) = await RunAsync("estimate", path, "--output", output);

        Assert.Equal(ExitCode.Failed, exit);
        Assert.StartsWith($"{output} cannot be written: ", error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_holds_the_same_as_the_CSV()
    {
        var (path, _) = SimulatedRecording.Write(_folder.Path, "r", "ppg", 20);

        var (_, csv, _) = await RunAsync("estimate", path);
        var (_, json, _) = await RunAsync("estimate", path, "--format", "json");

        using var document = JsonDocument.Parse(json);
        var columns = Header.Split(',');
        Assert.Equal(
            Rows(csv),
            document.RootElement.EnumerateArray().Select(row => columns.Select(column => row.GetProperty(column).ToString()).ToArray()));
    }

    [Fact]
    public async Task Unknown_channels_are_reported_and_a_kind_can_be_given()
    {
        var text = string.Join('\n', Enumerable.Range(0, 2000).Select(i => FormattableString.Invariant($"{100 * Math.Sin(i * 2 * Math.PI * 1.1 / 100):0.##},{i % 7}")));
        var path = _folder.Write("r.csv", text);

        var (none, _, nothingKnown) = await RunAsync("estimate", path, "--rate", "100");
        var (exit, output, error) = await RunAsync("estimate", path, "--rate", "100", "--channel", "column1=ppg");

        Assert.Equal(ExitCode.NothingToEstimate, none);
        Assert.Equal(2, nothingKnown.Count(letter => letter == '\n'));
        Assert.StartsWith("r.csv: nothing to estimate: column1, kind unknown, 100 Hz: needed is ppg of 20 Hz or more, ecg of 80 Hz or more, abp of 50 Hz or more, fecg of 250 Hz or more, pcg of 250 Hz or more, camera of 15 Hz or more, fhr of 0.25 Hz or more, uc of 0.25 Hz or more, fhr2 of 0.25 Hz or more; --channel column1=KIND",
            nothingKnown, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, exit);
        Assert.StartsWith("r.csv: kinds of channels: ppg: column1; unknown, not estimated from: column2 (--channel LABEL=KIND", error, StringComparison.Ordinal);
        Assert.Equal(7, Rows(output).Count);
    }

    [Fact]
    public async Task A_kind_at_several_rates_is_told_by_the_device_with_most_of_its_channels()
    {
        short[] Pulse(int rate, double hz) => [.. Enumerable.Range(0, rate * 30).Select(i => (short)(9000 * PulseWave.At(i * hz / rate)))];
        var path = _folder.Write("r.edf", EdfFiles.Bytes(1,
            [new("PPG1", "", -1, 1, 50, Pulse(50, 2)), new("PPG2", "", -1, 1, 100, Pulse(100, 1.2)), new("PPG3", "", -1, 1, 100, Pulse(100, 1.2))]));

        var (_, output, _) = await RunAsync("estimate", path);

        Assert.Equal(12, Rows(output).Count);
        Assert.Equal(72, Number(Rows(output)[^1][4]), 3.0);
    }

    [Fact]
    public async Task Nothing_to_estimate_is_exit_3_and_a_line_for_each_channel_with_what_it_needs()
    {
        var slow = WfdbFiles.Write(_folder.Path, "slow", 50, [("ECG", "1000", new short[2000]), ("RESP", "1", new short[2000])]);
        var trend = _folder.Write("trend.edf", EdfFiles.Bytes(10, [new("ECG", "mV", -1, 1, 1, new short[10])]));
        var good = SimulatedRecording.Write(_folder.Path, "good", "ppg", 20).Path;
        var results = Path.Combine(_folder.Path, "results");

        var (exit, output, error) = await RunAsync("estimate", slow);
        var (ofTrend, _, ofTrendSaid) = await RunAsync("estimate", trend);
        var (ofAll, _, _) = await RunAsync("estimate", good, slow, "--output", results);
        var (ofBroken, _, _) = await RunAsync("estimate", slow, _folder.Write("b.edf", "no EDF"), "--output", results);

        Assert.Equal((ExitCode.NothingToEstimate, ""), (exit, output));
        Assert.Equal(
            [
                "slow.hea: nothing to estimate: ECG, kind ecg, 50 Hz: 80 Hz or more are needed for ecg",
                "slow.hea: nothing to estimate: RESP, kind resp, 50 Hz: needed is ppg of 20 Hz or more, ecg of 80 Hz or more, abp of 50 Hz or more, fecg of 250 Hz or more, pcg of 250 Hz or more, camera of 15 Hz or more, fhr of 0.25 Hz or more, uc of 0.25 Hz or more, fhr2 of 0.25 Hz or more",
            ],
            error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((ExitCode.NothingToEstimate, "trend.edf: nothing to estimate: ECG at 0.1 Hz is left out: 0.25 Hz or more are wanted\n"), (ofTrend, ofTrendSaid));
        Assert.Equal((ExitCode.NothingToEstimate, ExitCode.BadUsage), (ofAll, ofBroken));
        Assert.True(File.Exists(Path.Combine(results, "good.csv")));
    }

    [Fact]
    public async Task A_channel_whose_rate_is_too_low_beside_one_that_is_estimated_from_is_said()
    {
        short[] pulse = [.. Enumerable.Range(0, 1000).Select(i => (short)(9000 * Math.Sin(i * 2 * Math.PI * 1.2 / 50)))];
        var path = WfdbFiles.Write(_folder.Path, "r", 50, [("PPG", "1000", pulse), ("II", "1000", pulse)]);

        var (exit, output, error) = await RunAsync("estimate", path);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.All(Rows(output), row => Assert.Equal("ppg", row[2]));
        Assert.Contains("r.hea: not estimated from: II, kind ecg, 50 Hz: 80 Hz or more are needed for ecg\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_kinds_of_channels_are_said_once_for_all_recordings_that_have_the_same()
    {
        string[] files = [.. new[] { "a", "b", "c" }.Select(name => SimulatedRecording.Write(_folder.Path, name, "ppg", 10).Path)];

        var (exit, _, error) = await RunAsync(["estimate", .. files, "--output", Path.Combine(_folder.Path, "results")]);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.StartsWith("a.hea and 2 more: kinds of channels: ppg: ", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no model 'dnn'; there is: classical", "x.hea", "--model", "dnn")]
    [InlineData("--channel 'a' is not LABEL=KIND.", "x.hea", "--channel", "a")]
    [InlineData("--rate is more than 0", "x.csv", "--rate", "0")]
    [InlineData("2 recordings need --output FOLDER", "x.hea", "y.hea")]
    [InlineData("There is no option '--wrong'", "x.hea", "--wrong")]
    [InlineData("is a recording: it would be overwritten.", "x.csv", "--output", "./x.csv")]
    [InlineData("--output, --beats and --events name the same file.", "x.hea", "--output", "/tmp/o.csv", "--beats", "/tmp/o.csv")]
    [InlineData("/nowhere/x.hea: is not there", "/nowhere/x.hea")]
    public async Task What_cannot_be_done_is_one_clear_line_and_exit_2(string message, params string[] arguments)
    {
        var (exit, output, error) = await RunAsync(["estimate", .. arguments]);

        Assert.Equal((ExitCode.BadUsage, ""), (exit, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private async Task<(string[] Rows, string[] Beats)> RunWithBeatsAsync(string path)
    {
        var (rows, beats) = (Path.Combine(_folder.Path, "rows.csv"), Path.Combine(_folder.Path, "beats.csv"));
        var (exit, _, _) = await RunAsync("estimate", path, "--output", rows, "--beats", beats);
        Assert.Equal(ExitCode.Ok, exit);
        return (await File.ReadAllLinesAsync(rows), await File.ReadAllLinesAsync(beats));
    }

    private static List<string[]> Rows(string csv)
    {
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Header, lines[0]);
        return [.. lines.Skip(1).Select(line => line.Split(','))];
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(arguments, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
