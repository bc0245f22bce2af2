using Pipeline.Actors.Cluster;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Cluster;

/// <summary>Reading the ward while a process of it is gone.</summary>
[Collection(nameof(ClusterNodeTests))]
public sealed class LostReaderTests
{
    [Fact]
    public async Task While_one_process_is_killed_the_others_answer_and_name_it()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(3);
        await nodes.Readings(1).Latest.WriteAsync(Points.Batch(7, 1), nodes.Stop);
        await nodes.KillAsync(2);
        var reader = new WardReader(nodes[0], TimeProvider.System);

        var (newest, all) = await reader.PatientAsync("P1", nodes.Stop);

        Assert.Equal(nodes[1].Address, newest?.Process);
        Assert.Equal(nodes[2].Address, Assert.Single(all, one => one.Fault is not null).Process);
    }

    [Fact]
    public async Task All_processes_name_the_same_coordinator_and_another_one_when_that_is_gone()
    {
        await using var nodes = new TestNodes();
        await nodes.StartClusterAsync(3);
        WardReader[] readers = [.. Enumerable.Range(0, 3).Select(node => new WardReader(nodes[node], TimeProvider.System))];
        var first = Assert.Single(readers.Select(reader => reader.Coordinator).Distinct());
        Assert.Equal(nodes[0].Address, first);     // of the first process, which began the cluster

        await nodes.KillAsync(0);
        await nodes.ShowUntilMembersAsync(1, 2, 1, 2);
        await nodes.ShowUntilMembersAsync(2, 2, 1, 2);

        var next = Assert.Single(readers[1..].Select(reader => reader.Coordinator).Distinct());
        Assert.Contains(next, new[] { nodes[1].Address, nodes[2].Address });
    }
}
