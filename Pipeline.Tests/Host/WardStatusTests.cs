using Pipeline.Host.Kafka;
using Pipeline.Host.Status;
using Spectre.Console;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class WardStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    [Theory]
    [InlineData("http://127.0.0.1:8080", "/10.0.0.7", "http://127.0.0.1:8080/")]
    [InlineData("http://0.0.0.0:8080", "/10.0.0.7", "http://10.0.0.7:8080/")]
    [InlineData("http://[::]:8080", "ward-3/10.0.0.7", "http://10.0.0.7:8080/")]
    [InlineData("http://+:80", "/fd00::7", "http://[fd00::7]/")]
    [InlineData("https://ward-3.example:8443", "/10.0.0.7", "https://ward-3.example:8443/")]
    public void A_member_is_found_where_it_listens(string url, string host, string expected)
    {
        var options = new KafkaOptions();

        MemberAddress.Announce(options, null, [url]);

        Assert.Equal(expected, MemberAddress.Read(ClientSettings.Consumer(options)["client.id"], host)?.ToString());
        Assert.DoesNotContain('@', ClientSettings.Producer(options)["client.id"]);
    }

    [Fact]
    public void A_client_id_that_was_set_is_kept_before_the_address_and_an_advertised_url_counts()
    {
        var options = new KafkaOptions { Properties = { ["client_id"] = "icu" } };

        MemberAddress.Announce(options, new Uri("http://gate:81/x"), ["http://127.0.0.1:8080"]);

        Assert.Equal("icu@http://gate:81", ClientSettings.Consumer(options)["client.id"]);
        Assert.Null(MemberAddress.Read("icu", "/10.0.0.7"));
        Assert.Null(MemberAddress.Read("me@home", "/10.0.0.7"));
    }

    [Fact]
    public void A_shard_is_owned_by_whom_the_group_names_and_while_it_rebalances_by_whom_says_so()
    {
        var status = Ward();

        Assert.Equal([1, 2, null, 2], status.Shards.Select(shard => shard.Owner));
        Assert.Equal([5, 20, 7, 100], status.Shards.Select(shard => shard.UncommittedRecords));
        Assert.Equal([12, null, null, null], status.Shards.Select(shard => shard.Own?.ActivePatients));
    }

    [Fact]
    public void The_table_says_what_each_shard_does_and_who_is_not_reachable()
    {
        var text = Draw(Ward());

        Assert.Contains("pipeline.samples, group pipeline: Stable, 2 members, classic protocol", text, StringComparison.Ordinal);
        Assert.Matches(@"1 +│ http://127\.0\.0\.1:8080 +│ 0 +│ no partition", text);
        Assert.Matches(@"2 +│ /10\.0\.0\.7 +│ 1, 3 +│ not reachable: refused", text);
        Assert.Matches(@"0 │ 1 +│ +3 │ +5 │ +15 │ +4\.0 s │ running", text);
        Assert.Matches(@"1 │ 2 +│ +– │ +20 │ +– │ +– │ owner not reachable", text);
        Assert.Matches(@"2 │ – .*│ no owner", text);
        Assert.Contains("15 patients, of whom 3 idle; 132 records to commit; 1 shards without an owner", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_whose_state_is_being_read_shows_how_far_it_is()
    {
        var shards = ShardStatus.Of([], [new ShardStateView(4, 0.25, 0, null, null)], []);
        var status = WardStatus.From(
            "t", new GroupView("g", "Stable", "consumer", [new GroupMember("a", "ward-a", "pipeline@http://h:1", "/1.2.3.4", [4])]), [new PartitionPosition(4, 0, 9, null)],
            new Dictionary<string, MemberAnswer> { ["a"] = new(new MemberStatus([], shards), null) });

        var text = Draw(status);

        Assert.Contains("restoring, 25 %", text, StringComparison.Ordinal);
        Assert.Contains("http://h:1 ward-a", text, StringComparison.Ordinal);
        Assert.Contains("consumer protocol", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(45, "45 s")]
    [InlineData(600, "10 min")]
    [InlineData(7_800, "2 h")]
    [InlineData(500_000, "6 d")]
    public void An_age_is_short(double seconds, string expected) => Assert.Equal(expected, StatusTable.Age(TimeSpan.FromSeconds(seconds)));

    private static WardStatus Ward()
    {
        var group = new GroupView("pipeline", "Stable", "classic",
        [
            new GroupMember("b", null, "pipeline", "/10.0.0.7", [1, 3]),
            new GroupMember("a", null, "pipeline@http://127.0.0.1:8080", "/127.0.0.1", [0]),
        ]);
        PartitionPosition[] positions = [new(3, 0, 100, null), new(0, 10, 25, 20), new(1, 0, 20, null), new(2, 3, 10, 2)];
        var own = new MemberStatus(
            [new ReadinessCheck("kafka", false, "no partition")],
            [new ShardStatus(0, ShardActivity.Running, 1, 15, 0.4, 12, 3, 3, Now.AddSeconds(-4))]);
        return WardStatus.From("pipeline.samples", group, positions, new Dictionary<string, MemberAnswer>
        {
            ["a"] = new(own, null),
            ["b"] = new(null, "refused"),
        });
    }

    private static string Draw(WardStatus status)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 120;
        console.Write(StatusTable.Draw(status, Now));
        return output.ToString();
    }
}
