using System.Globalization;
using System.Text.Json;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>What is drawn of the answers: rows of tables, lines of graphs.</summary>
public abstract class DashboardLinesTests(InfluxServer server)
{
    private static readonly TimeSpan Written = TimeSpan.FromHours(1);

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
            from signal in (SignalKind[])[SignalKind.Ecg, SignalKind.Ppg, SignalKind.Abp, SignalKind.HeartSound, SignalKind.Camera]
            select Points.Of(i, patient: $"P-{bed}", bed: bed, device: device, signal: signal)));
        using var json = GrafanaFiles.Dashboard("ward");
        var table = GrafanaFiles.Panels(json).Single(panel => panel.GetProperty("title").GetString() == "Beds");

        var merging = table.GetProperty("transformations").EnumerateArray().Single(step => step.GetProperty("id").GetString() == "groupBy");
        var groups = merging.GetProperty("options").GetProperty("fields").EnumerateObject()
            .Where(field => field.Value.GetProperty("operation").GetString() == "groupby").Select(field => field.Name);
        Assert.Equal(["ward", "bed", "pid"], groups);
        foreach (var query in GrafanaFiles.QueriesOf(table).Where(query => query.Contains("\"vitals\"", StringComparison.Ordinal)))
        {
            var rows = await server.QueryAsync(Rows, GrafanaFiles.Fill(query, Written, TimeSpan.FromSeconds(10)));
            Assert.Equal(["P-b1", "P-b2"], rows.Select(row => row["pid"].GetString()).Order());
        }
    }

    /// <summary>
    /// A grid that is finer than the points leaves each of them alone: no line is drawn. Five minutes, half an hour and a day on a panel of
    /// 1,200 px.
    /// </summary>
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
               select Points.Of(i),
            .. from i in Enumerable.Range(0, 120)
               from metric in Enum.GetValues<Metric>()
               where Names.MeasurementOf(metric) == "hrv"
               select Points.Of(15 * i) is var point ? point with { Estimate = point.Estimate with { Metric = metric } } : point,
        ]));
        await writing.WriteAsync(Points.Batch(await SimulatedLabour.PointsAsync()));

        var seen = 0;
        foreach (var (panel, query) in GrafanaFiles.Dashboards().SelectMany(LinesOf))
            foreach (var zoom in (TimeSpan[])[TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromDays(1)])
            {
                var interval = IntervalOf(panel, zoom);
                var rows = await server.QueryAsync(Lines, GrafanaFiles.Fill(query, Written, interval));
                foreach (var line in rows.Where(HasNumber).GroupBy(SeriesOf).Where(line => line.Count() > 2))
                {
                    double[] times = [.. line.Select(row => row["time"].GetInt64() / 1e9)];
                    var alone = CountAlone(times, Math.Max(SpanOf(panel), interval.TotalSeconds));
                    Assert.True(
                        alone <= times.Length / 100, $"{panel.GetProperty("title")}, {zoom}: {alone} of {times.Length} points of {line.Key} stand alone");
                    seen++;
                }
                Assert.InRange(SpanOf(panel), 0, 180);
            }
        Assert.True(seen >= 60, $"only {seen} lines were looked at");
    }

    private static bool HasNumber(Dictionary<string, JsonElement> row) =>
        row.Any(cell => cell is { Key: not "time", Value.ValueKind: JsonValueKind.Number });

    private static string SeriesOf(Dictionary<string, JsonElement> row) =>
        string.Join(' ', row.Where(cell => cell.Value.ValueKind == JsonValueKind.String).Select(cell => cell.Value.GetString()));

    /// <summary>Points without a neighbour within <paramref name="reach"/> seconds; <paramref name="times"/> ascend.</summary>
    private static int CountAlone(double[] times, double reach) => times.Where((time, at) =>
        (at == 0 || time - times[at - 1] > reach + 1e-3) && (at == times.Length - 1 || times[at + 1] - time > reach + 1e-3)).Count();

    /// <summary>The queries of lines, each with a copy of its panel.</summary>
    private static (JsonElement Panel, string Query)[] LinesOf(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return
        [
            .. from panel in GrafanaFiles.Panels(json)
               where panel.GetProperty("type").GetString() == "timeseries"
               from query in GrafanaFiles.QueriesOf(panel)
               where query.Contains("fill(null)", StringComparison.Ordinal)
               select (panel.Clone(), query),
        ];
    }

    /// <summary>Grafana's <c>$__interval</c>: the time of a pixel, rounded, no less than the panel's or the datasource's least.</summary>
    private static TimeSpan IntervalOf(JsonElement panel, TimeSpan shown)
    {
        var least = panel.TryGetProperty("interval", out var own) ? DurationOf(own.GetString()!) : LeastOfDatasource();
        var pixel = (shown / 1200).TotalSeconds;
        var rounded = TimeSpan.FromSeconds(pixel < 1.5 ? 1 : pixel < 3.5 ? 2 : pixel < 7.5 ? 5 : pixel < 45 ? 30 : 60);
        return rounded > least ? rounded : least;
    }

    private static TimeSpan LeastOfDatasource()
    {
        var lines = File.ReadLines(Path.Combine(RepositoryRoot.Path, "grafana", "provisioning", "datasources", "ward.yml"));
        return DurationOf(lines.First(line => line.Contains("timeInterval:", StringComparison.Ordinal)).Split(':')[1].Trim().Split(' ')[0]);
    }

    private static TimeSpan DurationOf(string text) => TimeSpan.FromSeconds(
        int.Parse(text[..^1], CultureInfo.InvariantCulture) * (text[^1] switch { 's' => 1, 'm' => 60, _ => throw new FormatException(text) }));

    /// <summary>Over how many seconds without a value a line is drawn.</summary>
    private static double SpanOf(JsonElement panel)
    {
        var span = panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("custom").GetProperty("spanNulls");
        Assert.NotEqual(JsonValueKind.True, span.ValueKind);
        return span.ValueKind == JsonValueKind.Number ? span.GetDouble() / 1000 : 0;
    }
}

[Trait("Category", "Integration")]
public sealed class Influx2DashboardLinesTests(Influx2Server server) : DashboardLinesTests(server), IClassFixture<Influx2Server>;

[Trait("Category", "Integration")]
public sealed class Influx1DashboardLinesTests(Influx1Server server) : DashboardLinesTests(server), IClassFixture<Influx1Server>;
