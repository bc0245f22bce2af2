using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Models.Signals;

namespace Pipeline.Tests.Cluster;

/// <summary>Nodes of one group that the test writes; each with its own view of it, as each process has. On 127.0.0.1, free ports.</summary>
internal sealed class TestNodes(TimeSpan? patience = null) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<(ClusterNode Node, ClusterGroup Group, LocalReadings Readings, PatientPlaces Places)> _nodes = [];
    private readonly CancellationTokenSource _patience = new(patience ?? Patience);
    private readonly HashSet<int> _ended = [];

    /// <summary>Cancelled when a cluster of this size needed too long, however busy the machine.</summary>
    public CancellationToken Stop => _patience.Token;

    /// <summary>The clock of the nodes' decisions, not of Akka's timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long a node that ends waits until it has left its cluster: they all end at once, with nobody left to wait for.</summary>
    public TimeSpan LeavePatience { get; init; }

    public ClusterNode this[int index] => _nodes[index].Node;

    /// <summary>What a node can tell readers.</summary>
    public LocalReadings Readings(int index) => _nodes[index].Readings;

    /// <summary>Where the patients of a node are.</summary>
    public PatientPlaces Places(int index) => _nodes[index].Places;

    /// <summary>Told of patients in two partitions, with the node that noticed; from the nodes' own threads.</summary>
    public Action<int, PatientId, int, int>? InTwoPartitions { get; set; }

    /// <summary>Starts one; it sees no group yet.</summary>
    public async Task<ClusterNode> StartAsync(ClusterOptions? options = null, Action<AkkaConfigurationBuilder>? configure = null)
    {
        var group = new ClusterGroup();
        var number = _nodes.Count;
        var readings = new LocalReadings(
            new LatestValues(), new SampleTap(TimeProvider.System), () => Task.FromResult(new ProcessStatus([], [new ShardStatus(number, ShardActivity.Running, 1, 0, null, 3, 0, 0, null)])));
        var places = new PatientPlaces((patient, one, other) => InTwoPartitions?.Invoke(number, patient, one, other));
        var node = await ClusterNode.StartAsync(
            new ClusterNodeSettings(options ?? new ClusterOptions(), group, NullLoggerFactory.Instance, Time)
            {
                Patient = _ => Props.Create(() => new Echo()),
                Readings = readings,
                Places = places,
                PlacesRound = TimeSpan.FromSeconds(1),
                LeavePatience = LeavePatience,
                Configure = akka =>
                {
                    // Who does not answer is not waited for as long as a session: that was most of the time that these tests took.
                    akka.AddHocon("akka.cluster { seed-node-timeout = 1 s, retry-unsuccessful-join-after = 500 ms }", HoconAddMode.Prepend);
                    configure?.Invoke(akka);
                },
            }, Stop);
        _nodes.Add((node, group, readings, places));
        return node;
    }

    /// <summary>Starts some that see each other, and waits until they are one cluster.</summary>
    public async Task StartClusterAsync(int count, Action<AkkaConfigurationBuilder>? configure = null)
    {
        for (var index = 0; index < count; index++)
            await StartAsync(configure: configure);
        ShowAll();
        for (var index = 0; index < count; index++)
            await UntilMembersAsync(index, count);
    }

    /// <summary>Shows one node a stable group of some nodes, the first of them the oldest.</summary>
    public void Show(int to, params int[] members) => _nodes[to].Group.Update(new GroupMembers(
        true, members.Select((member, age) => new GroupNode(_nodes[member].Node.Address, age)), Time.GetTimestamp()));

    /// <summary>Shows all nodes all of them, or the given ones.</summary>
    public void ShowAll(params int[] members)
    {
        for (var to = 0; to < _nodes.Count; to++)
            Show(to, members.Length > 0 ? members : [.. Enumerable.Range(0, _nodes.Count)]);
    }

    /// <summary>Waits until a node's cluster has so many members, all of them up.</summary>
    public Task UntilMembersAsync(int index, int count) => UntilAsync(
        _nodes[index].Node.Current.Cluster, state => state.Members.Count == count && state.Members.All(member => member.Status == MemberStatus.Up));

    /// <summary>Waits until the cluster is as wanted.</summary>
    public Task UntilAsync(Akka.Cluster.Cluster cluster, Func<ClusterEvent.CurrentClusterState, bool> wanted) => UntilAsync(cluster, wanted, Stop);

    /// <summary>Waits until a cluster is as wanted.</summary>
    public static async Task UntilAsync(Akka.Cluster.Cluster cluster, Func<ClusterEvent.CurrentClusterState, bool> wanted, CancellationToken stop)
    {
        var reached = new TaskCompletionSource();
        var watcher = cluster.System.ActorOf(Props.Create(() => new StateWatcher(wanted, reached)));
        await reached.Task.WaitAsync(stop);
        cluster.System.Stop(watcher);
    }

    /// <summary>Ends a node as a process that is killed ends: nobody is told.</summary>
    public Task KillAsync(int index) => CutOffAsync(_nodes[index].Node);

    /// <summary>Ends a node's network.</summary>
    public static Task CutOffAsync(ClusterNode node) => ((ExtendedActorSystem)node.Current.System).Provider is Akka.Cluster.ClusterActorRefProvider provider
        ? provider.Transport.Shutdown()
        : throw new InvalidOperationException("no cluster's provider");

    /// <summary>Ends a node as a process that is stopped ends.</summary>
    public ValueTask EndAsync(int index)
    {
        _ended.Add(index);
        return _nodes[index].Node.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Where((_, index) => !_ended.Contains(index)).Select(one => one.Node.DisposeAsync().AsTask()));
        _patience.Dispose();
    }

    /// <summary>A patient that says which process it is in.</summary>
    internal sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(Akka.Cluster.Cluster.Get(Context.System).SelfAddress);
    }

    /// <summary>Shows the view again and again, as the watch does, until the cluster is as wanted.</summary>
    public Task ShowUntilMembersAsync(int index, int count, params int[] members) => UntilAsync(_nodes[index].Node.Current.Cluster, state =>
    {
        Show(index, members);
        return state.Members.Count == count && state.Members.All(member => member.Status == MemberStatus.Up);
    });

    private sealed class StateWatcher(Func<ClusterEvent.CurrentClusterState, bool> wanted, TaskCompletionSource reached) : UntypedActor, IWithTimers
    {
        private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart()
        {
            _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IClusterDomainEvent));
            Timers.StartPeriodicTimer("look", "look", TimeSpan.FromMilliseconds(20));
        }

        protected override void OnReceive(object message)
        {
            if (wanted(_cluster.State))
                reached.TrySetResult();
        }
    }
}

/// <summary>The system's clock, running some times as fast; its timers are the system's.</summary>
internal sealed class FasterTime(int factor) : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => _start + factor * (System.GetUtcNow() - _start);

    public override long GetTimestamp() => factor * System.GetTimestamp();
}

/// <summary>A message to a patient.</summary>
internal sealed record Question(int Partition, PatientId Patient) : IForPatient;
