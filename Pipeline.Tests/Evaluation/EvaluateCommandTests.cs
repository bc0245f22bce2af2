using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Host.Errors;
using Xunit;

namespace Pipeline.Tests.Evaluation;

/// <summary>Evaluating as a user types it, on simulated recordings.</summary>
public sealed partial class EvaluateCommandTests : EvaluatedRecordings
{
    [Fact]
    public async Task Windows_are_scored_with_the_estimates_that_estimate_writes()
    {
        var data = Data();

        var (exit, output, error) = await RunAsync("evaluate", "classical", "--data", data, "--output", Report);
        var estimate = await RunAsync("estimate", Path.Combine(data, "a.hea"), "--model", "classical");

        Assert.Equal(ExitCode.Ok, exit);
        Assert.StartsWith("a.hea and 1 more: kinds of channels: ppg: PPG; acc", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains("data/a", output, StringComparison.Ordinal);
        var estimated = estimate.Output.Split('\n').Where(line => line.Contains(",ppg,heart_rate,", StringComparison.Ordinal)).Select(line => line.Split(','))
            .Select(f => (f[0], f[4], f[6], f[7])).ToList();
        var scored = Rows("csv").Where(r => r["recording"] == "a").Select(r => (r["window_start_s"], r["value"], r["sigma"], r["quality"])).ToList();
        Assert.Equal(17, scored.Count);
        Assert.Equal(estimated[..17], scored);
    }

    [Fact]
    public async Task The_figures_are_those_of_the_windows()
    {
        await RunAsync("evaluate", "classical", "--data", Data(), "--output", Report);

        using var figures = Figures();
        var errors = Rows("csv").Where(r => r["value"].Length > 0)
            .Select(r => (Recording: r["recording"], Error: Number(r["value"]) - Number(r["reference"]), Sigma: Number(r["sigma"]))).ToList();
        var overall = figures.RootElement.GetProperty("overall");
        Assert.Equal(errors.Average(e => Math.Abs(e.Error)), overall.GetProperty("mae").GetDouble(), 1e-3);
        Assert.Equal(Math.Sqrt(errors.Average(e => e.Error * e.Error)), overall.GetProperty("rmse").GetDouble(), 1e-3);
        Assert.Equal(errors.Count(e => Math.Abs(e.Error) <= 1.6449 * e.Sigma) / (double)errors.Count, overall.GetProperty("within90_interval").GetDouble(), 1e-3);
        var subjects = figures.RootElement.GetProperty("subjects").EnumerateArray().ToList();
        Assert.Equal(["a", "b"], subjects.Select(s => s.GetProperty("subject").GetString()));
        foreach (var subject in subjects)
            Assert.Equal(
                errors.Where(e => e.Recording == subject.GetProperty("subject").GetString()).Average(e => Math.Abs(e.Error)),
                subject.GetProperty("figures").GetProperty("mae").GetDouble(), 1e-3);
    }

    [Fact]
    public async Task The_report_holds_the_figures_and_refers_to_nothing_outside()
    {
        await RunAsync("evaluate", "classical", "--data", Data(), "--output", Report);

        var page = await File.ReadAllTextAsync(Report);
        using var figures = Figures();
        foreach (var name in new[] { "mae", "rmse" })
            Assert.Contains($">{figures.RootElement.GetProperty("overall").GetProperty(name).GetDouble().ToString("F2", CultureInfo.InvariantCulture)}<", page, StringComparison.Ordinal);
        Assert.Contains("<td>data / a</td>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(OutsideReference(), page);
    }

    [Fact]
    public async Task The_report_has_a_dot_a_window_and_a_picture_of_each_of_the_worst()
    {
        await RunAsync("evaluate", "classical", "--data", Data(), "--output", Report);

        var page = await File.ReadAllTextAsync(Report);
        var pictures = Pictures().Matches(page).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        using var figures = Figures();
        Assert.Equal(34, pictures["Bland–Altman plot of estimate and reference"].Split("<ellipse ").Length - 1);
        Assert.Equal(2, pictures.Count(p => p.Key.StartsWith("Power over rates and time of ", StringComparison.Ordinal) && p.Value.Contains("<image ", StringComparison.Ordinal)));
        Assert.Equal(figures.RootElement.GetProperty("worst_windows").GetArrayLength(), pictures.Count(p => p.Key.StartsWith("Signal of ", StringComparison.Ordinal)));
        Assert.All(pictures.Values, picture => Assert.Contains("<path ", picture, StringComparison.Ordinal));
        var ids = Ids().Matches(page).Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public async Task Csv_recordings_are_scored_like_wfdb_ones()
    {
        var data = Directory.CreateDirectory(Path.Combine(FolderPath, "csv")).FullName;
        const double rate = 1.25;   // pulses a second: 75 per minute
        File.WriteAllLines(Path.Combine(data, "wrist.csv"), Enumerable.Range(0, 64 * 40)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{i / 64.0:F6},{Math.Sin(Math.Tau * rate * i / 64) + 0.4 * Math.Sin(2 * Math.Tau * rate * i / 64):F5}")).Prepend("time_s,PPG"));
        File.WriteAllLines(Path.Combine(data, "wrist.ref.csv"), ["t_start_s,hr_bpm", .. Enumerable.Range(0, 17).Select(w => $"{2 * w},75")]);

        var (exit, _, error) = await RunAsync("evaluate", "classical", "--data", data, "--output", Report);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.StartsWith("wrist.csv: kinds of channels: ppg: PPG", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        using var figures = Figures();
        Assert.Equal(17, figures.RootElement.GetProperty("overall").GetProperty("windows").GetInt32());
        Assert.InRange(figures.RootElement.GetProperty("overall").GetProperty("mae").GetDouble(), 0, 1);
    }

    [Fact]
    public async Task Data_that_the_model_was_trained_on_is_said_to_be()
    {
        var data = Data("train_01_TYPE01", "b");

        var (exit, _, error) = await RunAsync("evaluate", "heart-rate", "--data", data, "--output", Report);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains("1 of 2 recordings were in the training of heart-rate@", error, StringComparison.Ordinal);
        Assert.Contains("1 of 2 recordings were in the training of heart-rate@", await File.ReadAllTextAsync(Report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data /nowhere: there is no such folder.", "classical", "--data", "/nowhere")]
    [InlineData("There is no model 'wonder'", "wonder", "--data", "DATA")]
    [InlineData("--signal abp: the recordings have no heart rate from it; there is ppg.", "classical", "--data", "DATA", "--signal", "abp")]
    [InlineData("--signal brain: there are", "classical", "--data", "DATA", "--signal", "brain")]
    [InlineData("classical is not trained: --split loso has nothing to hold out", "classical", "--data", "DATA", "--split", "loso")]
    [InlineData("--split nofile.csv: is not there; loso, or a CSV file", "classical", "--data", "DATA", "--split", "nofile.csv")]
    [InlineData("they want --split", "classical", "--data", "DATA", "--steps", "3")]
    [InlineData("the report is a FILE.html", "classical", "--data", "DATA", "--output", "x.pdf")]
    public async Task What_cannot_be_done_is_one_clear_line_and_exit_2(string message, params string[] arguments)
    {
        var (exit, _, error) = await RunAsync([
            "evaluate", .. arguments.Select(a => a == "DATA" ? Data() : a), .. arguments.Contains("--output") ? Array.Empty<string>() : ["--output", Report]]);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    // References by any way that loads: of elements, of styles, of scripts. Names of XML's languages are no addresses.
    [GeneratedRegex("""(?:src|href|action)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?https?:|fetch\(["']https?:""", RegexOptions.IgnoreCase)]
    private static partial Regex OutsideReference();

    [GeneratedRegex("""<svg [^>]*aria-label="([^"]*)"[^>]*>(.*?)</svg>""", RegexOptions.Singleline)]
    private static partial Regex Pictures();

    [GeneratedRegex("""\bid="([^"]*)""")]
    private static partial Regex Ids();
}
