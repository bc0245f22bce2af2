using Akka.Actor;
using Pipeline.Actors.Cluster;
using Xunit;

namespace Pipeline.Tests.Cluster;

public sealed class GroupDowningTests
{
    private static readonly Address Self = new("akka.tcp", "pipeline", "10.0.0.1", 1), Other = new("akka.tcp", "pipeline", "10.0.0.2", 1);
    private static readonly Dictionary<Address, long> Lost = new() { [Other] = 100 };

    [Fact]
    public void A_member_that_is_unreachable_and_out_of_the_group_goes() => Assert.Equal([Other], GroupDowning.Choose(Self, Lost, Group(101, Self)));

    [Fact]
    public void A_member_that_is_in_the_group_stays_however_unreachable() => Assert.Empty(GroupDowning.Choose(Self, Lost, Group(100_000, Self, Other)));

    [Fact]
    public void A_view_from_before_the_member_was_lost_counts_for_nothing() => Assert.Empty(GroupDowning.Choose(Self, Lost, Group(100, Self)));

    [Fact]
    public void Who_is_out_of_the_group_itself_downs_nobody() => Assert.Empty(GroupDowning.Choose(Self, Lost, Group(101)));

    [Fact]
    public void Without_a_view_nobody_goes() => Assert.Empty(GroupDowning.Choose(Self, Lost, null));

    private static GroupMembers Group(long askedAt, params Address[] members) => new(false, members.Select(address => new GroupNode(address, 0)), askedAt);
}
