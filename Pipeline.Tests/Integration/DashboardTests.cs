using System.Text.Json;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Every query of Grafana's dashboards runs on a real server, and finds what was written.</summary>
public abstract class DashboardTests(InfluxServer server)
{
    private const string Database = "grafana";

    private const int LabourSeconds = 1500, LeadSeconds = 60;

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

        var labour = await LabourAsync();
        Assert.InRange(labour.Select(point => (point.Device, point.Estimate.Signal, point.Estimate.Metric)).Distinct().Count(), 25, 46);
        await writing.WriteAsync(Points.Batch(labour));

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

    [SkippableFact]
    public async Task A_bed_whose_newest_window_has_no_fetal_rate_is_blank_and_says_since_when()
    {
        Skip.If(server.Absent is not null, server.Absent);
        const string Newest = "newest";
        await server.CreateDatabaseAsync(Newest);
        await using var writing = new InfluxWriting(server.OptionsFor(Newest));
        VitalPoint Fetal(string bed, int number, EstimateStatus status)
        {
            var point = Points.Of(number, patient: bed, bed: bed, device: "ctg", signal: SignalKind.FetalHeartRate, status: status);
            return point with { Estimate = point.Estimate with { Metric = Metric.FetalHeartRate } };
        }
        await writing.WriteAsync(Points.Batch(
        [
            Fetal("well", 5, EstimateStatus.Ok), Fetal("well", 6, EstimateStatus.LowQuality), Fetal("well", 7, EstimateStatus.Ok),
            Fetal("lost", 5, EstimateStatus.Ok), Fetal("lost", 6, EstimateStatus.Ok), Fetal("lost", 7, EstimateStatus.Coincidence),
        ]));
        var queries = DashboardFiles().SelectMany(QueriesOf).ToArray();

        var rates = await server.QueryAsync(Newest, Fill(queries.Single(query => query.Contains("AS \"fetal_rate\"", StringComparison.Ordinal))));
        var last = await server.QueryAsync(Newest, Fill(queries.Single(query => query.StartsWith("SELECT last(\"quality\") AS \"quality\" FROM", StringComparison.Ordinal))));

        var shown = Assert.Single(rates);
        Assert.Equal(("well", 67), (shown["bed"].GetString(), shown["fetal_rate"].GetDouble()));
        Assert.Equal(Points.Of(6).Time.UnixNanoseconds, last.Single(row => row["bed"].GetString() == "lost")["time"].GetInt64());
    }

    /// <summary>A value that an earlier run left beside another status must never be shown: see the line protocol's rule.</summary>
    [Fact]
    public void Every_query_for_a_value_asks_for_status_ok() => Assert.All(
        DashboardFiles().SelectMany(QueriesOf).Where(IsOfValues),
        query => Assert.Contains("\"status\" = 'ok'", query, StringComparison.Ordinal));

    /// <summary>A bed that sends nothing must not show its last value as its present one.</summary>
    [Fact]
    public void Every_table_of_values_blanks_those_that_are_stale_and_says_who_is_silent()
    {
        var queries = DashboardFiles().SelectMany(QueriesOf).ToArray();

        Assert.All(queries.Where(query => IsOfValues(query) && query.Contains("SELECT last", StringComparison.Ordinal)), query => Assert.Contains("time > now() - $stale", query, StringComparison.Ordinal));
        Assert.Contains(queries, query => query.Contains("FROM \"presence\"", StringComparison.Ordinal));
    }

    /// <summary>What the pipeline makes of a fast twin labour, its abdominal leads for a minute.</summary>
    private static async Task<List<VitalPoint>> LabourAsync()
    {
        var scenario = SimulatedWard.LabourBed(7, seed: 1, Points.Start, epoch: 0, default, ward: "w1");
        var bed = new SimulatedBed(scenario with { Labour = scenario.Labour! with { FetalRate = 171, LeadCount = 4, RateHz = 250 } });   // it is in labour
        var chunks = new List<SampleChunk>();
        while (bed.Seconds < LabourSeconds)
            bed.Next(chunks, isLast: bed.Seconds + 1 == LabourSeconds);
        chunks.RemoveAll(chunk => chunk.Device == "fecg" && chunk.FirstSampleIndex >= LeadSeconds * chunk.RateHz);
        var sink = new RecordingSink();
        await TestPartitions.RunAsync(
            new InMemorySource(chunks), [sink], new TopologyOptions(), new ManualTimeProvider(), stages: first => Stages.Create(first.Channels, first.RateHz));
        return [.. sink.Points];
    }

    // What is open of the alarms is no value that a window may lack.
    private static bool IsOfValues(string query) =>
        query.Contains("\"value\"", StringComparison.Ordinal) && !query.Contains("FROM \"alarm\"", StringComparison.Ordinal);

    private static string Fill(string query) => query
        .Replace("now() - $stale", Points.Start.AddSeconds(-1).UnixNanoseconds.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$timeFilter", $"time >= {Points.Start.UnixNanoseconds} AND time < {Points.Start.AddSeconds(2 * LabourSeconds).UnixNanoseconds}", StringComparison.Ordinal)
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
        var annotations = dashboard.GetProperty("annotations").GetProperty("list").EnumerateArray().Select(annotation => annotation.GetProperty("query").GetString()!);
        return [.. targets, .. variables, .. annotations];
    }
}

[Trait("Category", "Integration")]
public sealed class Influx2DashboardTests(Influx2Server server) : DashboardTests(server), IClassFixture<Influx2Server>;

[Trait("Category", "Integration")]
public sealed class Influx1DashboardTests(Influx1Server server) : DashboardTests(server), IClassFixture<Influx1Server>;
