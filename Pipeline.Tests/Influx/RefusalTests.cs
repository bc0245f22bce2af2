using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Pipeline.Host.Influx;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Influx;

/// <summary>What becomes of lines that the server refuses: those and no others are dead letters, all others are stored.</summary>
public sealed class RefusalTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lines_that_the_server_quotes_go_to_the_dead_letters_and_the_rest_is_stored(bool version1)
    {
        var stored = new HashSet<string>();
        await using var sut = new SinkUnderTest((sent, _) => Parse(sent, stored, IsBad, version1), options => options.Api = version1 ? InfluxApi.V1 : InfluxApi.V2);

        await sut.Sink.WriteAsync(Points.Batch(Enumerable.Range(0, 100).Select(i => Points.Of(i, ward: i % 10 == 3 ? "bad'x': y" : "w"))), Never);

        Assert.Equal(90, stored.Count);
        Assert.DoesNotContain(stored, IsBad);
        Assert.Equal(10, sut.DeadLetters.DeadLetters.Count);
        Assert.All(sut.DeadLetters.DeadLetters, letter =>
        {
            Assert.Equal("missing tag value", letter.Reason);
            Assert.Contains("ward=bad'x':\\ y", Encoding.UTF8.GetString(letter.Payload.Span), StringComparison.Ordinal);
            Assert.Equal(3, (letter.Origin.Offset - 1_000) % 10);
        });
        Assert.Equal(2, sut.Stub.Requests.Count);
        Assert.Equal(10, sut.Sum("pipeline.influx.dead_letters{malformed}"));
        Assert.Equal(90, sut.Sum("pipeline.influx.lines"));

        static bool IsBad(string line) => line.Contains("ward=bad", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_that_version_3_numbers_go_to_the_dead_letters()
    {
        await using var sut = new SinkUnderTest((_, number) => number > 1 ? StoreStub.Status(204) : StoreStub.Status(
            400, """{"error":"partial write of line protocol occurred","data":[{"error_message":"why","line_number":2,"original_line":"vitals,wa"}]}"""));

        await sut.Sink.WriteAsync(Points.Batch(0, 5), Never);

        var letter = Assert.Single(sut.DeadLetters.DeadLetters);
        Assert.Equal(("why", 1_001L), (letter.Reason, letter.Origin.Offset));
        Assert.Equal(4, sut.Stub.Requests[1].Lines.Length);
    }

    /// <summary>Both versions name the field of a type conflict, not the line; halves find it. Any lines may be guilty.</summary>
    [Fact]
    public void A_partial_write_is_halved_until_exactly_the_guilty_lines_are_found()
    {
        Prop.ForAll(ArbMap.Default.GeneratorFor<bool>().ListOf(23).ToArbitrary(), ArbMap.Default.GeneratorFor<bool>().ToArbitrary(), (guilty, version1) =>
        {
            var stored = new HashSet<string>();
            var refused = FindGuiltyAsync(guilty, version1, stored).GetAwaiter().GetResult();
            return refused.Order().SequenceEqual(guilty.Index().Where(line => line.Item).Select(line => line.Index))
                && stored.Count == guilty.Count - refused.Length;
        }).QuickCheckThrowOnFailure();

        static async Task<int[]> FindGuiltyAsync(IReadOnlyList<bool> guilty, bool version1, HashSet<string> stored)
        {
            await using var sut = new SinkUnderTest((sent, _) => Partial(sent, stored, version1, "field type conflict: input field \"value\" on measurement \"vitals\" is type float, already exists as type integer"));
            await sut.Sink.WriteAsync(Points.Batch(guilty.Select((bad, i) => Points.Of(i, ward: bad ? "guilty" : "w"))), Never);
            return [.. sut.DeadLetters.DeadLetters.Select(letter => (int)(letter.Origin.Offset - 1_000))];
        }
    }

    [Fact]
    public async Task When_the_server_says_that_it_dropped_all_none_is_sent_again()
    {
        await using var sut = new SinkUnderTest((sent, _) => StoreStub.Status(
            422, $"{{\"message\":\"failure writing points to database: partial write: dropped 40 points outside retention policy of duration 1h0m0s dropped={sent.Lines.Length}\"}}"));

        await sut.Sink.WriteAsync(Points.Batch(0, 40), Never);

        Assert.Single(sut.Stub.Requests);
        Assert.Equal(40, sut.Sum("pipeline.influx.dead_letters{retention}"));
        Assert.All(sut.DeadLetters.DeadLetters, letter => Assert.Contains("outside retention policy", letter.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_halved()
    {
        await using var sut = new SinkUnderTest((sent, _) => StoreStub.Status(sent.Lines.Length > 10 ? 413 : 204, "Request Entity Too Large"));

        await sut.Sink.WriteAsync(Points.Batch(0, 100), Never);

        Assert.Equal(100, sut.Stub.Requests.Where(sent => sent.Lines.Length <= 10).Sum(sent => sent.Lines.Length));
        Assert.Empty(sut.DeadLetters.DeadLetters);
    }

    [Fact]
    public async Task An_outage_in_the_middle_of_the_halving_is_waited_out()
    {
        var stored = new HashSet<string>();
        await using var sut = new SinkUnderTest((sent, number) => number % 2 == 0 ? StoreStub.Status(503) : Partial(sent, stored, false, "field type conflict"));

        await sut.Sink.WriteAsync(Points.Batch(Enumerable.Range(0, 16).Select(i => Points.Of(i, ward: i is 3 or 12 ? "guilty" : "w"))), Never);

        Assert.Equal(14, stored.Count);
        Assert.Equal([1_003L, 1_012L], sut.DeadLetters.DeadLetters.Select(letter => letter.Origin.Offset).Order());
    }

    [Fact]
    public async Task The_batch_is_acknowledged_only_after_its_dead_letters_are()
    {
        var stored = new HashSet<string>();
        await using var sut = new SinkUnderTest((sent, _) => Parse(sent, stored, line => line.Contains("ward=bad", StringComparison.Ordinal), false));
        sut.DeadLetters.Hold();

        var write = sut.Sink.WriteAsync(Points.Batch([Points.Of(1), Points.Of(2, ward: "bad")]), Never);
        await sut.DeadLetters.Given;
        Assert.False(write.IsCompleted);
        sut.DeadLetters.Release();
        await write;

        Assert.Single(stored);
    }

    /// <summary>Version 2 stores nothing when a line is bad, version 1 all others; both quote every bad line.</summary>
    private static HttpResponseMessage Parse(Sent sent, HashSet<string> stored, Predicate<string> isBad, bool version1)
    {
        var bad = sent.Lines.Where(line => isBad(line)).ToArray();
        if (bad.Length == 0 || version1)
            stored.UnionWith(sent.Lines.Except(bad));
        if (bad.Length == 0)
            return StoreStub.Status(204);
        var message = string.Join('\n', bad.Select(line => $"unable to parse '{line}': missing tag value"));
        return StoreStub.Status(400, version1
            ? JsonSerializer.Serialize(new { error = $"partial write: {message} dropped=0" })
            : JsonSerializer.Serialize(new { code = "invalid", message }));
    }

    /// <summary>The guilty lines are dropped, the others stored; the count is of the first kind of conflict only, so at most right.</summary>
    private static HttpResponseMessage Partial(Sent sent, HashSet<string> stored, bool version1, string why)
    {
        var guilty = sent.Lines.Where(line => line.Contains("ward=guilty", StringComparison.Ordinal)).ToArray();
        stored.UnionWith(sent.Lines.Except(guilty));
        if (guilty.Length == 0)
            return StoreStub.Status(204);
        var message = string.Create(CultureInfo.InvariantCulture, $"partial write: {why} dropped={(guilty.Length + 1) / 2}");
        return version1
            ? StoreStub.Status(400, JsonSerializer.Serialize(new { error = message }))
            : StoreStub.Status(422, JsonSerializer.Serialize(new { code = "unprocessable entity", message = $"failure writing points to database: {message}" }));
    }
}
