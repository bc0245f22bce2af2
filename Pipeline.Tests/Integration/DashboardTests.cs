using System.Text.Json;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Every query of Grafana's dashboards runs on a real server, and finds what was written.</summary>
public abstract class DashboardTests(InfluxServer server)
{
    private const string Database = "grafana";

    private static readonly Metric[] FetalMetrics =
    [
        Metric.HeartRate, Metric.FetalHeartRate, Metric.FetalBaseline, Metric.FetalVariability, Metric.FetalShortTermVariation,
        Metric.SignalLoss, Metric.FetalCategory, Metric.UterineActivity,
    ];

    [SkippableFact]
    public async Task Every_panel_and_variable_of_the_dashboards_finds_the_wards_points()
    {
        Skip.If(server.Absent is not null, server.Absent);
        await server.CreateDatabaseAsync(Database);
        await using var writing = new InfluxWriting(server.OptionsFor(Database));
        await writing.WriteAsync(Points.Batch(
            from i in Enumerable.Range(0, 60)
            from bed in (string[])["b1", "b2"]
            from signal in (SignalKind[])[SignalKind.Ecg, SignalKind.Ppg]
            select Points.Of(i, patient: $"P-{bed}", bed: bed, signal: signal, status: i % 3 == 1 ? EstimateStatus.Gap : EstimateStatus.Ok)));

        await writing.WriteAsync(Points.Batch(
            from i in Enumerable.Range(0, 60)
            from metric in FetalMetrics
            let point = Points.Of(i, patient: "P-b1", bed: "b1", device: "fecg", signal: SignalKind.FetalEcg)
            select point with { Estimate = point.Estimate with { Metric = metric } }));
        var begin = Points.Of(3, patient: "P-b1", bed: "b1", device: "fecg", signal: SignalKind.FetalEcg);
        await writing.WriteAsync(Points.Batch([begin with
        {
            Estimate = begin.Estimate with { Metric = Metric.Deceleration },
            Event = new(EventKind.LateDeceleration, 6, 54, begin.Time.AddSeconds(48), IsOver: true, EventPriority.Low, "begins 25 s after a contraction"),
        }]));

        await writing.WriteAsync(Points.Batch([Points.Of(0) with { Estimate = new Estimate(SignalKind.FetalEcg, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, "") }]));
        await writing.WriteAsync(Points.Batch([Points.Of(0) with { Estimate = new Estimate(SignalKind.Ecg, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, "") }]));

        var alarms = new Alarms.AlarmRun().From(8, 60, Alarms.AlarmRun.Rate(125));
        await writing.WriteAsync(Points.Batch(alarms.Changes.Select(Alarms.AlarmPointTests.PointOf)));

        var queries = DashboardFiles().SelectMany(QueriesOf).Concat(AlertQueries()).ToArray();

        Assert.True(queries.Length >= 7, "no queries were found in grafana/dashboards");
        foreach (var query in queries)
        {
            var rows = await server.QueryAsync(Database, Fill(query));
            Assert.True(rows.Count > 0, $"nothing found by {query}");
        }
    }

    /// <summary>A value that an earlier run left beside another status must never be shown: see the line protocol's rule.</summary>
    [Fact]
    public void Every_query_for_a_value_asks_for_status_ok() => Assert.All(
        DashboardFiles().SelectMany(QueriesOf).Where(query => query.Contains("(\"value\")", StringComparison.Ordinal)),
        query => Assert.Contains("\"status\" = 'ok'", query, StringComparison.Ordinal));

    /// <summary>A bed that sends nothing must not show its last value as its present one.</summary>
    [Fact]
    public void Every_table_of_values_blanks_those_that_are_stale_and_says_who_is_silent()
    {
        var queries = DashboardFiles().SelectMany(QueriesOf).ToArray();

        Assert.All(queries.Where(query => query.Contains("last(\"value\")", StringComparison.Ordinal)), query => Assert.Contains("time > now() - $stale", query, StringComparison.Ordinal));
        Assert.Contains(queries, query => query.Contains("FROM \"presence\"", StringComparison.Ordinal));
    }

    private static string Fill(string query) => query
        .Replace("now() - $stale", Points.Start.AddSeconds(-1).UnixNanoseconds.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$timeFilter", $"time >= {Points.Start.UnixNanoseconds} AND time < {Points.Start.AddSeconds(600).UnixNanoseconds}", StringComparison.Ordinal)
        .Replace("$__interval", "10s", StringComparison.Ordinal)
        .Replace("$ward", "(w1|w2)", StringComparison.Ordinal)
        .Replace("$bed", ".*", StringComparison.Ordinal);

    private static IEnumerable<string> AlertQueries()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFolder(), "grafana", "provisioning", "alerting", "alarms.json")));
        return
        [
            .. from rules in json.RootElement.GetProperty("groups").EnumerateArray()
               from rule in rules.GetProperty("rules").EnumerateArray()
               from data in rule.GetProperty("data").EnumerateArray()
               where data.GetProperty("model").TryGetProperty("query", out _)
               select data.GetProperty("model").GetProperty("query").GetString()!,
        ];
    }

    private static string[] DashboardFiles() => Directory.GetFiles(Path.Combine(RepositoryFolder(), "grafana", "dashboards"), "*.json");

    private static string RepositoryFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("the repository's root is not above the tests");
        return folder.FullName;
    }

    private static IEnumerable<string> QueriesOf(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var dashboard = json.RootElement;
        var targets =
            from panel in dashboard.GetProperty("panels").EnumerateArray()
            where panel.TryGetProperty("targets", out _)
            from target in panel.GetProperty("targets").EnumerateArray()
            select target.GetProperty("query").GetString()!;
        var variables = dashboard.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Where(variable => variable.GetProperty("type").GetString() == "query").Select(variable => variable.GetProperty("query").GetString()!);
        return [.. targets, .. variables];
    }
}

[Trait("Category", "Integration")]
public sealed class Influx2DashboardTests(Influx2Server server) : DashboardTests(server), IClassFixture<Influx2Server>;

[Trait("Category", "Integration")]
public sealed class Influx1DashboardTests(Influx1Server server) : DashboardTests(server), IClassFixture<Influx1Server>;
