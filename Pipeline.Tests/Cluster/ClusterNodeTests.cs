using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Cluster;

/// <summary>Real actor systems on 127.0.0.1, the group written by the test.</summary>
[Collection(nameof(ClusterNodeTests))]
public sealed class ClusterNodeTests
{
    [Fact]
    public async Task A_process_alone_is_a_cluster_of_one_without_configuration()
    {
        await using var node = await ClusterNode.StartAsync(
            new ClusterNodeSettings(new ClusterOptions(), null, NullLoggerFactory.Instance, TimeProvider.System) { LeavePatience = default, Patient = _ => Props.Create(() => new TestNodes.Echo()) }, default);

        await node.Current.Patients.ClaimAsync(3, default);

        Assert.Equal(node.Address, await Ask(node, new Question(3, new PatientId("p/ä 1"))));
        Assert.Equal("127.0.0.1", node.Address.Host);
    }

    [Fact]
    public async Task Processes_that_the_group_shows_become_one_cluster_and_each_claims_its_partitions()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(3);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(partition => nodes[partition % 3].Current.Patients.ClaimAsync(partition, nodes.Stop)));

        for (var partition = 0; partition < 6; partition++)
            Assert.Equal(nodes[partition % 3].Address, await Ask(nodes[partition % 3], new Question(partition, new PatientId("p1"))));
    }

    [Fact]
    public async Task A_claimed_shard_moves_with_its_patients_stopped_where_it_was()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(2);
        await nodes[0].Current.Patients.ClaimAsync(5, nodes.Stop);
        Assert.Equal(nodes[0].Address, await Ask(nodes[0], new Question(5, new PatientId("p1"))));

        await nodes[0].Current.Patients.ReleaseAsync(5, nodes.Stop);
        await nodes[1].Current.Patients.ClaimAsync(5, nodes.Stop);

        Assert.Equal(nodes[1].Address, await Ask(nodes[1], new Question(5, new PatientId("p1"))));
    }

    [Fact]
    public async Task A_shard_that_is_claimed_before_its_process_is_removed_waits_for_no_hand_over()
    {
        await using var nodes = new TestNodes();
        // Longer than the test's patience: whoever waits for a hand-over of the process that is gone fails.
        await nodes.StartClusterAsync(3, akka => akka.AddHocon("akka.cluster.sharding.handoff-timeout = 300 s", HoconAddMode.Prepend));
        await nodes[2].Current.Patients.ClaimAsync(5, nodes.Stop);
        await nodes.KillAsync(2);
        await nodes.UntilAsync(nodes[0].Current.Cluster, state => !state.Unreachable.IsEmpty);

        var claiming = nodes[1].Current.Patients.ClaimAsync(5, nodes.Stop);
        var looks = 0;      // a second of them, in which the coordinator has looked four times for shards to move
        await nodes.UntilAsync(nodes[0].Current.Cluster, _ => ++looks > 50);
        await Task.WhenAll(nodes.ShowUntilMembersAsync(0, 2, 0, 1), nodes.ShowUntilMembersAsync(1, 2, 0, 1));

        await claiming;
        Assert.Equal(nodes[1].Address, await Ask(nodes[1], new Question(5, new PatientId("p1"))));
    }

    [Fact]
    public async Task A_region_that_does_not_answer_is_asked_until_the_patience_ends()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(1);
        var region = nodes[0].Current.Patients;
        nodes[0].Current.System.Stop(region.Patients);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1.2));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => region.ReleaseAsync(0, patience.Token));
    }

    [Fact]
    public async Task A_released_partitions_patients_have_stopped_and_come_anew()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(1);
        await nodes[0].Current.Patients.ClaimAsync(0, nodes.Stop);
        await Ask(nodes[0], new Question(0, new PatientId("p1")));
        var patient = await nodes[0].Current.System.ActorSelection(nodes[0].Current.Patients.Patients.Path / "0" / "p1").ResolveOne(TimeSpan.FromSeconds(5));
        var stopped = patient.WatchAsync();

        await nodes[0].Current.Patients.ReleaseAsync(0, nodes.Stop);

        Assert.True(await stopped);
        Assert.Equal(nodes[0].Address, await Ask(nodes[0], new Question(0, new PatientId("p1"))));
    }

    [Fact]
    public async Task A_process_that_dies_is_removed_when_the_group_has_lost_it_and_not_before()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(3);
        await nodes[0].Current.Patients.ClaimAsync(1, nodes.Stop);     // the oldest: it holds the coordinator too

        await nodes.KillAsync(0);
        await nodes.UntilAsync(nodes[1].Current.Cluster, state => state.Unreachable.Count == 1);
        var looks = 0;
        await nodes.UntilAsync(nodes[1].Current.Cluster, state =>
        {
            nodes.ShowAll();    // its session has not ended yet
            Assert.Equal(3, state.Members.Count);
            return ++looks > 20;
        });

        await nodes.ShowUntilMembersAsync(1, 2, 1, 2);
        await nodes[1].Current.Patients.ClaimAsync(1, nodes.Stop);
        Assert.Equal(nodes[1].Address, await Ask(nodes[1], new Question(1, new PatientId("p1"))));
    }

    [Fact]
    public async Task A_process_that_ends_leaves_its_cluster_though_the_group_still_shows_it()
    {
        await using var nodes = new TestNodes { LeavePatience = TimeSpan.FromSeconds(30) };
        await nodes.StartClusterAsync(2);

        await nodes.EndAsync(1);

        await nodes.UntilMembersAsync(0, 1);
    }

    [Fact]
    public async Task Two_first_processes_that_did_not_see_each_other_become_one_cluster()
    {
        await using var nodes = new TestNodes { LeavePatience = TimeSpan.FromSeconds(5), Time = new FasterTime(3) };    // merged after ten seconds
        await nodes.StartAsync();
        await nodes.StartAsync();
        nodes.Show(0, 0);
        nodes.Show(1, 1);
        await Task.WhenAll(nodes[0].Current.Up, nodes[1].Current.Up).WaitAsync(nodes.Stop);
        var replaced = new TaskCompletionSource<ClusterIncarnation>(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes[1].Replaced += replaced.SetResult;

        nodes.ShowAll();

        var anew = await replaced.Task.WaitAsync(nodes.Stop);
        Assert.Same(anew, nodes[1].Current);
        await nodes.UntilMembersAsync(0, 2);
        await nodes.UntilMembersAsync(1, 2);
    }

    [Fact]
    public async Task A_process_that_the_others_removed_while_it_stood_still_begins_anew_by_itself()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(2);
        var replaced = new TaskCompletionSource<ClusterIncarnation>(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes[1].Replaced += replaced.SetResult;
        var address = nodes[1].Address;

        nodes[0].Current.Cluster.Down(address);

        var anew = await replaced.Task.WaitAsync(nodes.Stop);
        await nodes.UntilMembersAsync(0, 2);
        await anew.Patients.ClaimAsync(1, nodes.Stop);
        Assert.Equal(address, anew.Cluster.SelfAddress);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_its_settings()
    {
        await using var nodes = new TestNodes();
        var port = (await nodes.StartAsync()).Address.Port;

        var fault = await Assert.ThrowsAsync<IOException>(() => nodes.StartAsync(new ClusterOptions { Port = port!.Value }));

        Assert.StartsWith($"Cluster:Host is '127.0.0.1', Cluster:Port is '{port}': it cannot listen there: ", fault.Message, StringComparison.Ordinal);
    }

    private static Task<Address> Ask(ClusterNode node, IForPatient message) => node.Current.Patients.Patients.Ask<Address>(message, TimeSpan.FromSeconds(20));
}

/// <summary>A cluster of three processes for the tests that leave it whole.</summary>
public sealed class ThreeProcesses : IAsyncLifetime
{
    internal TestNodes Nodes { get; } = new(TimeSpan.FromMinutes(20));

    public Task InitializeAsync() => Nodes.StartClusterAsync(3);

    public Task DisposeAsync() => Nodes.DisposeAsync().AsTask();
}

/// <summary>Nodes take ports and seconds: one test at a time.</summary>
[CollectionDefinition(nameof(ClusterNodeTests), DisableParallelization = true)]
public sealed class ClusterNodeCollection : ICollectionFixture<ThreeProcesses>;
