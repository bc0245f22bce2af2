using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Influx;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Alarms;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>The sink on a real server: what both versions must do alike.</summary>
public abstract class InfluxTests(InfluxServer server)
{
    /// <summary>Shards of a database without retention are a week long, and a field's type is kept by shard.</summary>
    private const int PointsAWeek = 7 * 86_400 / 2;

    [SkippableFact]
    public async Task Points_come_back_field_for_field()
    {
        var database = await DatabaseAsync("fields");
        await using var writing = new InfluxWriting(server.OptionsFor(database));
        VitalPoint[] points =
        [
            Points.Of(1), Points.Of(2, patient: "p,=\\ x\\", bed: "", ward: "St. \"Anna\"\\", device: "a\nb\\,"),
            Points.Of(3, status: EstimateStatus.Gap, quality: 1e-300), Points.Of(4, signal: SignalKind.Ppg, quality: 1, model: "cnn \"5\" \\ 心"),
            Points.Of(5) with { Estimate = Points.Of(5).Estimate with { Value = 1e21, Sigma = double.Epsilon } },
        ];

        await writing.WriteAsync(Points.Batch(points));

        var rows = await server.QueryAsync(database, "SELECT * FROM vitals");
        Assert.Equal(points.Length, rows.Count);
        foreach (var (point, row) in points.Zip(rows))
            AssertEqual(point, row);
    }

    [SkippableFact]
    public async Task Written_again_a_point_is_the_same_point_and_a_value_of_an_earlier_run_no_longer_counts()
    {
        var database = await DatabaseAsync("again");
        await using var writing = new InfluxWriting(server.OptionsFor(database));

        await writing.WriteAsync(Points.Batch(0, 100));
        await writing.WriteAsync(Points.Batch(0, 100));
        Assert.Equal(100, await server.CountAsync(database));
        Assert.Equal(100, await server.CountAsync(database, "WHERE status = 'ok'"));

        await writing.WriteAsync(Points.Batch(Enumerable.Range(0, 40).Select(i => Points.Of(i, status: EstimateStatus.LowQuality, model: "other-1"))));
        Assert.Equal(100, await server.CountAsync(database));
        Assert.Equal(60, Assert.Single(await server.QueryAsync(database, "SELECT count(value) FROM vitals WHERE status = 'ok'"))["count"].GetInt64());
    }

