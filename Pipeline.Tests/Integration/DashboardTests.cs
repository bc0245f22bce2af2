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

    private static readonly Lazy<Task<List<VitalPoint>>> Labour = new(LabourAsync);

    [SkippableFact]
    public async Task Every_panel_and_variable_of_the_dashboards_finds_the_wards_points()
    {
        Skip.If(server.Absent is not null, server.Absent);
        await server.CreateDatabaseAsync(Database);
        await using var writing = new InfluxWriting(server.OptionsFor(Database));
        await writing.WriteAsync(Points.Batch(
            from i in Enumerable.Range(0, 60)
            from bed in (string[])["b1", "b2"]
            from signal in (SignalKind[])[SignalKind.Ecg, SignalKind.Ppg, SignalKind.Abp]
            select Points.Of(i, patient: $"P-{bed}", bed: bed, signal: signal, status: i % 3 == 1 ? EstimateStatus.Gap : EstimateStatus.Ok)));

        var labour = await Labour.Value;
        Assert.InRange(labour.Select(point => (point.Device, point.Estimate.Signal, point.Estimate.Metric)).Distinct().Count(), 25, 46);
        await writing.WriteAsync(Points.Batch(labour));

        await writing.WriteAsync(Points.Batch([Points.Of(0) with { Estimate = new Estimate(SignalKind.FetalEcg, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, "") }]));
        await writing.WriteAsync(Points.Batch([Points.Of(0) with { Estimate = new Estimate(SignalKind.Ecg, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, "") }]));

        await writing.WriteAsync(Points.Batch(
        [
            .. from i in Enumerable.Range(0, 10)
               from metric in (Metric[])[Metric.Rmssd, Metric.Sdnn, Metric.LowToHighRatio, Metric.RespiratoryRate]
               select Points.Of(5 * i) is var point ? point with { Estimate = point.Estimate with { Metric = metric } } : point,
            .. from metric in (Metric[])[Metric.RhythmEpisode, Metric.RhythmOngoing] select Episode(metric),
        ]));

        var alarms = new Alarms.AlarmRun().From(8, 60, Alarms.AlarmRun.Rate(125));
        await writing.WriteAsync(Points.Batch(alarms.Changes.Select(Alarms.AlarmPointTests.PointOf)));

        await writing.WriteAsync(Points.Batch(
            from metric in Enum.GetValues<Metric>()
            where Names.MeasurementOf(metric) == "hrv"
            select Points.Of(9) with { Estimate = new Estimate(SignalKind.Ecg, metric, 20, double.NaN, 0.9, 1, EstimateStatus.Ok, Stages.Classical) }));
        await writing.WriteAsync(Points.Batch(
            from isOver in (bool[])[false, true]
            select Points.Of(9) with
            {
                Estimate = new Estimate(SignalKind.Ecg, Names.MetricOf(EventKind.Pause, isOver), 4, double.NaN, 0.9, 0.9, EstimateStatus.Ok, Stages.Classical),
                Event = new PatientEvent(EventKind.Pause, 10, 14, Points.Of(9).Time, isOver, EventPriority.Medium, "4.0 s between two beats"),
            }));

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

    /// <summary>The table's rows are merged by ward, bed and patient: a query of several rows a bed would show one of them.</summary>
    [SkippableFact]
    public async Task The_ward_has_one_row_a_bed_whatever_signals_it_has()
    {
        Skip.If(server.Absent is not null, server.Absent);
        const string Rows = "rows";
        await server.CreateDatabaseAsync(Rows);
        await using var writing = new InfluxWriting(server.OptionsFor(Rows));
        await writing.WriteAsync(Points.Batch(
            from i in Enumerable.Range(0, 4)
            from bed in (string[])["b1", "b2"]
            from device in (string[])["d1", "d2"]
            from signal in (SignalKind[])[SignalKind.Ecg, SignalKind.Ppg, SignalKind.Abp]
            select Points.Of(i, patient: $"P-{bed}", bed: bed, device: device, signal: signal)));
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(DashboardFiles().Single(file => file.EndsWith("ward.json", StringComparison.Ordinal))));
        var table = Panels(json).Single(panel => panel.GetProperty("title").GetString() == "Beds");

        var groups = table.GetProperty("transformations").EnumerateArray().Single(step => step.GetProperty("id").GetString() == "groupBy").GetProperty("options").GetProperty("fields")
            .EnumerateObject().Where(field => field.Value.GetProperty("operation").GetString() == "groupby").Select(field => field.Name);
        Assert.Equal(["ward", "bed", "pid"], groups);
        foreach (var query in InfluxQueries(table).Where(query => query.Contains("\"vitals\"", StringComparison.Ordinal)))
        {
            var rows = await server.QueryAsync(Rows, Fill(query));
            Assert.Equal(["P-b1", "P-b2"], rows.Select(row => row["pid"].GetString()).Order());
        }
    }

    /// <summary>A grid that is finer than the points leaves each of them alone: no line is drawn. Five minutes, half an hour and a day on a panel of 1,200 px.</summary>
    [SkippableFact]
    public async Task Lines_hold_together_at_each_zoom_and_do_not_cross_a_gap()
    {
        Skip.If(server.Absent is not null, server.Absent);
        const string Lines = "lines";
        await server.CreateDatabaseAsync(Lines);
        await using var writing = new InfluxWriting(server.OptionsFor(Lines));
        await writing.WriteAsync(Points.Batch(
        [
            .. from i in Enumerable.Range(0, 300)
               where i is < 100 or >= 200      // 200 s without a value
               select Points.Of(i, device: "d1"),
            .. from i in Enumerable.Range(0, 120)
               from metric in (Metric[])[Metric.Rmssd, Metric.Sdnn, Metric.LowToHighRatio, Metric.RespiratoryRate]
               select Points.Of(30 * i) is var point ? point with { Estimate = point.Estimate with { Metric = metric } } : point,
        ]));
        await writing.WriteAsync(Points.Batch(await Labour.Value));

        var checkedLines = 0;
        foreach (var (panel, query) in DashboardFiles().SelectMany(LinesOf))
            foreach (var zoom in (TimeSpan[])[TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromDays(1)])
            {
                var interval = IntervalOf(panel, zoom);
                var rows = await server.QueryAsync(Lines, Fill(query, interval));
                foreach (var line in rows.GroupBy(row => string.Join(' ', row.Where(cell => cell.Key is not "time" && cell.Value.ValueKind == JsonValueKind.String).Select(cell => cell.Value.GetString()))))
                {
                    var times = line.Where(row => row.Any(cell => cell is { Key: not "time", Value.ValueKind: JsonValueKind.Number })).Select(row => row["time"].GetInt64() / 1e9).ToArray();
                    var reach = Math.Max(SpanOf(panel).TotalSeconds, interval.TotalSeconds) + 1e-3;
                    var alone = times.Where((time, at) => (at == 0 || time - times[at - 1] > reach) && (at == times.Length - 1 || times[at + 1] - time > reach)).Count();
                    checkedLines += times.Length > 2 ? 1 : 0;
                    Assert.True(times.Length <= 2 || alone <= times.Length / 100, $"{panel.GetProperty("title")}, {zoom}: {alone} of {times.Length} points of {line.Key} stand alone at {interval}");
                }
                Assert.InRange(SpanOf(panel).TotalSeconds, 0, 180);
            }
        Assert.True(checkedLines >= 60, $"only {checkedLines} lines were looked at");
    }

    private static IEnumerable<JsonElement> Panels(JsonDocument dashboard) => dashboard.RootElement.GetProperty("panels").EnumerateArray();

    private static IEnumerable<string> InfluxQueries(JsonElement panel) => panel.TryGetProperty("targets", out var targets)
        ? targets.EnumerateArray().Where(target => target.TryGetProperty("query", out _)).Select(target => target.GetProperty("query").GetString()!)
        : [];

    /// <summary>The queries of lines, each with a copy of its panel.</summary>
    private static (JsonElement Panel, string Query)[] LinesOf(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. from panel in Panels(json)
               where panel.GetProperty("type").GetString() == "timeseries"
               from query in InfluxQueries(panel)
               where query.Contains("fill(null)", StringComparison.Ordinal)
               select (panel.Clone(), query),
        ];
    }

    /// <summary>Grafana's <c>$__interval</c>: the time of a pixel, rounded, and no less than the panel's or the datasource's least.</summary>
    private static TimeSpan IntervalOf(JsonElement panel, TimeSpan shown)
    {
        var datasource = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "grafana", "provisioning", "datasources", "ward.yml"));
        Assert.Contains("timeInterval: 2s", datasource, StringComparison.Ordinal);
        var least = panel.TryGetProperty("interval", out var own) && own.ValueKind == JsonValueKind.String ? Duration(own.GetString()!) : TimeSpan.FromSeconds(2);
        var pixel = (shown / 1200).TotalSeconds;
        var rounded = TimeSpan.FromSeconds(pixel < 1.5 ? 1 : pixel < 3.5 ? 2 : pixel < 7.5 ? 5 : pixel < 45 ? 30 : 60);
        return rounded > least ? rounded : least;
    }

    private static TimeSpan Duration(string text) => TimeSpan.FromSeconds(
        int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) * (text[^1] switch { 's' => 1, 'm' => 60, _ => throw new FormatException(text) }));

    /// <summary>Over how long a time without a value a line is drawn.</summary>
    private static TimeSpan SpanOf(JsonElement panel)
    {
        var span = panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("custom").GetProperty("spanNulls");
        Assert.NotEqual(JsonValueKind.True, span.ValueKind);
        return TimeSpan.FromMilliseconds(span.ValueKind == JsonValueKind.Number ? span.GetDouble() : 0);
    }

    private static VitalPoint Episode(Metric metric) => Points.Of(3) with
    {
        Estimate = new Estimate(SignalKind.Ecg, metric, 12, double.NaN, 0.9, 1, EstimateStatus.Ok, "classical"),
        Event = new PatientEvent(EventKind.AtrialFibrillation, 0, 12, Points.Start.AddSeconds(18), metric == Metric.RhythmEpisode, EventPriority.Medium, "by its intervals"),
    };

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

    private static string Fill(string query) => Fill(query, TimeSpan.FromSeconds(10));

    private static string Fill(string query, TimeSpan interval) => query
        .Replace("now() - $stale", Points.Start.AddSeconds(-1).UnixNanoseconds.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$timeFilter", $"time >= {Points.Start.UnixNanoseconds} AND time < {Points.Start.AddSeconds(2 * LabourSeconds).UnixNanoseconds}", StringComparison.Ordinal)
        .Replace("$__interval", $"{interval.TotalSeconds:0}s", StringComparison.Ordinal)
        .Replace("$ward", "(w1|w2)", StringComparison.Ordinal)
        .Replace("$pid", ".*", StringComparison.Ordinal)
        .Replace("$signal", ".*", StringComparison.Ordinal)
        .Replace("$bed", ".*", StringComparison.Ordinal);

    private static IEnumerable<string> AlertQueries()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "grafana", "provisioning", "alerting", "alarms.json")));
        return
        [
            .. from rules in json.RootElement.GetProperty("groups").EnumerateArray()
               from rule in rules.GetProperty("rules").EnumerateArray()
               from data in rule.GetProperty("data").EnumerateArray()
               where data.GetProperty("model").TryGetProperty("query", out _)
               select data.GetProperty("model").GetProperty("query").GetString()!,
        ];
    }

    private static string[] DashboardFiles() => Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "grafana", "dashboards"), "*.json");

    private static IEnumerable<string> QueriesOf(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var dashboard = json.RootElement;
        var targets = Panels(json).SelectMany(InfluxQueries);
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
