using Pipeline.Chaos;
using Pipeline.Chaos.Experiments;
using Pipeline.Host.Kafka;
using Xunit;

namespace Pipeline.Tests.Chaos;

/// <summary>What the choices of <c>chaos</c> ask of workers and brokers, and what is promised with them.</summary>
public sealed class ChaosPlanTests
{
    private static readonly ChaosPlan Plan = new("servers", null, null, 1, []);

    [Fact]
    public void Without_choices_workers_and_brokers_are_as_they_are()
    {
        Assert.Empty(Plan.MembershipSettings("worker-1"));
        Assert.Empty(Plan.BrokerSettings());
        Assert.Equal(8, Limit("kill-worker", Plan));
        Assert.Equal(3, Limit("rolling-restart", Plan));
        Assert.Equal(12, Limit("kill-broker", Plan));
        Assert.Equal(10, Limit("freeze-worker", Plan));
        Assert.Equal(3, Limit("scale-out", Plan));
        Assert.Equal(10, Limit("kill-all-but-one", Plan));
        Assert.Equal(1, Limit("partition-members", Plan));
    }

    [Fact]
    public void A_session_of_the_classic_protocol_is_the_workers_setting()
    {
        var plan = Plan with { Session = 2, Standby = true };

        Assert.Equal(
            ["Kafka:ConsumerProperties:session.timeout.ms=2000", "Kafka:Standby=1"], plan.MembershipSettings("worker-1"));
        Assert.Empty(plan.BrokerSettings());
        Assert.Equal(3, Limit("kill-worker", plan));
        Assert.Equal(1, Limit("rolling-restart", plan));
    }

    [Fact]
    public void A_session_of_the_new_protocol_is_the_brokers_setting()
    {
        var plan = Plan with { Protocol = GroupProtocolKind.Consumer, Session = 4, Named = true };

        Assert.Equal(["Kafka:GroupProtocol=Consumer", "Kafka:GroupInstanceId=worker-2"], plan.MembershipSettings("worker-2"));
        Assert.Equal(
            ["group.consumer.min.session.timeout.ms=4000", "group.consumer.session.timeout.ms=4000", "group.consumer.heartbeat.interval.ms=1000"], plan.BrokerSettings());
        Assert.Equal(6, Limit("kill-worker", plan));
    }

    [Fact]
    public void Every_experiment_has_a_name_of_its_own_and_says_what_it_does() =>
        Assert.All(Catalog.All.GroupBy(experiment => experiment.Name), same => Assert.NotEmpty(Assert.Single(same).Summary));

    [Theory]
    [InlineData(7.9, 8.0, null, true)]
    [InlineData(8.0, 8.0, null, true)]
    [InlineData(8.1, 8.0, null, false)]
    [InlineData(19.0, null, 20.0, false)]
    [InlineData(20.0, null, 20.0, true)]
    [InlineData(1e9, null, null, true)]
    [InlineData(double.NaN, 8.0, null, false)]
    public void A_promise_that_is_missed_or_was_not_measured_is_not_kept_and_its_line_says_so(double value, double? limit, double? least, bool isKept)
    {
        var figure = new ChaosFigure("gap p99", value, "s", limit, least);

        Assert.Equal(isKept, figure.IsKept);
        Assert.Equal(!isKept, figure.ToString().Contains("MISSED", StringComparison.Ordinal));
        Assert.Equal(limit is not null || least is not null, figure.ToString().Contains("promised", StringComparison.Ordinal));
    }

    private static double? Limit(string experiment, ChaosPlan plan) => Catalog.Find(experiment)?.GapLimit?.Invoke(plan);
}