    [SkippableFact]
    public async Task A_malformed_line_among_good_ones_is_the_only_dead_letter()
    {
        var database = await DatabaseAsync("malformed");
        await using var writing = new InfluxWriting(server.OptionsFor(database));
        var points = Enumerable.Range(0, 1_000).Select(i => i % 250 == 17 ? Points.Of(i, time: new Timestamp(long.MaxValue)) : Points.Of(i));

        await writing.WriteAsync(Points.Batch(points));

        Assert.Equal(996, await server.CountAsync(database));
        Assert.Equal([1_017, 1_267, 1_517, 1_767], writing.DeadLetters.DeadLetters.Select(letter => letter.Origin.Offset).Order());
        Assert.All(writing.DeadLetters.DeadLetters, letter => Assert.Contains("time outside range", letter.Reason, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Points_in_conflict_with_a_fields_type_are_dead_letters_and_all_others_are_stored()
    {
        var database = await DatabaseAsync("conflict");
        await using var writing = new InfluxWriting(server.OptionsFor(database));
        Assert.Equal(204, await server.WriteAsync(database, $"vitals,ward=other coverage=1i {Points.Of(0).Time.UnixNanoseconds}\n"));

        await writing.WriteAsync(Points.Batch(Enumerable.Range(0, 64).Select(i => Points.Of(i % 5 == 1 ? i : i + 2 * PointsAWeek))));

        Assert.Equal(51, await server.CountAsync(database));
        Assert.Equal(13, writing.DeadLetters.DeadLetters.Count);
        Assert.All(writing.DeadLetters.DeadLetters, letter =>
        {
            Assert.Equal(1, (letter.Origin.Offset - 1_000) % 5);
            Assert.Contains("field type conflict", letter.Reason, StringComparison.Ordinal);
        });
    }

    [SkippableFact]
    public async Task Points_older_than_the_retention_are_dead_letters_and_all_others_are_stored()
    {
        var database = await DatabaseAsync("retention", TimeSpan.FromHours(1));
        await using var writing = new InfluxWriting(server.OptionsFor(database));
        var now = Timestamp.From(TimeProvider.System.GetUtcNow());

        await writing.WriteAsync(Points.Batch(Enumerable.Range(0, 100).Select(i => Points.Of(i, time: now.AddSeconds(i < 30 ? -90_000 - i : -i)))));

        Assert.Equal(70, await server.CountAsync(database));
        Assert.Equal(30, writing.DeadLetters.DeadLetters.Count);
        Assert.All(writing.DeadLetters.DeadLetters, letter => Assert.Contains("retention policy", letter.Reason, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_database_that_is_missing_is_waited_for()
    {
        Skip.If(server.Absent is not null, server.Absent);
        const string Database = "later";
        await using var writing = new InfluxWriting(server.OptionsFor(Database));
        var write = writing.WriteAsync(Points.Batch(0, 10));
        await writing.Log.SaidAsync("(not_found)");

        await server.CreateDatabaseAsync(Database);
        await write;

        Assert.Equal(10, await server.CountAsync(Database));
        Assert.Empty(writing.DeadLetters.DeadLetters);
    }

    [SkippableFact]
    public async Task A_server_killed_in_the_middle_loses_nothing()
    {
        var database = await DatabaseAsync("killed");
        await using var writing = new InfluxWriting(server.OptionsFor(database));
        var half = Task.WhenAll(Enumerable.Range(0, 100).Select(i => writing.WriteAsync(Points.Batch(0, 200, patient: $"P{i}"))));
        await server.KillAsync();
        var writes = Task.WhenAll(Enumerable.Range(100, 100).Select(i => writing.WriteAsync(Points.Batch(0, 200, patient: $"P{i}"))));
        await writing.Log.SaidAsync("(connection)");
        Assert.False(writes.IsCompleted);
        Assert.Equal("connection", writing.Sink.State.Outage?.Reason);

        await server.RestartAsync();
        await Task.WhenAll(half, writes);

        Assert.Equal(200 * 200, await server.CountAsync(database));
        Assert.Null(writing.Sink.State.Outage);
        Assert.Empty(writing.DeadLetters.DeadLetters);
    }

    /// <summary>From the chunks to the store: what is there at the end is what an undisturbed run gives.</summary>
    [SkippableFact]
    public async Task A_run_whose_store_is_killed_twice_leaves_the_series_of_an_undisturbed_run()
    {
        var database = await DatabaseAsync("series");
        var chunks = SimulatedChunks.Of(beds: 4, seconds: 60);
        await using var undisturbed = new HeldSink();
        await TestPartitions.RunAsync(new InMemorySource(chunks, ShardOf), [undisturbed], new TopologyOptions(), TimeProvider.System, CancellationToken.None);

        await using var writing = new InfluxWriting(server.OptionsFor(database));
        // Small batches and a small mailbox: the topology stands still soon after the store does.
        var options = new TopologyOptions { MaxBatchPoints = 5, MailboxCapacity = 16 };
        await server.KillAsync();
        var run = TestPartitions.RunAsync(new InMemorySource(chunks, ShardOf), [writing.Sink], options, TimeProvider.System, CancellationToken.None);
        await writing.Log.SaidAsync("(connection)");
        await server.RestartAsync();
        await writing.Log.SaidAsync("stores again");
        await server.KillAsync();
        await server.RestartAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(60));

        var rows = await server.QueryAsync(database, "SELECT * FROM vitals");
        var points = undisturbed.Points.OrderBy(Identity, StringComparer.Ordinal).ToArray();
        Assert.Equal(points.Length, rows.Count);
        foreach (var (point, row) in points.Zip(rows.OrderBy(row => $"{row["pid"]} {row["device"]} {row["signal"]} {row["time"]} {row["metric"]}", StringComparer.Ordinal)))
            AssertEqual(point, row);

        static int ShardOf(SampleChunk chunk) => chunk.Patient.Value[^1] % 2;
        static string Identity(VitalPoint point) => $"{point.Patient} {point.Device} {Names.Of(point.Estimate.Signal)} {point.Time.UnixNanoseconds} {Names.Of(point.Estimate.Metric)}";
    }

    [SkippableFact]
    public async Task Segments_of_the_embedded_store_are_imported_as_they_are_and_come_back_field_for_field()
    {
        var database = await DatabaseAsync("segments");
        using var folder = new TemporaryFolder();
        using var meter = new Meter("Pipeline");
        var points = Enumerable.Range(0, 500).Select(i => Points.Of(i, status: (EstimateStatus)(i % 6), quality: i / 500.0)).ToArray();
        var options = new EmbeddedStoreOptions { Directory = folder.Path, SegmentBytes = 20_000 };
        await using (var store = new EmbeddedStore(options, new HeldSink(), new StoreMetrics(meter), TimeProvider.System, NullLogger<EmbeddedStore>.Instance))
            foreach (var part in points.Chunk(50))
                await store.WriteAsync(Points.Batch(part), CancellationToken.None);

        var segments = SegmentFiles.List(folder.Path);
        Assert.True(segments.Count > 3);
        foreach (var segment in segments)
            Assert.Equal(204, await server.WriteAsync(database, await File.ReadAllTextAsync(segment)));

        var rows = await server.QueryAsync(database, "SELECT * FROM vitals");
        Assert.Equal(points.Length, rows.Count);
        foreach (var (point, row) in points.Zip(rows))
            AssertEqual(point, row);
    }

    protected async Task<string> DatabaseAsync(string name, TimeSpan? retention = null)
    {
        Skip.If(server.Absent is not null, server.Absent);
        await server.CreateDatabaseAsync(name, retention);
        return name;
    }

    internal static void AssertEqual(VitalPoint point, Dictionary<string, JsonElement> row)
    {
        var estimate = point.Estimate;
        Assert.Equal(point.Time.UnixNanoseconds, row["time"].GetInt64());
        Assert.Equal(Stored(point.Ward), row["ward"].GetString());
        Assert.Equal(Stored(point.Bed), row["bed"].GetString());
        Assert.Equal(Stored(point.Patient.Value), row["pid"].GetString());
        Assert.Equal(Stored(point.Device), row["device"].GetString());
        Assert.Equal(Names.Of(estimate.Signal), row["signal"].GetString());
        Assert.Equal(Names.Of(estimate.Metric), row["metric"].GetString());
        Assert.Equal(estimate.Quality, row["quality"].GetDouble());
        Assert.Equal(estimate.Coverage, row["coverage"].GetDouble());
        Assert.Equal(Names.Of(estimate.Status), row["status"].GetString());
        Assert.Equal(estimate.Model, row["model"].GetString());
        Assert.Equal(estimate.Value, row["value"].ValueKind == JsonValueKind.Null ? double.NaN : row["value"].GetDouble());
        Assert.Equal(estimate.Sigma, row["sigma"].ValueKind == JsonValueKind.Null ? double.NaN : row["sigma"].GetDouble());

        static string Stored(string name) => name switch
        {
            "" => "-",
            "p,=\\ x\\" => "p,=＼ x＼",
            "St. \"Anna\"\\" => "St. \"Anna\"＼",
            "a\nb\\," => "a\uFFFDb＼,",
            _ => name,
        };
    }
}

/// <summary>InfluxDB 2.7, <c>/api/v2/write</c>.</summary>
[Trait("Category", "Integration")]
public sealed class Influx2Tests(Influx2Server server) : InfluxTests(server), IClassFixture<Influx2Server>
{
    [SkippableFact]
    public async Task A_token_that_is_revoked_is_waited_for_until_it_is_restored()
    {
        var database = await DatabaseAsync("token");
        var (token, id) = await server.CreateTokenAsync();
        var options = server.OptionsFor(database);
        (options.Token, options.TokenFile) = (token, "");
        await using var writing = new InfluxWriting(options);
        await writing.WriteAsync(Points.Batch(0, 10));

        await server.SetTokenActiveAsync(id, false);
        var write = writing.WriteAsync(Points.Batch(10, 10));
        await writing.Log.SaidAsync("(unauthorized)");
        Assert.False(write.IsCompleted);
        await server.SetTokenActiveAsync(id, true);
        await write;

        Assert.Equal(20, await server.CountAsync(database));
        Assert.Empty(writing.DeadLetters.DeadLetters);
    }

    [SkippableFact]
    public async Task What_was_stored_is_read_back_as_means_of_the_values_that_count()
    {
        var database = await DatabaseAsync("history");
        var options = server.OptionsFor(database);
        await using var writing = new InfluxWriting(options);
        await writing.WriteAsync(Points.Batch(Enumerable.Range(0, 60).SelectMany(i => new[] { Points.Of(i), Points.Of(i, "p \"2\" ${x}"), Points.Of(i, signal: SignalKind.Ppg, status: i % 2 == 0 ? EstimateStatus.Gap : EstimateStatus.Ok) })));
        using var client = new InfluxClient(options, TimeProvider.System);
        var start = Points.Start.ToDateTimeOffset();

        var read = await new InfluxHistory(client).ReadAsync(new HistoryRequest("P1", ["heart_rate"], start, start.AddSeconds(60), TimeSpan.FromSeconds(20)), default);

        Assert.Equal(["ecg", "ppg"], read.Select(series => series.Signal));
        Assert.Equal([0L, 20, 40], read[0].Times.Select(time => (time - start.ToUnixTimeMilliseconds()) / 1_000));
        Assert.Equal([64.5, 74.5, 84.5], read[0].Means);
        Assert.Equal([1.25, 1.25, 1.25], read[0].Sigmas);
        Assert.Equal([65, 75, 85], read[1].Means);
        Assert.Equal(60, Assert.Single(await new InfluxHistory(client).ReadAsync(
            new HistoryRequest("p \"2\" ${x}", ["heart_rate", "fetal_heart_rate"], start, start.AddHours(1), TimeSpan.FromSeconds(2)), default)).Means.Count);
    }

    [SkippableFact]
    public async Task The_newest_changes_of_alarms_are_read_back_with_all_their_fields()
    {
        var database = await DatabaseAsync("alarms");
        var options = server.OptionsFor(database);
        await using var writing = new InfluxWriting(options);
        var run = new AlarmRun().From(8, 30, AlarmRun.Rate(125));
        run.Engine.Acknowledge(0, "n \"12\"", "seen, at the bed", run.Changes);
        await writing.WriteAsync(Points.Batch(run.Changes.Select(AlarmPointTests.PointOf)));
        using var client = new InfluxClient(options, TimeProvider.System);
        var start = Points.Start.ToDateTimeOffset();

        var newest = Assert.Single(await new InfluxHistory(client).ReadEventsAsync(new EventsRequest("P1", ["alarm"], start, start.AddHours(1), 1), default));
        var all = await new InfluxHistory(client).ReadEventsAsync(new EventsRequest(null, ["alarm"], start, start.AddHours(1), 100), default);

        Assert.Equal(["acknowledged", "raised"], all.Select(change => change.Texts["action"]));
        Assert.Equal(("P1", "w1", "b1", "", "alarm"), (newest.Patient, newest.Ward, newest.Bed, newest.Device, newest.Metric));
        Assert.Equal(("n \"12\"", "seen, at the bed", "tachycardia", 1.0), (newest.Texts["by"], newest.Texts["why"], newest.Texts["kind"], newest.Numbers["number"]));
    }

    [SkippableFact]
    public async Task The_version_1_address_of_version_2_takes_points_too()
    {
        var database = await DatabaseAsync("compatible");
        var options = server.OptionsFor(database);
        (options.Api, options.Database) = (InfluxApi.V1, database);
        await using var writing = new InfluxWriting(options);

        await writing.WriteAsync(Points.Batch(0, 10));

        Assert.Equal(10, await server.CountAsync(database));
    }
}

/// <summary>InfluxDB 1.6, <c>/write</c>.</summary>
[Trait("Category", "Integration")]
public sealed class Influx1Tests(Influx1Server server) : InfluxTests(server), IClassFixture<Influx1Server>
{
    [SkippableFact]
    public async Task A_password_that_was_changed_is_waited_for_until_its_file_has_the_new_one()
    {
        var database = await DatabaseAsync("password");
        using var folder = new TemporaryFolder();
        var options = server.OptionsFor(database);
        (options.PasswordFile, options.Password) = (folder.Write("password", options.Password), "");
        await using var writing = new InfluxWriting(options);
        await writing.WriteAsync(Points.Batch(0, 10));

        await server.SetPasswordAsync("second");
        var write = writing.WriteAsync(Points.Batch(10, 10));
        await writing.Log.SaidAsync("(unauthorized)");
        Assert.False(write.IsCompleted);
        folder.Write("password", "second\n");
        await write;

        Assert.Equal(20, await server.CountAsync(database));
        Assert.Empty(writing.DeadLetters.DeadLetters);
    }
}
