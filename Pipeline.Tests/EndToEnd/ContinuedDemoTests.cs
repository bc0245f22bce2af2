using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Host.Commands;
using Pipeline.Host.Configuration;
using Pipeline.Host.Demo;
using Pipeline.Host.Errors;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.State;
using Pipeline.Host.Store;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A demo that was stopped, or killed, goes on as if nothing had been.</summary>
public sealed class ContinuedDemoTests
{
    private const int Beds = 6;

    [Fact]
    public async Task A_ward_that_was_stopped_goes_on_as_if_it_had_not_been()
    {
        using var stopped = new TemporaryFolder();
        using var uninterrupted = new TemporaryFolder();
        var first = await RunAsync(stopped.Path, windows: 300);
        CopyWard(stopped.Path, uninterrupted.Path);

        var told = new List<string>();
        var second = await RunAsync(stopped.Path, windows: 300, told.Add);
        await RunAsync(uninterrupted.Path, windows: 900);

        Assert.True(first.NothingLost && second.NothingLost, string.Join('\n', first.Lines().Concat(second.Lines())));
        Assert.StartsWith($"Continues the ward in {stopped.Path} after 00:0", Assert.Single(told), StringComparison.Ordinal);
        var series = Series(stopped.Path);
        Assert.Equal(first.Progress.Points + second.Progress.Points, series.Values.Sum(points => points.Count));     // no point came twice
        AssertSameSeries(Series(uninterrupted.Path), series, atLeast: 300);
    }

    [Fact]
    public async Task A_ward_that_was_killed_goes_on_as_if_it_had_not_been()
    {
        using var killed = new TemporaryFolder();
        using var uninterrupted = new TemporaryFolder();
        await KillAfterCheckpointAsync(killed.Path);
        CopyWard(killed.Path, uninterrupted.Path);
        var before = Series(killed.Path).Values.Sum(points => points.Count);

        var second = await RunAsync(killed.Path, windows: 300);
        await RunAsync(uninterrupted.Path, windows: 3000);       // longer than the other, whose first part a busy machine makes longer

        Assert.True(second.NothingLost, string.Join('\n', second.Lines()));
        var repeated = before + second.Progress.Points - Series(killed.Path).Values.Sum(points => points.Count);
        Assert.InRange(repeated, 0, before - 1);    // what came after the last checkpoint, and not all of it
        AssertSameSeries(Series(uninterrupted.Path), Series(killed.Path), atLeast: 300);
    }

    [Fact]
    public async Task A_bed_that_is_added_to_a_continued_ward_begins_there_and_the_others_go_on()
    {
        using var folder = new TemporaryFolder();
        await RunAsync(folder.Path, windows: 100);
        var before = Series(folder.Path);

        var summary = await RunAsync(folder.Path, windows: 200, beds: Beds + 1);

        Assert.True(summary.NothingLost, string.Join('\n', summary.Lines()));
        var added = Series(folder.Path).Where(one => one.Key.Contains("sim-000007", StringComparison.Ordinal))
            .SelectMany(one => one.Value.Keys).ToArray();
        Assert.NotEmpty(added);
        Assert.All(added, time => Assert.True(time > before.Values.Min(times => times.Keys.Max())));
    }

    [Fact]
    public void Fresh_begins_another_ward_and_keeps_the_points()
    {
        using var folder = new TemporaryFolder();
        folder.Write("vitals-1.lp", "kept");
        var (start, later) = (new Timestamp(1_000), new Timestamp(2_000));
        WardState.Open(folder.Path, start, seed: 1, partitions: 8, isFresh: false);
        var continued = WardState.Open(folder.Path, later, seed: 2, partitions: 4, isFresh: false);
        var fresh = WardState.Open(folder.Path, later, seed: 2, partitions: 4, isFresh: true);

        Assert.Equal((start, 1, 8), (continued.Start, continued.Seed, continued.Partitions));
        Assert.Equal((later, 2, 4), (fresh.Start, fresh.Seed, fresh.Partitions));
        Assert.Null(fresh.Notice);
        Assert.Null(fresh.ReachedBy(new PatientId("sim-000001")));
        Assert.True(File.Exists(Path.Combine(folder.Path, "vitals-1.lp")));
    }

