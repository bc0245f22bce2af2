using System.Globalization;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimates;

/// <summary>The command with a network, whose answers come when they come.</summary>
public sealed class NetworkEstimateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_come_in_the_order_of_windows_and_signals_and_are_the_same_in_every_run()
    {
        var path = Path.Combine(_folder.Path, "both.csv");
        File.WriteAllLines(path, Enumerable.Range(0, 125 * 90).Select(i => i / 125.0).Select(t => string.Create(
            CultureInfo.InvariantCulture, $"{PulseWave.At(1.3 * t):0.000},{(t * 1.3 % 1 < 0.04 ? 1 : 0.01 * Math.Sin(9 * t)):0.000}")).Prepend("pleth,lead"));

        var first = await RunAsync(path);
        var again = await RunAsync(path);

        Assert.Equal(first, again);
        var rows = first.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(row => row.Split(',')).ToList();
        Assert.Equal(
            Enumerable.Range(0, 42).SelectMany(k => new[] { $"{2 * k} ecg", $"{2 * k} ppg" }), rows.Select(row => $"{row[0]} {row[2]}"));
        Assert.All(rows.Where(row => row[2] == "ppg"), row => Assert.Equal("ok", row[9]));
    }

    private static async Task<string> RunAsync(string path)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter());
        var exit = await CommandLine.InvokeAsync(
            ["estimate", path, "--rate", "125", "--channel", "pleth=ppg", "--channel", "lead=ecg", "--model", "heart-rate"], output, error, CancellationToken.None);
        Assert.Equal(ExitCode.Ok, exit);
        Assert.Equal(1, error.ToString().Count(letter => letter == '\n'));
        return output.ToString();
    }
}
