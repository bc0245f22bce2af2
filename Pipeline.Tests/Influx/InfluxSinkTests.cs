using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Influx;
using Pipeline.Models;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Influx;

public sealed class InfluxSinkTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task Version_2_is_written_with_org_bucket_token_and_gzip()
    {
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204), options => (options.Org, options.Bucket) = ("St. Anna", "a&b"));

        await sut.Sink.WriteAsync(Points.Batch(0, 3), Never);

        var sent = Assert.Single(sut.Stub.Requests);
        Assert.Equal("http://store.test:8086/base/api/v2/write?org=St.%20Anna&bucket=a%26b&precision=ns", sent.Address.AbsoluteUri);
        Assert.Equal("Token secret", sent.Authorization);
        Assert.True(sent.Gzip);
        Assert.Equal(3, sent.Lines.Length);
        Assert.Equal(3, sut.Sum("pipeline.influx.lines"));
        Assert.Equal(0, sut.Sum("pipeline.influx.queued"));
        Assert.Equal(1, sut.Sum("pipeline.influx.request.duration{stored}"));
    }

    [Fact]
    public async Task Version_1_is_written_with_database_retention_policy_and_basic_credentials()
    {
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204), options =>
        {
            (options.Api, options.Database, options.RetentionPolicy) = (InfluxApi.V1, "vital signs", "1y");
            (options.Username, options.Password, options.Token, options.Gzip) = ("ward", "pass:word", "", false);
        });

        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        var sent = Assert.Single(sut.Stub.Requests);
        Assert.Equal("http://store.test:8086/base/write?db=vital%20signs&rp=1y&precision=ns", sent.Address.AbsoluteUri);
        Assert.Equal($"Basic {Convert.ToBase64String("ward:pass:word"u8)}", sent.Authorization);
        Assert.False(sent.Gzip);
    }

    [Fact]
    public async Task Batches_that_wait_are_merged_into_requests_of_at_most_MaxLines_and_each_point_is_sent_once()
    {
        var gate = new TaskCompletionSource();
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204), options => (options.MaxLines, options.Connections) = (100, 2));
        sut.Stub.GateAt(1, gate.Task);

        Task[] writes = [.. Enumerable.Range(0, 60).Select(i => sut.Sink.WriteAsync(Points.Batch(0, i == 7 ? 250 : 10, patient: $"P{i}"), Never))];
        await sut.Stub.SeenAsync(2);
        gate.SetResult();
        await Task.WhenAll(writes);

        var lines = sut.Stub.Requests.SelectMany(sent => sent.Lines).ToArray();
        Assert.Equal(59 * 10 + 250, lines.Length);
        Assert.Equal(lines.Length, lines.Distinct().Count());
        Assert.All(sut.Stub.Requests, sent => Assert.InRange(sent.Lines.Length, 1, 100));
        Assert.InRange(sut.Stub.Requests.Count, 9, 20);
        Assert.Equal(2, sut.Stub.MostInFlight);
    }

    [Fact]
    public async Task Points_that_come_within_the_linger_go_in_one_request()
    {
        var (time, stub) = (new ManualTimeProvider(), new StoreStub((_, _) => StoreStub.Status(204)));
        using var meter = new Meter("Pipeline");
        var options = new InfluxOptions { Url = new Uri("http://store.test:8086/"), Token = "secret", Connections = 1, Linger = TimeSpan.FromMilliseconds(50) };
        await using var sink = new InfluxSink(new InfluxClient(options, time, stub), new HeldSink(), new InfluxMetrics(meter), NullLogger<InfluxSink>.Instance);

        Task[] writes = [.. Enumerable.Range(0, 3).Select(i => sink.WriteAsync(Points.Batch(10 * i, 10), Never))];
        await time.TimerSet.WaitAsync();
        Assert.Empty(stub.Requests);
        time.Advance(options.Linger);
        await Task.WhenAll(writes);

        Assert.Equal(30, Assert.Single(stub.Requests).Lines.Length);
    }

    [Fact]
    public async Task A_full_queue_holds_the_writer_back()
    {
        var gate = new TaskCompletionSource();
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204), options => (options.MaxLines, options.QueueLength) = (10, 2));
        sut.Stub.GateAt(1, gate.Task);
        var first = sut.Sink.WriteAsync(Points.Batch(0, 10), Never);
        await sut.Stub.SeenAsync(1);

        Task[] more = [.. Enumerable.Range(1, 5).Select(i => sut.Sink.WriteAsync(Points.Batch(10 * i, 10), Never))];

        // One request under way and two portions in the queue; the other three batches have not entered it.
        Assert.Equal(30, sut.Sum("pipeline.influx.queued"));
        gate.SetResult();
        await Task.WhenAll([first, .. more]);
        Assert.Equal(0, sut.Sum("pipeline.influx.queued"));
    }

    /// <summary>Each status of the tables that is no word about a line; 200, 3xx, 418 and 499 stand for the unexplained.</summary>
    [Theory]
    [InlineData(400, "invalid precision; valid precision units are ns, us, ms, and s", "unexplained")]
    [InlineData(400, "database is required", "unexplained")]
    [InlineData(400, "", "unexplained")]
    [InlineData(422, "who knows", "unexplained")]
    [InlineData(200, "<html>please sign in", "unexplained")]
    [InlineData(301, "", "unexplained")]
    [InlineData(418, "", "unexplained")]
    [InlineData(499, "", "unexplained")]
    [InlineData(401, "unauthorized access", "unauthorized")]
    [InlineData(401, "unable to parse authentication credentials", "unauthorized")]
    [InlineData(403, "insufficient permissions for write", "unauthorized")]
    [InlineData(404, "bucket \\\"nope\\\" not found", "not_found")]
    [InlineData(408, "", "timeout")]
    [InlineData(429, "", "throttled")]
    [InlineData(500, "retention policy not found", "server")]
    [InlineData(500, "unexpected error writing points to database: no space left", "server")]
    [InlineData(502, "<html>", "server")]
    [InlineData(503, "", "server")]
    [InlineData(504, "", "server")]
    public async Task What_a_person_or_time_can_mend_is_waited_out(int status, string message, string reason)
    {
        await using var sut = new SinkUnderTest((_, number) => number <= 5
            ? StoreStub.Status(status, message.StartsWith('<') ? message : $"{{\"code\":\"x\",\"message\":\"{message}\"}}")
            : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 20), Never);

        Assert.Equal(6, sut.Stub.Requests.Count);
        Assert.All(sut.Stub.Requests, sent => Assert.Equal(sut.Stub.Requests[0].Lines, sent.Lines));
        Assert.Equal(5, sut.Time.Delays.Count);
        Assert.All(sut.Time.Delays, delay => Assert.InRange(delay, TimeSpan.Zero, TimeSpan.FromSeconds(10)));
        Assert.Empty(sut.DeadLetters.DeadLetters);
        Assert.Equal(5, sut.Sum($"pipeline.influx.retries{{{reason}}}"));
        Assert.Null(sut.Sink.State.Outage);
        // Once down, once up again.
        Assert.Equal(2, sut.Logged.Count(line => !line.Contains("sent plain", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_outage_is_visible_with_its_reason_while_it_lasts_and_logged_once()
    {
        var held = new TaskCompletionSource();
        await using var sut = new SinkUnderTest((_, number) => StoreStub.Status(number <= 40 ? 401 : 204, "{\"message\":\"unauthorized access\"}"));
        sut.Stub.GateAt(20, held.Task);
        var write = sut.Sink.WriteAsync(Points.Batch(0, 1), Never);
        await sut.Stub.SeenAsync(20);

        Assert.Equal("unauthorized", sut.Sink.State.Outage?.Reason);
        Assert.Contains("unauthorized access", sut.Sink.State.Outage?.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", Assert.Single(sut.Logged), StringComparison.Ordinal);

        held.SetResult();
        await write;
        Assert.Null(sut.Sink.State.Outage);
    }

    [Fact]
    public async Task A_connection_that_fails_is_tried_again()
    {
        await using var sut = new SinkUnderTest((_, number) => number <= 3 ? throw new HttpRequestException("refused") : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        Assert.Equal(3, sut.Sum("pipeline.influx.retries{connection}"));
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_given_up_after_the_timeout_and_asked_for_again()
    {
        var gate = new TaskCompletionSource();
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204)) { TimeLimitsThatFire = 1 };
        sut.Stub.GateAt(1, gate.Task);

        var write = sut.Sink.WriteAsync(Points.Batch(0, 1), Never);
        while (sut.Sum("pipeline.influx.retries{timeout}") < 1)
            await Task.Yield();
        gate.SetResult();
        await write;

        Assert.Equal(1, sut.Sum("pipeline.influx.retries{timeout}"));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Wed, 01 Jul 2026 08:00:42 GMT", 42)]
    [InlineData("86400", 600)]
    public async Task Retry_After_is_honoured_up_to_ten_minutes(string header, double seconds)
    {
        await using var sut = new SinkUnderTest((_, number) => number == 1 ? StoreStub.Status(429, "", header) : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.Single(sut.Time.Delays));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("99999999999")]
    public async Task A_Retry_After_that_is_no_time_leaves_the_delay_as_it_is(string header)
    {
        await using var sut = new SinkUnderTest((_, number) => number == 1 ? StoreStub.Status(503, "", header) : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        Assert.InRange(Assert.Single(sut.Time.Delays), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(1, sut.Sum("pipeline.influx.retries{server}"));
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off_and_asked_for_again()
    {
        await using var sut = new SinkUnderTest((_, number) => number == 1 ? StoreStub.Status(400, new string('x', 5 << 20)) : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        Assert.Equal(1, sut.Sum("pipeline.influx.retries{connection}"));
        Assert.Equal(1, sut.Sum("pipeline.influx.lines"));
    }

    [Fact]
    public async Task A_token_that_no_header_can_hold_is_waited_out_and_not_shown()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("token", "hush\nhush");
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204), options => (options.Token, options.TokenFile) = ("", file));

        var write = sut.Sink.WriteAsync(Points.Batch(0, 1), Never);
        while (sut.Sum("pipeline.influx.retries{credentials}") < 1)
            await Task.Yield();
        File.Move(folder.Write("token.new", "hush"), file, overwrite: true);
        await write;

        Assert.DoesNotContain(sut.Logged, line => line.Contains("hush", StringComparison.Ordinal));
        Assert.Equal("Token hush", Assert.Single(sut.Stub.Requests).Authorization);
    }

    [Fact]
    public async Task A_rotated_token_is_read_again_at_each_attempt()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "token");
        await using var sut = new SinkUnderTest(
            (sent, number) =>
            {
                if (number == 2)
                    File.WriteAllText(file, "fresh\n");
                return StoreStub.Status(sent.Authorization == "Token fresh" ? 204 : 401);
            },
            options => (options.Token, options.TokenFile) = ("", file));
        await File.WriteAllTextAsync(file, "stale");

        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        Assert.Equal(["Token stale", "Token stale", "Token fresh"], sut.Stub.Requests.Select(sent => sent.Authorization));
    }

    [Fact]
    public async Task A_token_file_that_is_missing_is_waited_for()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "token");
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204), options => (options.Token, options.TokenFile) = ("", file));
        using var stop = new CancellationTokenSource();

        var write = sut.Sink.WriteAsync(Points.Batch(0, 1), stop.Token);
        while (sut.Sum("pipeline.influx.retries{credentials}") < 3)
            await Task.Yield();
        Assert.Contains("token", sut.Sink.State.Outage?.Detail, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file + ".new", "late");
        File.Move(file + ".new", file);
        await write;

        Assert.Equal("Token late", Assert.Single(sut.Stub.Requests).Authorization);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_and_the_sink_goes_on()
    {
        var isUp = false;
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(Volatile.Read(ref isUp) ? 204 : 503));
        using var stop = new CancellationTokenSource();
        var given = sut.Sink.WriteAsync(Points.Batch(0, 1), stop.Token);
        await sut.Stub.SeenAsync(2);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Volatile.Write(ref isUp, true);
        await sut.Sink.WriteAsync(Points.Batch(1, 1), Never);

        Assert.Contains(sut.Stub.Requests, sent => sent.Lines.Any(line => line.EndsWith("1782892802000000000", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Disposing_cancels_what_waits()
    {
        var sut = new SinkUnderTest((_, _) => StoreStub.Status(503));
        var write = sut.Sink.WriteAsync(Points.Batch(0, 1), Never);
        await sut.Stub.SeenAsync(2);

        await sut.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    [Fact]
    public async Task Compression_that_a_proxy_breaks_is_left_out_once_only_plain_bodies_arrive()
    {
        await using var sut = new SinkUnderTest((sent, _) => sent.Gzip
            ? StoreStub.Status(500, "{\"code\":\"internal error\",\"message\":\"An internal error has occurred\"}")
            : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 5), Never);
        await sut.Sink.WriteAsync(Points.Batch(5, 5), Never);

        Assert.Equal([true, true, false, false], sut.Stub.Requests.Select(sent => sent.Gzip));
        Assert.Single(sut.Logged, line => line.Contains("Gzip=false", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lines_that_are_not_ours_in_the_answer_to_a_compressed_body_refuse_nothing()
    {
        await using var sut = new SinkUnderTest((sent, _) => sent.Gzip
            ? StoreStub.Status(400, "{\"code\":\"invalid\",\"message\":\"unable to parse '\\u001f\\ufffd': missing fields\"}")
            : StoreStub.Status(204));

        await sut.Sink.WriteAsync(Points.Batch(0, 5), Never);

        Assert.Empty(sut.DeadLetters.DeadLetters);
        Assert.Equal(5, sut.Sum("pipeline.influx.lines"));
    }

    [Fact]
    public async Task Points_that_cannot_be_written_are_dead_letters_before_the_rest_is_acknowledged()
    {
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204));
        sut.DeadLetters.Hold();

        var write = sut.Sink.WriteAsync(Points.Batch([Points.Of(1), Points.Of(2, quality: double.NaN), Points.Of(3)]), Never);
        await sut.DeadLetters.Given;
        Assert.False(write.IsCompleted);
        sut.DeadLetters.Release();
        await write;

        var letter = Assert.Single(sut.DeadLetters.DeadLetters);
        Assert.Equal(("store", 1_002L, "P1"), (letter.Stage, letter.Origin.Offset, Encoding.UTF8.GetString(letter.Key.Span)));
        Assert.Equal(2, Assert.Single(sut.Stub.Requests).Lines.Length);
    }

    [Fact]
    public async Task A_fault_of_this_program_fails_the_batch_and_the_sink_goes_on()
    {
        await using var sut = new SinkUnderTest((_, _) => StoreStub.Status(204));
        var unknown = Points.Of(1) with { Estimate = Points.Of(1).Estimate with { Metric = (Metric)99 } };

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => sut.Sink.WriteAsync(Points.Batch([unknown]), Never));
        await sut.Sink.WriteAsync(Points.Batch(0, 1), Never);

        Assert.Equal(0, sut.Sum("pipeline.influx.queued"));
    }
}
