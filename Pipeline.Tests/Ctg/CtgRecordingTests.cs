using System.Globalization;
using Pipeline.Benchmarks.Ctg;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Ctg;

/// <summary>Recordings of CTU-UHB by <c>estimate</c>.</summary>
public sealed class CtgRecordingTests
{
    [SkippableTheory]
    [InlineData("1001")]
    [InlineData("1012")]
    public async Task A_recording_gives_rows_and_events(string name)
    {
        var path = SharedFolder.Recording("ctu-uhb", $"{name}.hea");
        using var folder = new TemporaryFolder();
        var (rows, events) = (Path.Combine(folder.Path, "rows.csv"), Path.Combine(folder.Path, "events.csv"));
        var error = new StringWriter();

        var code = await CommandLine.InvokeAsync(["estimate", path, "--output", rows, "--events", events], TextWriter.Null, error, CancellationToken.None);

        Assert.Equal((ExitCode.Ok, ""), (code, string.Join('\n', error.ToString().Split('\n').Where(line => line.Contains("fault", StringComparison.Ordinal)))));
        var written = File.ReadAllLines(events);
        Assert.Equal("start_s,end_s,kind,priority,probability,reason", written[0]);
        var cells = written.Skip(1).Select(line => line.Split(',')).ToList();
        Assert.All(cells, row => Assert.Equal(6, row.Length));
        Assert.Contains(cells, row => row[2].StartsWith("deceleration", StringComparison.Ordinal));
        Assert.Contains(cells, row => row[2].StartsWith("category_", StringComparison.Ordinal));
        var starts = cells.Select(row => double.Parse(row[0], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(starts.Order(), starts);
        Assert.All(cells, row => Assert.True(double.Parse(row[1], CultureInfo.InvariantCulture) >= double.Parse(row[0], CultureInfo.InvariantCulture)));
        var metrics = File.ReadLines(rows).Skip(1).Select(line => line.Split(',')).Select(row => (row[2], row[3])).Distinct();
        Assert.Equal(
            [
                ("fhr", "fetal_baseline"), ("fhr", "fetal_category"), ("fhr", "fetal_heart_rate"), ("fhr", "fetal_stv"), ("fhr", "fetal_variability"), ("fhr", "signal_loss"),
                ("uc", "contraction_rate"), ("uc", "uterine_activity"),
            ], metrics);
    }

    [SkippableTheory]
    [InlineData("1005")]
    [InlineData("1016")]
    public void Online_and_offline_are_the_same(string name) => Assert.True(CtgRecord.IsSameInOneChunk(SharedFolder.Recording("ctu-uhb", $"{name}.hea")));
}