    [Fact]
    public void The_first_demo_of_all_may_be_told_to_begin_afresh()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(3, WardState.Open(folder.Path, new Timestamp(1_000), seed: 3, partitions: 8, isFresh: true).Seed);
    }

    [Fact]
    public void The_last_demo_with_a_ward_is_continued_unless_a_fresh_one_is_wanted()
    {
        using var root = new TemporaryFolder();
        var time = new ManualTimeProvider();
        var first = DemoFolder.Choose(root.Path, isFresh: false, time);
        WardState.Open(first, new Timestamp(1_000), seed: 1, partitions: 8, isFresh: false);
        time.Advance(TimeSpan.FromSeconds(1));
        var second = DemoFolder.Choose(root.Path, isFresh: true, time);
        Directory.CreateDirectory(Path.Combine(root.Path, "29991231-000000"));      // points of a demo without state

        Assert.NotEqual(first, second);
        Assert.Equal(first, DemoFolder.Choose(root.Path, isFresh: false, time));
        WardState.Open(second, new Timestamp(1_000), seed: 1, partitions: 8, isFresh: false);
        Assert.Equal(second, DemoFolder.Choose(root.Path, isFresh: false, time));
    }

    [Fact]
    public void A_labour_ward_continues_a_labour_ward_only()
    {
        using var root = new TemporaryFolder();
        var time = new ManualTimeProvider();
        var general = DemoFolder.Choose(root.Path, isFresh: false, time);
        WardState.Open(general, new Timestamp(1_000), seed: 1, partitions: 8, isFresh: false);
        time.Advance(TimeSpan.FromSeconds(1));
        var labour = DemoFolder.Choose(root.Path, isFresh: false, time, isLabour: true);
        Assert.True(WardState.Open(labour, new Timestamp(1_000), seed: 1, partitions: 8, isFresh: false, isLabour: true).IsLabour);

        Assert.NotEqual(general, labour);
        Assert.Equal(general, DemoFolder.Choose(root.Path, isFresh: false, time));
        Assert.Equal(labour, DemoFolder.Choose(root.Path, isFresh: false, time, isLabour: true));
        var fault = Assert.Throws<IOException>(() => WardState.Open(general, new Timestamp(1_000), seed: 1, partitions: 8, isFresh: false, isLabour: true));
        Assert.EndsWith("is of a general ward. --fresh begins another.", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "is not what a demo keeps of its ward")]
    [InlineData("""{"Version":2,"StartUnixNanoseconds":1,"Seed":1,"Partitions":8}""", "has version 2; this program reads 1")]
    public async Task A_ward_that_cannot_be_read_is_one_line(string content, string message)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "state"));
        folder.Write(Path.Combine("state", "ward.json"), content);
        var error = new StringWriter();

        var exit = await DemoAsync(folder.Path, error);

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--fresh", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_which_a_demo_runs_is_refused()
    {
        using var folder = new TemporaryFolder();
        var state = WardState.Open(folder.Path, new Timestamp(1_000), seed: 1, partitions: 8, isFresh: false);
        await using var other = FileShardLog.Open(state.Folder, new MemoryPatients(), NullLogger.Instance, TimeProvider.System);
        var error = new StringWriter();

        var exit = await DemoAsync(folder.Path, error);

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("One process at a time", error.ToString(), StringComparison.Ordinal);
    }

    private static Task<int> DemoAsync(string folder, TextWriter error) =>
        CommandLine.InvokeAsync(["demo", "--plain", "--seconds", "1", "--store", folder], TextWriter.Null, error, CancellationToken.None);

    private static async Task<DemoSummary> RunAsync(string folder, int windows, Action<string>? tell = null, int beds = Beds)
    {
        var settings = new PipelineSettings(
            new KafkaOptions(), new TopologyOptions(), new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder }, new InferenceOptions());
        var demo = new DemoRun(new DemoRequest(beds, Length: null, Speed: 60, Recordings: []), settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        return await demo.RunAsync(
            (_, progress) =>
            {
                if (progress.Windows >= windows)
                    stop.Cancel();
            }, TimeSpan.FromMilliseconds(20), stop.Token, tell);
    }

    /// <summary>
    /// The command in a process of its own, killed when every shard with beds has a checkpoint and some points came after it.
    /// </summary>
    private static async Task KillAfterCheckpointAsync(string folder)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "pipeline-host.dll");
        string[] arguments = ["demo", "--plain", "--beds", $"{Beds}", "--speed", "20", "--seconds", "600", "--store", folder];
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;  // null only with UseShellExecute
        var checkpoints = new FileInfo(Path.Combine(folder, "state", CheckpointFile.Name + "-wal"));
        try
        {
            // A line every two seconds, and a checkpoint, which has more than 100 kB for six beds.
            for (var lines = 0; lines < 60 && !(checkpoints.Exists && checkpoints.Length > 100_000); lines++)
            {
                Assert.NotNull(await process.StandardOutput.ReadLineAsync());
                checkpoints.Refresh();
            }
            Assert.NotNull(await process.StandardOutput.ReadLineAsync());
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        Assert.NotEmpty(FileShardLog.ReadMarks(Path.Combine(folder, "state")));
    }

    /// <summary>Another ward of the same beds at the same time, from the beginning.</summary>
    private static void CopyWard(string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "state"));
        File.Copy(Path.Combine(from, "state", "ward.json"), Path.Combine(to, "state", "ward.json"));
    }

    /// <summary>
    /// Of each series the line of each time; a point that was written twice has to be the same both times. A killed process may have left
    /// part of a line at the end.
    /// </summary>
    private static Dictionary<string, SortedDictionary<long, string>> Series(string folder)
    {
        var series = new Dictionary<string, SortedDictionary<long, string>>(StringComparer.Ordinal);
        foreach (var line in Directory.EnumerateFiles(folder, "*.lp").Order(StringComparer.Ordinal).SelectMany(Lines))
        {
            var tags = line[..line.IndexOf(' ', StringComparison.Ordinal)];
            var time = long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
            if (!series.TryGetValue(tags, out var points))
                series[tags] = points = [];
            Assert.Equal(line, points.GetValueOrDefault(time, line));
            points[time] = line;
        }
        return series;
    }

    private static string[] Lines(string file) => File.ReadAllText(file).Split('\n')[..^1];

    /// <summary>Each series is a beginning of the expected one, without a hole and with the same values.</summary>
    private static void AssertSameSeries(
        Dictionary<string, SortedDictionary<long, string>> expected, Dictionary<string, SortedDictionary<long, string>> found, int atLeast)
    {
        Assert.NotEmpty(found);
        foreach (var (tags, points) in found)
        {
            var until = Math.Min(points.Keys.Max(), expected[tags].Keys.Max());
            Assert.Equal(expected[tags].Where(one => one.Key <= until), points.Where(one => one.Key <= until));
        }
        var common = found.Sum(one => one.Value.Keys.Count(time => time <= expected[one.Key].Keys.Max()));
        Assert.True(common >= atLeast, $"{common} points in common");
    }
}
