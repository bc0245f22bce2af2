using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Host.Commands;
using Pipeline.Host.Configuration;
using Pipeline.Host.Demo;
using Pipeline.Host.Errors;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.Store;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

public sealed class DemoTests
{
    [Fact]
    public async Task A_ward_at_high_speed_loses_nothing_and_is_close_to_the_truth()
    {
        using var folder = new TemporaryFolder();
        var settings = new PipelineSettings(new KafkaOptions(), new TopologyOptions(), new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder.Path }, new InferenceOptions());
        var demo = new DemoRun(new DemoRequest(Beds: 6, Length: null, Speed: 60, Recordings: []), settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();

        var summary = await demo.RunAsync(
            (_, progress) =>
            {
                if (progress.Windows >= 300)
                    stop.Cancel();
            }, TimeSpan.FromMilliseconds(20), stop.Token);

        Assert.True(summary.NothingLost, string.Join('\n', summary.Lines()));
        Assert.Equal(0, summary.Samples.Lost);
        Assert.True(summary.Progress.Points >= 300, $"{summary.Progress.Points} points");
        var ppg = summary.Scores.Single(score => score.Vital.Signal == SignalKind.Ppg);
        Assert.InRange(ppg.MeanAbsoluteError, 0, 5);
        var lines = Directory.EnumerateFiles(folder.Path, "*.lp").Sum(file => File.ReadLines(file).Count());
        Assert.Equal(summary.Progress.Points, lines);
    }

    [Fact]
    public async Task A_ward_with_a_network_loses_nothing_and_its_summary_says_what_the_network_did()
    {
        using var folder = new TemporaryFolder();
        var settings = new PipelineSettings(
            new KafkaOptions(), new TopologyOptions { Model = "heart-rate" }, new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder.Path }, new InferenceOptions());
        var demo = new DemoRun(new DemoRequest(Beds: 6, Length: null, Speed: 60, Recordings: []), settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();

        var summary = await demo.RunAsync(
            (_, progress) =>
            {
                if (progress.Windows >= 200)
                    stop.Cancel();
            }, TimeSpan.FromMilliseconds(20), stop.Token);

        Assert.True(summary.NothingLost, string.Join('\n', summary.Lines()));
        Assert.Equal((0, true), (summary.Network?.Failed, summary.Network?.Answers > 50 && summary.Network.RowsPerBatch >= 1));
        Assert.InRange(summary.Scores.Single(score => score.Vital.Signal == SignalKind.Ppg).MeanAbsoluteError, 0, 10);
        Assert.Contains(summary.Lines(), line => line.Name == "network" && line.Text.StartsWith("heart-rate@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_labour_ward_loses_nothing_and_has_the_rates_of_mothers_and_fetuses()
    {
        using var folder = new TemporaryFolder();
        var settings = new PipelineSettings(new KafkaOptions(), new TopologyOptions(), new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder.Path }, new InferenceOptions());
        var demo = new DemoRun(
            new DemoRequest(Beds: 3, Length: null, Speed: 60, Recordings: [], IsLabour: true), settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();

        var summary = await demo.RunAsync(
            (_, progress) =>
            {
                if (progress.Points >= 120)
                    stop.Cancel();
            }, TimeSpan.FromMilliseconds(20), stop.Token);

        Assert.True(summary.NothingLost, string.Join('\n', summary.Lines()));
        foreach (var name in (string[])["fetus", "mother"])
        {
            var score = summary.Scores.Single(score => score.Vital.Name == name);
            Assert.InRange(score.MeanAbsoluteError, 0, 3);
            Assert.True(score.Values > score.Windows / 2, $"{name}: {score.Values} of {score.Windows}");
        }
    }

    [Fact]
    public async Task Stopping_it_ends_in_order_with_the_summary()
    {
        using var folder = new TemporaryFolder();
        var settings = new PipelineSettings(new KafkaOptions(), new TopologyOptions(), new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder.Path }, new InferenceOptions());
        var demo = new DemoRun(new DemoRequest(Beds: 2, Length: null, Speed: 100, Recordings: []), settings, NullLoggerFactory.Instance, TimeProvider.System);
        using var stop = new CancellationTokenSource();

        var summary = await demo.RunAsync(
            (beds, _) =>
            {
                if (beds.Count == 2)
                    stop.Cancel();
            }, TimeSpan.FromMilliseconds(20), stop.Token);

        Assert.True(summary.NothingLost, string.Join('\n', summary.Lines()));
        Assert.True(summary.Progress.Points > 0);
    }

    [Theory]
    [InlineData("--beds is 0; allowed: 1 to 5000.", "--beds", "0")]
    [InlineData("--speed is -1; allowed: more than 0, at most 10000.", "--speed", "-1")]
    [InlineData("/nowhere.hea: is not there", "--recording", "/nowhere.hea")]
    public async Task A_wrong_flag_is_one_line_and_exit_2(string message, params string[] flags)
    {
        using var folder = new TemporaryFolder();
        var error = new StringWriter();

        var exit = await CommandLine.InvokeAsync(["demo", "--plain", "--seconds", "1", "--store", folder.Path, .. flags], TextWriter.Null, error, CancellationToken.None);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
    }
}
