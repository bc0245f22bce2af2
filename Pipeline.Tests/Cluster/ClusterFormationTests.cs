using Akka.Actor;
using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors.Cluster;
using Xunit;

namespace Pipeline.Tests.Cluster;

public sealed class ClusterFormationTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly Address A = Node(1), B = Node(2), C = Node(3);

    [Fact]
    public void The_first_of_a_stable_group_may_begin_a_cluster_and_asks_the_others_before()
    {
        var decision = new ClusterFormation(A).Decide(None, Group(true, A, B, C), Now);

        Assert.Equal(FormationStep.Join, decision.Step);
        Assert.Equal([A, B, C], decision.Contacts.AsEnumerable());
    }

    [Fact]
    public void The_first_of_a_group_that_rebalances_waits() =>
        Assert.Equal(FormationStep.Wait, new ClusterFormation(A).Decide(None, Group(false, A, B), Now).Step);

    [Fact]
    public void Another_member_asks_the_rest_in_any_state_of_the_group()
    {
        var decision = new ClusterFormation(B).Decide(None, Group(false, A, B, C), Now);

        Assert.Equal(FormationStep.Join, decision.Step);
        Assert.Equal([A, C], decision.Contacts.AsEnumerable());
    }

    [Fact]
    public void Who_is_not_in_the_group_waits() => Assert.Equal(FormationStep.Wait, new ClusterFormation(C).Decide(None, Group(true, A, B), Now).Step);

    [Fact]
    public void A_member_that_asked_in_vain_for_long_begins_a_cluster_so_that_its_partitions_do_not_wait()
    {
        var formation = new ClusterFormation(B);
        formation.Decide(None, Group(true, A, B), Now);

        Assert.Equal([A], formation.Decide(None, Group(true, A, B), Now + ClusterFormation.AloneAfter - TimeSpan.FromSeconds(1)).Contacts.AsEnumerable());
        Assert.Equal([B, A], formation.Decide(None, Group(true, A, B), Now + ClusterFormation.AloneAfter).Contacts.AsEnumerable());
    }

    [Fact]
    public void Who_was_let_in_and_does_not_become_a_full_member_asks_the_others_whether_they_know()
    {
        var formation = new ClusterFormation(B);
        var (members, group) = (new HashSet<Address> { A, B, C }, Group(true, A, B, C));

        Assert.Equal(FormationStep.Wait, formation.Decide(members, group, Now, isUp: false).Step);
        Assert.Equal(FormationStep.Wait, formation.Decide(members, group, Now + ClusterFormation.ConfirmAfter - TimeSpan.FromSeconds(1), isUp: false).Step);
        var decision = formation.Decide(members, group, Now + ClusterFormation.ConfirmAfter, isUp: false);
        Assert.Equal(FormationStep.Confirm, decision.Step);
        Assert.Equal([A, C], decision.Contacts.AsEnumerable());

        Assert.Equal(FormationStep.Wait, formation.Decide(members, group, Now + ClusterFormation.ConfirmAfter, isUp: true).Step);
        Assert.Equal(FormationStep.Wait, formation.Decide(members, group, Now + ClusterFormation.ConfirmAfter, isUp: false).Step);     // a new wait
    }

    [Fact]
    public void Who_lacks_the_groups_first_member_in_its_cluster_for_long_joins_that()
    {
        var formation = new ClusterFormation(B);
        var group = Group(true, A, B, C);

        Assert.Equal(FormationStep.Wait, formation.Decide(new HashSet<Address> { B, C }, group, Now).Step);
        Assert.Equal(FormationStep.Wait, formation.Decide(new HashSet<Address> { B, C }, group, Now + ClusterFormation.MergeAfter - TimeSpan.FromSeconds(1)).Step);
        var decision = formation.Decide(new HashSet<Address> { B, C }, group, Now + ClusterFormation.MergeAfter);
        Assert.Equal(FormationStep.LeaveAndJoin, decision.Step);
        Assert.Equal([A], decision.Contacts.AsEnumerable());
    }

    [Fact]
    public void Whose_cluster_has_the_first_member_stays_however_long()
    {
        var formation = new ClusterFormation(B);

        for (var minute = 0; minute < 10; minute++)
            Assert.Equal(FormationStep.Wait, formation.Decide(new HashSet<Address> { A, B }, Group(true, A, B, C), Now.AddMinutes(minute)).Step);
    }

    [Fact]
    public void The_group_is_in_the_same_order_for_all_and_knows_each_address_once()
    {
        var group = new GroupMembers(true, [new(C, 5), new(B, 7), new(A, 5), new(B, 9)], 0);

        Assert.Equal([A, C, B], group.Nodes.Select(node => node.Address));
    }

    [Fact]
    public void Processes_that_start_one_after_the_other_never_move()
    {
        var world = new FormationWorld(1, 5);

        world.StartOneByOne();

        Assert.Single(world.Clusters.Distinct());
        Assert.Equal(0, world.Moves);
    }

    [Fact]
    public void However_late_and_differently_processes_see_the_group_they_end_in_one_cluster() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), Gen.Choose(2, 6).ToArbitrary(), (seed, processes) =>
        {
            var world = new FormationWorld(seed, processes);
            world.Disturb(150);
            world.Settle(90);
            var moves = world.Moves;
            world.Settle(30);
            return (world.Clusters.Distinct().Count() == 1 && world.Clusters.First() is not null && world.Moves == moves).Label(world.ToString());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    private static HashSet<Address> None => [];

    private static Address Node(int number) => new("akka.tcp", "pipeline", "10.0.0." + number.ToString(System.Globalization.CultureInfo.InvariantCulture), 4053);

    private static GroupMembers Group(bool isStable, params Address[] oldestFirst) => new(isStable, oldestFirst.Select((address, index) => new GroupNode(address, index)), 0);
}
