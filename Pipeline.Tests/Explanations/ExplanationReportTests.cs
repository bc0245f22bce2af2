using System.Text.RegularExpressions;
using Pipeline.Host.Errors;
using Pipeline.Tests.Evaluation;
using Xunit;

namespace Pipeline.Tests.Explanations;

/// <summary>Explanations as a user asks for them, on simulated recordings.</summary>
public sealed partial class ExplanationReportTests : EvaluatedRecordings
{
    [Fact]
    public async Task Estimate_writes_a_page_of_what_carried_the_rates_that_refers_to_nothing_outside()
    {
        var page = Path.Combine(FolderPath, "why.html");

        var (exit, _, _) = await RunAsync("estimate", Path.Combine(Data("a"), "a.hea"), "--output", Path.Combine(FolderPath, "a.csv"), "--explain", page);

        Assert.Equal(ExitCode.Ok, exit);
        var text = await File.ReadAllTextAsync(page);
        Assert.Equal(3, Descriptions(text).Count(d => d.EndsWith("over rates and time, with reference and estimate", StringComparison.Ordinal)));
        Assert.Contains(Descriptions(text), d => d.StartsWith("What carried the answer to the window from ", StringComparison.Ordinal));
        Assert.Contains("17 windows of 8 s", text, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", text, StringComparison.Ordinal);
        Assert.DoesNotMatch(Outside(), text);
    }

    [Fact]
    public async Task The_classical_estimator_is_not_explained_and_estimate_says_so()
    {
        var page = Path.Combine(FolderPath, "why.html");

        var (exit, _, error) = await RunAsync("estimate", Path.Combine(Data("a"), "a.hea"), "--model", "classical", "--explain", page);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains("--explain is of the heart-rate network: classical is none", error, StringComparison.Ordinal);
        Assert.False(File.Exists(page));
    }

    [Fact]
    public async Task Evaluate_shows_of_each_of_the_worst_windows_what_carried_the_answer()
    {
        await RunAsync("evaluate", "heart-rate", "--data", Data("a"), "--output", Report);

        using var figures = Figures();
        var worst = figures.RootElement.GetProperty("worst_windows").EnumerateArray()
            .Select(window => FormattableString.Invariant($"What carried the answer to the window from {window.GetProperty("start_seconds").GetDouble()} s"));
        Assert.Equal(worst, Descriptions(await File.ReadAllTextAsync(Report)).Where(d => d.StartsWith("What carried", StringComparison.Ordinal)));
    }

    private static List<string> Descriptions(string page) => [.. Described().Matches(page).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("""<svg [^>]*aria-label="([^"]*)""")]
    private static partial Regex Described();

    [GeneratedRegex("""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?https?:""", RegexOptions.IgnoreCase)]
    private static partial Regex Outside();
}
