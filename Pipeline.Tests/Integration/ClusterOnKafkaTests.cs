using Akka.Cluster;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Pipeline.Tests.Cluster;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>The consumer group of a real broker as the cluster's discovery.</summary>
[Collection(nameof(KafkaServer)), Trait("Category", "Integration")]
public sealed class ClusterOnKafkaTests(KafkaServer server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [SkippableFact]
    public async Task Three_processes_that_start_at_once_find_each_other_in_the_group_and_become_one_cluster()
    {
        var options = await server.PrepareAsync();
        using var patience = new CancellationTokenSource(Patience);

        var started = Enumerable.Range(0, 3).Select(_ => Member.StartAsync(options.Copy(), patience.Token)).ToArray();
        var members = await Task.WhenAll(started);
        try
        {
            foreach (var member in members)
                await member.UntilMembersAsync(3, patience.Token);
        }
        finally
        {
            await Task.WhenAll(members.Select(member => member.DisposeAsync().AsTask()));
        }
    }

    [SkippableFact]
    public async Task A_process_that_is_gone_from_the_group_is_removed_and_another_one_takes_its_shards()
    {
        var options = await server.PrepareAsync();
        using var patience = new CancellationTokenSource(Patience);
        await using var first = await Member.StartAsync(options.Copy(), patience.Token);
        await first.Node.Current.Up.WaitAsync(patience.Token);
        await using var second = await Member.StartAsync(options.Copy(), patience.Token);
        await second.UntilMembersAsync(2, patience.Token);
        await first.Node.Current.Patients.ClaimAsync(1, patience.Token);

        await first.CutOffAsync();
        await second.UntilUnreachableAsync(patience.Token);
        Assert.Equal(2, second.Node.Current.Cluster.State.Members.Count);     // it is still in the group
        await first.LeaveGroupAsync();

        await second.UntilMembersAsync(1, patience.Token);
        await second.Node.Current.Patients.ClaimAsync(1, patience.Token);
    }

    /// <summary>What a process has of the group and the cluster.</summary>
    private sealed class Member : IAsyncDisposable
    {
        private readonly CancellationTokenSource _leave = new();
        private readonly GroupWatch _watch;
        private readonly Task _consuming;

        private Member(ClusterNode node, GroupWatch watch, IConsumer<byte[], byte[]> consumer)
        {
            (Node, _watch) = (node, watch);
            _consuming = Task.Factory.StartNew(() => Consume(consumer, _leave.Token), TaskCreationOptions.LongRunning);
        }

        public ClusterNode Node { get; }

        public static async Task<Member> StartAsync(KafkaOptions options, CancellationToken stop)
        {
            var group = new ClusterGroup();
            var node = await ClusterNode.StartAsync(
                new ClusterNodeSettings(new ClusterOptions(), group, NullLoggerFactory.Instance, TimeProvider.System), stop);
            var self = new GroupNode(node.Address, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            ClusterAddress.Announce(options, self);
            var consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Consumer(options)).Build();
            consumer.Subscribe(options.SamplesTopic);
            return new Member(node, new GroupWatch(options, group, self, NullLogger.Instance, TimeProvider.System), consumer);
        }

        public Task UntilMembersAsync(int count, CancellationToken stop) =>
            TestNodes.UntilAsync(Node.Current.Cluster, state => state.Members.Count == count && state.Members.All(member => member.Status == MemberStatus.Up), stop);

        public Task UntilUnreachableAsync(CancellationToken stop) => TestNodes.UntilAsync(Node.Current.Cluster, state => !state.Unreachable.IsEmpty, stop);

        public Task CutOffAsync() => TestNodes.CutOffAsync(Node);

        public async Task LeaveGroupAsync()
        {
            await _leave.CancelAsync();
            await _consuming;
        }

        public async ValueTask DisposeAsync()
        {
            await LeaveGroupAsync();
            await _watch.DisposeAsync();
            await Node.DisposeAsync();
            _leave.Dispose();
        }

        private static void Consume(IConsumer<byte[], byte[]> consumer, CancellationToken leave)
        {
            while (!leave.IsCancellationRequested)
                consumer.Consume(TimeSpan.FromMilliseconds(100));
            consumer.Close();
            consumer.Dispose();
        }
    }
}
