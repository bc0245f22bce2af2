using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Downs a member when it is unreachable <em>and</em> no longer in the consumer group, at once; never one that is in the group. The brokers
/// see every process, and give its partitions away when its session ends: the cluster follows. Akka creates it by its type's name; the
/// group comes by <see cref="ClusterGroupSetup"/>.
/// </summary>
internal sealed class GroupDowning : IDowningProvider
{
    private readonly ActorSystem _system;

    /// <summary>As Akka calls it.</summary>
    public GroupDowning(ActorSystem system, AkkaCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        _system = system;
    }

    /// <summary>
    /// How long the coordinator waits before it places shards of a downed member anew. The group is the fence: a process that is out of it
    /// can commit nothing, so there is nothing to wait for.
    /// </summary>
    public TimeSpan DownRemovalMargin { get; } = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public Props? DowningActorProps => _system.Settings.Setup.Get<ClusterGroupSetup>() is { HasValue: true } setup
        ? Props.Create(() => new GroupDowningActor(setup.Value.Group, setup.Value.Time))
        : null;

    /// <summary>Which unreachable members go.</summary>
    /// <param name="self">This process: while it is out of the group itself it knows nothing of the others.</param>
    /// <param name="unreachable">The unreachable members, with the timestamp since when.</param>
    /// <param name="group">A view of the group; one that is older than the unreachability counts for nothing, as it may lack a member that
    /// came since.</param>
    public static IEnumerable<Address> Choose(Address self, IReadOnlyDictionary<Address, long> unreachable, GroupMembers? group) =>
        group is null || !group.Contains(self) ? [] : unreachable.Where(one => one.Value < group.AskedAt && !group.Contains(one.Key)).Select(one => one.Key);
}

/// <summary>In: reachability events of the cluster, views of the group. Out: <see cref="AkkaCluster.Down"/>.</summary>
internal sealed class GroupDowningActor : UntypedActor
{
    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<Address, long> _unreachable = [];
    private readonly ClusterGroup _group;
    private readonly TimeProvider _time;
    private Action? _updated;

    public GroupDowningActor(ClusterGroup group, TimeProvider time) => (_group, _time) = (group, time);

    /// <summary>There is a new view.</summary>
    private sealed class Look
    {
        public static readonly Look Now = new();
    }

    protected override void PreStart()
    {
        var self = Self;
        _updated = () => self.Tell(Look.Now);
        _group.Updated += _updated;
        _cluster.Subscribe(self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.MemberRemoved));
    }

    protected override void PostStop()
    {
        _group.Updated -= _updated;
        _cluster.Unsubscribe(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.UnreachableMember lost:
                _unreachable.TryAdd(lost.Member.Address, _time.GetTimestamp());
                break;
            case ClusterEvent.ReachableMember back:
                _unreachable.Remove(back.Member.Address);
                break;
            case ClusterEvent.MemberRemoved gone:
                _unreachable.Remove(gone.Member.Address);
                break;
            case Look:
                break;
            default:
                Unhandled(message);
                return;
        }
        foreach (var address in GroupDowning.Choose(_cluster.SelfAddress, _unreachable, _group.Latest).ToArray())
        {
            _unreachable.Remove(address);   // told once; back with the next event should it not go
            _log.Warning("{0} is unreachable and not in the consumer group: it is removed from the cluster", address);
            _cluster.Down(address);
        }
    }
}
