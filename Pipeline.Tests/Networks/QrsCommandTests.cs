using System.Globalization;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Estimates;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>What decides on the beats of an ECG is chosen and scored as a user types it.</summary>
public sealed class QrsCommandTests : IDisposable
{
    private const double RateHz = 250;
    private readonly TemporaryFolder _folder = new();

    private static string Shipped => Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), "qrs");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_network_or_the_rule_decides_as_asked()
    {
        var shipped = ModelCatalog.Qrs?.Identity ?? throw new InvalidOperationException("models/qrs is not there or is refused");

        Assert.Equal([shipped], await ModelsAsync("auto"));
        Assert.Equal([shipped], await ModelsAsync("qrs"));
        Assert.Equal([shipped], await ModelsAsync(Shipped));
        Assert.Equal(["classical"], await ModelsAsync("classical"));
    }

    [Fact]
    public async Task A_package_of_another_task_is_refused_with_both_sides_named()
    {
        var (exit, _, error) = await RunAsync("estimate", Recording().Path, "--qrs-model", "heart-rate");

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains("is for the task 'heart_rate'; 'qrs' is wanted", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_scores_the_beats_of_records_with_annotations()
    {
        var (path, beats) = Recording();
        var words = new List<ushort>();
        var last = 0;
        foreach (var sample in beats.Select(b => (int)Math.Round(b.Seconds * RateHz)))
        {
            words.Add((ushort)(1 << 10 | sample - last));
            last = sample;
        }
        File.WriteAllBytes(Path.ChangeExtension(path, ".atr"), [.. words.Append((ushort)0).SelectMany(BitConverter.GetBytes)]);

        var report = Path.Combine(_folder.Path, "reports", "qrs.html");
        var (exit, output, error) = await RunAsync("evaluate", "qrs", "--data", _folder.Path, "--output", report);

        Assert.Equal((ExitCode.Ok, ""), (exit, error));
        AssertReport(report, output);
        var row = output.Split('\n').Single(line => line.Contains(",bed,", StringComparison.Ordinal)).Split(',');
        Assert.Equal(beats.Count, int.Parse(row[2], CultureInfo.InvariantCulture));
        Assert.InRange(double.Parse(row[3], CultureInfo.InvariantCulture), 98, 100);
        Assert.Contains("F1 of all beats", output, StringComparison.Ordinal);
    }

    private static void AssertReport(string report, string output)
    {
        var row = File.ReadLines(Path.ChangeExtension(report, ".csv")).Single(line => line.Contains(",bed,", StringComparison.Ordinal));
        Assert.Contains(row, output.Split('\n'));
        using var figures = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(report, ".json")));
        var beats = figures.RootElement.GetProperty("recordings")[0].GetProperty("figures").GetProperty("beats").GetDouble();
        Assert.Equal(row.Split(',')[2], beats.ToString(CultureInfo.InvariantCulture));
        var page = File.ReadAllText(report);
        Assert.All(row.Split(',').Skip(2), cell => Assert.Contains($">{cell}</td>", page, StringComparison.Ordinal));
        Assert.Contains($"# {report} (figures:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_refuses_a_report_of_beats_that_is_no_page()
    {
        var (exit, _, error) = await RunAsync("evaluate", "qrs", "--data", _folder.Path, "--output", "qrs.csv");

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains("--output qrs.csv: the report is a FILE.html", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_says_where_folds_of_a_QRS_network_are_scored()
    {
        var (exit, _, error) = await RunAsync("evaluate", "qrs", "--data", _folder.Path, "--split", "loso");

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains("./pipeline train qrs --data DIR --folds N", error, StringComparison.Ordinal);
    }

    private (string Path, List<TrueBeat> Beats) Recording() => SimulatedRecording.Write(_folder.Path, "bed", "ecg", 40);

    private async Task<IEnumerable<string>> ModelsAsync(string name)
    {
        var models = new List<string>();
        var request = new EstimateRequest([Recording().Path], new RecordingOptions([]), EstimateFormat.Csv, null, null);
        await using var run = new EstimateRun(request, TextWriter.Null, taken: (_, point) => models.Add(point.Estimate.Model)) { Qrs = ModelCatalog.OpenQrs(name) };
        Assert.Equal(ExitCode.Ok, await run.RunAsync(TimeProvider.System, CancellationToken.None));
        return models.Distinct();
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(arguments, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }
}
