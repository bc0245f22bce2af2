using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;
using Spectre.Console;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class WardStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

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
        Assert.Matches(@"1 +│ 127\.0\.0\.1:4053 +│ 0 +│ no partition", text);
        Assert.Matches(@"2 +│ /10\.0\.0\.7 +│ 1, 3 +│ not reachable: refused", text);
        Assert.Matches(@"0 │ 1 +│ +3 │ +5 │ +15 │ +4\.0 s │ running", text);
        Assert.Matches(@"1 │ 2 +│ +– │ +20 │ +– │ +– │ owner not reachable", text);
        Assert.Matches(@"2 │ – .*│ no owner", text);
        Assert.Contains("15 patients, of whom 3 idle; 132 records to commit; 1 shards without an owner", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_partition_without_an_owner_and_one_that_lags_are_technical_alarms()
    {
        var ward = Ward();

        Assert.Equal(["partition_without_owner"], ward.TechnicalAlarms(Now).Select(alarm => alarm.Kind));
        Assert.Equal("partition 2 of pipeline.samples: alarms of its patients stand still; 7 records wait", ward.TechnicalAlarms(Now).Single().Reason);
        Assert.Equal(["pipeline_lag", "partition_without_owner"], ward.TechnicalAlarms(Now.AddMinutes(2)).Select(alarm => alarm.Kind));
    }

    [Fact]
    public void A_group_without_a_process_says_what_to_start()
    {
        var status = WardStatus.From("t", new GroupView("ward", "Dead", "classic", []), [], new Dictionary<string, MemberAnswer>());

        Assert.Contains("No process is in group ward, so nothing is read: start one with ./pipeline run", Draw(status), StringComparison.Ordinal);
        Assert.DoesNotContain("No process is in group", Draw(Ward()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_member_that_places_all_patients_is_named()
    {
        Assert.DoesNotContain("coordinator", Draw(Ward()), StringComparison.Ordinal);
        Assert.Matches(@"1 +│ 127\.0\.0\.1:4053 +│ 0 +│ no partition coordinator", Draw(Ward() with { Coordinator = "127.0.0.1:4053" }));
    }

    [Fact]
    public void A_shard_whose_state_is_being_read_shows_how_far_it_is()
    {
        var shards = ShardStatuses.Of([], [new ShardStateView(4, 0.25, 0, null, null)], []);
        var status = WardStatus.From(
            "t", new GroupView("g", "Stable", "consumer", [new GroupMember("a", "ward-a", "pipeline@akka.tcp://pipeline@h:1/5", "/1.2.3.4", [4])]), [new PartitionPosition(4, 0, 9, null)],
            new Dictionary<string, MemberAnswer> { ["a"] = new(new ProcessStatus([], shards), null) });

        var text = Draw(status);

        Assert.Contains("restoring, 25 %", text, StringComparison.Ordinal);
        Assert.Contains("h:1 ward-a", text, StringComparison.Ordinal);
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
            new GroupMember("a", null, "pipeline@akka.tcp://pipeline@127.0.0.1:4053/5", "/127.0.0.1", [0]),
        ]);
        PartitionPosition[] positions = [new(3, 0, 100, null), new(0, 10, 25, 20), new(1, 0, 20, null), new(2, 3, 10, 2)];
        var own = new ProcessStatus(
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
