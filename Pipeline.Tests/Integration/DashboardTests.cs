using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Every query of Grafana's dashboards runs on a real server, and finds what was written.</summary>
public abstract class DashboardTests(InfluxServer server)
{
    private const string Database = "grafana";

    [SkippableFact]
    public async Task Every_panel_and_variable_of_the_dashboards_finds_the_wards_points()
    {
        Skip.If(server.Absent is not null, server.Absent);
        await server.CreateDatabaseAsync(Database);
        await using var writing = new InfluxWriting(server.OptionsFor(Database));
        await writing.WriteAsync(Points.Batch(
            from i in Enumerable.Range(0, 60)
            from bed in (string[])["b1", "b2"]
            from signal in (SignalKind[])[SignalKind.Ecg, SignalKind.Ppg, SignalKind.Abp, SignalKind.HeartSound, SignalKind.Camera]
            let status = i % 3 == 1 ? EstimateStatus.Gap : EstimateStatus.Ok
            select Points.Of(i, patient: $"P-{bed}", bed: bed, signal: signal, status: status)));

        var labour = await SimulatedLabour.PointsAsync();
        Assert.InRange(labour.Select(point => (point.Device, point.Estimate.Signal, point.Estimate.Metric)).Distinct().Count(), 25, 46);
        await writing.WriteAsync(Points.Batch(labour));

        foreach (var signal in (SignalKind[])[SignalKind.FetalEcg, SignalKind.Ecg])
        {
            var silent = new Estimate(signal, Metric.Presence, double.NaN, double.NaN, 0, 0, EstimateStatus.Silent, "");
            await writing.WriteAsync(Points.Batch([Points.Of(0) with { Estimate = silent }]));
        }

        var alarms = new Alarms.AlarmRun().From(8, 60, Alarms.AlarmRun.Rate(125));
        await writing.WriteAsync(Points.Batch(alarms.Changes.Select(Alarms.AlarmPointTests.PointOf)));

        await writing.WriteAsync(Points.Batch([Points.Of(9) with { Estimate = new Estimate(SignalKind.Ecg, Metric.Anomaly, 1.2, double.NaN, 0.9, 1, EstimateStatus.Ok, "ecg-autoencoder") }]));
        await writing.WriteAsync(Points.Batch(
            from metric in (Metric[])[Metric.Systolic, Metric.MeanPressure, Metric.Diastolic]
            select Points.Of(9) with { Estimate = new Estimate(SignalKind.Abp, metric, 93, 1, 0.9, 1, EstimateStatus.Ok, "classical") }));
        await writing.WriteAsync(Points.Batch(
            from metric in Enum.GetValues<Metric>()
            where Names.MeasurementOf(metric) == "hrv"
            let estimate = new Estimate(SignalKind.Ecg, metric, 20, double.NaN, 0.9, 1, EstimateStatus.Ok, Stages.Classical)
            select Points.Of(9) with { Estimate = estimate }));
        await writing.WriteAsync(Points.Batch(
            from metric in (Metric[])[Metric.Systolic, Metric.Diastolic, Metric.MeanPressure, Metric.PulsePressure]
            let estimate = new Estimate(SignalKind.Abp, metric, 90, 1, 0.9, 1, EstimateStatus.Ok, Stages.Classical)
            select Points.Of(9) with { Estimate = estimate }));
        await writing.WriteAsync(Points.Batch(
            from isOver in (bool[])[false, true]
            let metric = Names.MetricOf(EventKind.Pause, isOver)
            select Points.Of(9) with
            {
                Estimate = new Estimate(SignalKind.Ecg, metric, 4, double.NaN, 0.9, 0.9, EstimateStatus.Ok, Stages.Classical),
                Event = new PatientEvent(EventKind.Pause, 10, 14, Points.Of(9).Time, isOver, EventPriority.Medium, "4.0 s between two beats"),
            }));

        var queries = Queries().Concat(GrafanaFiles.AlertQueries()).ToArray();

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
        var queries = Queries();

        var rate = queries.Single(query => query.Contains("AS \"fetal_rate\"", StringComparison.Ordinal));
        var rates = await server.QueryAsync(Newest, Fill(rate));
        var since = queries.Single(query => query.StartsWith("SELECT last(\"quality\") AS \"quality\" FROM", StringComparison.Ordinal));
        var last = await server.QueryAsync(Newest, Fill(since));

        var shown = Assert.Single(rates);
        Assert.Equal(("well", 67), (shown["bed"].GetString(), shown["fetal_rate"].GetDouble()));
        Assert.Equal(Points.Of(6).Time.UnixNanoseconds, last.Single(row => row["bed"].GetString() == "lost")["time"].GetInt64());
    }

    /// <summary>A value that an earlier run left beside another status must never be shown: see the line protocol's rule.</summary>
    [Fact]
    public void Every_query_for_a_value_asks_for_status_ok() => Assert.All(
        Queries().Where(IsOfValues),
        query => Assert.Contains("\"status\" = 'ok'", query, StringComparison.Ordinal));

    /// <summary>A bed that sends nothing must not show its last value as its present one.</summary>
    [Fact]
    public void Every_table_of_values_blanks_those_that_are_stale_and_says_who_is_silent()
    {
        var queries = Queries();

        Assert.All(
            queries.Where(query => IsOfValues(query) && query.Contains("SELECT last", StringComparison.Ordinal)),
            query => Assert.Contains("time > now() - $stale", query, StringComparison.Ordinal));
        Assert.Contains(queries, query => query.Contains("FROM \"presence\"", StringComparison.Ordinal));
    }

    // What is open of the alarms is no value that a window may lack.
    private static bool IsOfValues(string query) =>
        query.Contains("\"value\"", StringComparison.Ordinal) && !query.Contains("FROM \"alarm\"", StringComparison.Ordinal);

    private static string[] Queries() => [.. GrafanaFiles.Dashboards().SelectMany(GrafanaFiles.QueriesOf)];

    private static string Fill(string query) =>
        GrafanaFiles.Fill(query, TimeSpan.FromSeconds(2 * SimulatedLabour.Seconds), TimeSpan.FromSeconds(10));
}

[Trait("Category", "Integration")]
public sealed class Influx2DashboardTests(Influx2Server server) : DashboardTests(server), IClassFixture<Influx2Server>;

[Trait("Category", "Integration")]
public sealed class Influx1DashboardTests(Influx1Server server) : DashboardTests(server), IClassFixture<Influx1Server>;
