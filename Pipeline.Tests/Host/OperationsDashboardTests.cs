using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

/// <summary>What the dashboard and the alert rules of operation ask Prometheus for is what the program shows on <c>/metrics</c>.</summary>
[Collection(nameof(MeasurementsCollection))]
public sealed partial class OperationsDashboardTests
{
    private static readonly string Grafana = Path.Combine(RepositoryRoot.Path, "grafana");

    // What Prometheus adds itself.
    private static readonly string[] Added = ["up", "instance", "job", "le"];

    [Fact]
    public async Task Each_query_names_metrics_and_labels_that_the_program_has()
    {
        await using var application = await WatchServerTests.StartAsync(_ => { });
        var shown = Metric().Matches(await WatchServerTests.GetAsync(application, "/metrics")).Select(match => match.Value);
        var runtime = shown.Where(name => name.StartsWith("dotnet_", StringComparison.Ordinal)).ToHashSet();
        var lines = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Golden", "metrics.txt"));
        var approved = lines.Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);
        var labels = lines.SelectMany(line => NamesIn(Labels(), line)).Concat(Added).ToHashSet();
        var queries = Expressions().ToArray();

        Assert.True(queries.Length >= 35, $"only {queries.Length} queries were found");
        foreach (var query in queries)
        {
            foreach (var name in Metric().Matches(query).Select(match => match.Value))
            {
                var part = Part().Match(name);
                var family = part.Success ? name[..part.Index] : name;
                var isShown = approved.TryGetValue(family, out var type) ? part.Success == (type == "histogram") : runtime.Contains(name);
                Assert.True(isShown, $"the program shows no {name}: {query}");
            }
            Assert.All(NamesIn(By(), query), label => Assert.True(labels.Contains(label), $"no metric has {label}: {query}"));
        }
    }

    /// <summary>A counter starts anew with its process: only its rate, increase or resets mean anything.</summary>
    [Fact]
    public void No_counter_is_shown_as_it_stands() => Assert.All(Expressions(), query =>
        Assert.All(Counter().Matches(query), counter => Assert.Matches(@"(rate|increase|resets)\($", query[..counter.Index])));

    private static IEnumerable<string> Expressions()
    {
        foreach (var file in (string[])["dashboards/operations.json", "provisioning/alerting/operations.json"])
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Grafana, file)));
            foreach (var expression in Find(json.RootElement).ToArray())
                yield return expression;
        }
    }

    private static IEnumerable<string> NamesIn(Regex pattern, string text) =>
        pattern.Matches(text).SelectMany(match => match.Groups["name"].Captures.Select(one => one.Value));

    private static IEnumerable<string> Find(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject()
            .SelectMany(one => one.Name == "expr" ? [one.Value.GetString()!] : Find(one.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Find),
        _ => [],
    };

    [GeneratedRegex(@"\b(pipeline|dotnet)_\w+")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"\{((?<name>\w+),?)+\}")]
    private static partial Regex Labels();

    [GeneratedRegex(@"by \(((?<name>\w+)(, )?)+\)")]
    private static partial Regex By();

    [GeneratedRegex(@"\b(pipeline|dotnet)_\w+(_total|_bucket|_sum|_count)\b")]
    private static partial Regex Counter();
}
