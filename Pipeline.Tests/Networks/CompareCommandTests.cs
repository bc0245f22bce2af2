using System.Globalization;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Support;
using Pipeline.Tests.Torch;
using Pipeline.Tests.Training;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>Comparing networks as a user types it, on simulated recordings.</summary>
[Collection(nameof(SeededTraining))]
public sealed class CompareCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Networks_and_the_classical_estimator_stand_in_one_table_on_the_same_people()
    {
        NeedLibtorch.OrSkip();
        var (first, second, rows) = (Folder("first", 5, "a", "b"), Folder("second", 6, "c", "d"), Path.Combine(_folder.Path, "rows.csv"));

        var (exit, output, error) = await RunAsync("compare", "cornet-depthwise", "gru", "--data", first, "--data", second, "--folds", "2", "--new-sensor", "first", "--steps", "1", "--output", rows);

        Assert.Equal((ExitCode.Ok, ""), (exit, error));
        var table = output.Split('\n').Where(line => line.StartsWith('|')).Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]).ToList();
        Assert.Equal(["method", "first", "second", "first, new sensor", "within 5", "in 90 % interval", "parameters", "MFLOP", "µs", "published"], table[0]);
        Assert.Equal(["cornet-depthwise", "gru", "classical", "wfpv-like"], table[2..].Select(row => row[0]));
        Assert.True(double.Parse(table[^1][1].Split(' ')[0], CultureInfo.InvariantCulture) < 5, table[^1][1]);     // beds lie still
        Assert.Equal("", table[^1][5]);
        Assert.Contains("2 groups of people", output, StringComparison.Ordinal);
        var held = (await File.ReadAllLinesAsync(rows)).Skip(1).Select(line => line.Split(',')).ToList();
        foreach (var method in new[] { "cornet-depthwise", "gru", "classical", "wfpv-like" })
            Assert.Equal(["a", "b", "c", "d"], held.Where(row => row[0] == method && row[1] == "held-out").Select(row => row[3]).Order());
        Assert.Equal(["a", "b"], held.Where(row => row[0] == "gru" && row[1] == "new-sensor").Select(row => row[3]));
        Assert.All(held, row => Assert.Equal("13", row[4]));
    }

    [SkippableFact]
    public async Task A_network_that_is_compared_is_the_one_that_is_trained_alone()
    {
        NeedLibtorch.OrSkip();
        var (data, rows) = (Folder("data", 5, "a", "b"), Path.Combine(_folder.Path, "rows.csv"));

        var compared = await RunAsync("compare", "lstm", "cornet-depthwise", "--data", data, "--folds", "2", "--steps", "2", "--output", rows);
        var alone = await RunAsync("train", "cornet-depthwise", "--data", data, "--folds", "2", "--steps", "2");

        Assert.Equal((ExitCode.Ok, ExitCode.Ok), (compared.Exit, alone.Exit));
        string[] Errors(IEnumerable<string> lines, int name, int error) => [.. lines.Select(line => line.Split(',')).Select(row => $"{row[name]} {row[error]}").Order(StringComparer.Ordinal)];
        Assert.Equal(
            Errors(alone.Output.Split('\n').Where(line => line.Length > 0 && char.IsDigit(line[0])), 2, 4),
            Errors((await File.ReadAllLinesAsync(rows)).Where(line => line.StartsWith("cornet-depthwise,", StringComparison.Ordinal)), 3, 6));
    }

    [SkippableTheory]
    [InlineData("gru", 256)]
    [InlineData("deep-ppg", 0)]
    public async Task A_trained_package_names_its_architecture_and_can_estimate(string name, int state)
    {
        NeedLibtorch.OrSkip();
        var folder = Path.Combine(_folder.Path, "mine");

        var (exit, _, error) = await RunAsync("train", name, "--data", Folder("data", 5, "a"), "--steps", "1", "--out", folder);
        var estimated = await RunAsync("estimate", Path.Combine(_folder.Path, "data", "a.hea"), "--model", folder);

        Assert.Equal((ExitCode.Ok, ""), (exit, error));
        var package = ModelPackage.Load(folder);
        Assert.Equal((name, state), (package.Manifest.Card["architecture"], package.Manifest.StateLength));
        Assert.Equal(ExitCode.Ok, estimated.Exit);
        Assert.NotNull(Trainings.ReadOf(package.Manifest));
    }

    [Theory]
    [InlineData("There is no network 'transformer' to compare; there are: heart-rate, deep-ppg", "transformer", "--data", "DATA")]
    [InlineData("--new-sensor: a second folder of --data is needed", "gru", "--data", "DATA", "--new-sensor", "data")]
    [InlineData("--new-sensor other: it names one of the folders of --data; there are: data", "gru", "--data", "DATA", "--new-sensor", "other")]
    [InlineData("--steps and --epochs say the same twice", "gru", "--data", "DATA", "--steps", "1", "--epochs", "1")]
    [InlineData("--folds 1: a number from 2, or loso", "gru", "--data", "DATA", "--folds", "1")]
    public async Task What_cannot_be_meant_is_refused_before_anything_is_trained(string message, params string[] arguments)
    {
        var data = Path.Combine(_folder.Path, "data");

        var (exit, _, error) = await RunAsync(["compare", .. arguments.Select(a => a == "DATA" ? data : a)]);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    private string Folder(string set, int seed, params string[] names)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, set)).FullName;
        foreach (var (name, index) in names.Select((name, index) => (name, index)))
        {
            var (path, beats) = SimulatedRecording.Write(folder, name, "ppg", 41, SimulatedWard.Bed(index, seed, new(0), 0, default));
            File.WriteAllLines(Path.ChangeExtension(path, ".ref.csv"), Enumerable.Range(0, 13)
                .Select(w => string.Create(CultureInfo.InvariantCulture, $"{2 * w},{2 * w + 8},{TrueBeat.HeartRate(beats, 2 * w, 2 * w + 8):F2}"))
                .Prepend("t_start_s,t_end_s,hr_bpm"));
        }
        return folder;
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(arguments, output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }
}
