using Akka.Actor;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Xunit;

namespace Pipeline.Tests.Cluster;

public sealed class ClusterAddressTests
{
    private static readonly Address Self = new("akka.tcp", "pipeline", "127.0.0.1", 4053);

    [Fact]
    public void A_consumers_id_carries_its_address_and_a_producers_does_not()
    {
        var options = new KafkaOptions();

        ClusterAddress.Announce(options, new GroupNode(Self, 1_764_530_000_123));

        var id = ClientSettings.Consumer(options)["client.id"];
        Assert.Equal("pipeline@akka.tcp://pipeline@127.0.0.1:4053/1764530000123", id);
        Assert.Equal(new GroupNode(Self, 1_764_530_000_123), ClusterAddress.Read(id));
        Assert.Equal("pipeline", ClientSettings.Producer(options)["client.id"]);
    }

    [Fact]
    public void A_client_id_that_was_set_stays_before_the_address()
    {
        var options = new KafkaOptions { ConsumerProperties = { ["client_id"] = "icu@3" } };

        ClusterAddress.Announce(options, new GroupNode(Self, 7));

        Assert.Equal("icu@3@akka.tcp://pipeline@127.0.0.1:4053/7", ClientSettings.Consumer(options)["client.id"]);
        Assert.Equal(Self, ClusterAddress.Read("icu@3@akka.tcp://pipeline@127.0.0.1:4053/7")?.Address);
    }

    [Theory]
    [InlineData("pipeline")]
    [InlineData("pipeline@http://10.0.0.7:8080")]
    [InlineData("pipeline@akka.tcp://pipeline@10.0.0.7:4053")]
    [InlineData("pipeline@akka.tcp://pipeline/7")]
    [InlineData("pipeline@akka.tcp://pipeline@10.0.0.7:4053/x")]
    public void An_id_that_says_no_address_is_passed_over(string id) => Assert.Null(ClusterAddress.Read(id));

    [Fact]
    public void A_member_that_is_reached_from_its_own_machine_only_is_left_out_elsewhere()
    {
        var group = new GroupView("g", "Stable", "classic",
        [
            Member("a", "akka.tcp://pipeline@127.0.0.1:4053/1", "/10.0.0.7"),
            Member("b", "akka.tcp://pipeline@127.0.0.1:4054/2", "/10.0.0.7"),
            Member("c", "akka.tcp://pipeline@127.0.0.1:4053/3", "/10.0.0.8"),
            Member("d", "akka.tcp://pipeline@ward-9:4053/4", "/10.0.0.9"),
        ]);

        var members = ClusterAddress.Members(group, new GroupNode(new Address("akka.tcp", "pipeline", "127.0.0.1", 4053), 1), 5, out var unreachable);

        Assert.Equal([4053, 4054], members.Nodes.Select(node => node.Address.Port));
        Assert.Equal(2, unreachable);
        Assert.True(members.IsStable);
    }

    [Fact]
    public void Who_is_not_yet_in_the_group_takes_nobody_for_another_machines()
    {
        var group = new GroupView("g", "Stable", "classic", [Member("a", "akka.tcp://pipeline@127.0.0.1:4053/1", "/127.0.0.1")]);

        var members = ClusterAddress.Members(group, new GroupNode(new Address("akka.tcp", "pipeline", "127.0.0.1", 4054), 2), 5, out var unreachable);

        Assert.Equal(0, unreachable);
        Assert.False(members.Contains(new Address("akka.tcp", "pipeline", "127.0.0.1", 4054)));
    }

    [Fact]
    public void Members_with_addresses_of_the_network_all_count()
    {
        var group = new GroupView("g", "PreparingRebalance", "classic",
        [
            Member("a", "akka.ssl.tcp://pipeline@10.0.0.7:4053/9", "/10.0.0.7"),
            Member("b", "akka.ssl.tcp://pipeline@10.0.0.8:4053/2", "/10.0.0.8"),
            new GroupMember("c", null, "something-else", "/10.0.0.9", []),
        ]);

        var members = ClusterAddress.Members(group, new GroupNode(new Address("akka.ssl.tcp", "pipeline", "10.0.0.7", 4053), 9), 5, out var unreachable);

        Assert.Equal(["10.0.0.8", "10.0.0.7"], members.Nodes.Select(node => node.Address.Host));
        Assert.Equal(0, unreachable);
        Assert.False(members.IsStable);
    }

    private static GroupMember Member(string id, string address, string host) => new(id, null, "pipeline@" + address, host, []);
}
