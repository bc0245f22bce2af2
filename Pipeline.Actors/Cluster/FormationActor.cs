using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>Why a process needs a new actor system: Akka lets no system join a second time.</summary>
public enum RestartReason
{
    /// <summary>The others removed this process while it stood still or could not be reached.</summary>
    Downed,

    /// <summary>The group's first member is in another cluster, which this process joins.</summary>
    Merge,

    /// <summary>Nobody in the cluster knows of this process's joining.</summary>
    JoinLost,

    /// <summary>The actor system ended by itself.</summary>
    Ended,
}

/// <summary>
/// Carries out what <see cref="ClusterFormation"/> decides. In: views of the group, events of the cluster, that others have quarantined
/// this system, and other processes' <see cref="FormationQuestion"/>. Out: joins; <see cref="FormationAnswer"/>; <paramref name="restart"/>
/// when a new actor system is needed.
/// </summary>
/// <param name="group">The group; null: this process is alone, and joins itself at once.</param>
/// <param name="time">The clock.</param>
/// <param name="restart">Called once at most.</param>
internal sealed class FormationActor(ClusterGroup? group, TimeProvider time, Action<RestartReason> restart) : UntypedActor, IWithTimers
{
    /// <summary>Its name, by which other processes ask it.</summary>
    public const string Name = "formation";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly ClusterFormation _formation = new(AkkaCluster.Get(Context.System).SelfAddress);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ImmutableArray<Address> _asked = [];
    private Action? _updated;
    private bool _isRestarting;

    /// <summary>Something may have changed.</summary>
    private sealed class Look
    {
        public static readonly Look Now = new();
    }

    public ITimerScheduler Timers { get; set; } = null!;    // Akka sets it before PreStart

    protected override void PreStart()
    {
        var self = Self;
        if (group is null)
        {
            _cluster.Join(_cluster.SelfAddress);
            return;
        }
        Context.System.EventStream.Subscribe(self, typeof(ThisActorSystemQuarantinedEvent));
        _cluster.Subscribe(self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        _updated = () => self.Tell(Look.Now);
        group.Updated += _updated;
        Timers.StartPeriodicTimer(nameof(Look), Look.Now, Pace);
        self.Tell(Look.Now);
    }

    protected override void PostStop()
    {
        if (group is not null)
            group.Updated -= _updated;
        _cluster.Unsubscribe(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ThisActorSystemQuarantinedEvent:
                Restart(RestartReason.Downed);
                break;
            case FormationQuestion:
                Sender.Tell(new FormationAnswer([.. _cluster.State.Members.Select(member => member.Address)]));
                break;
            case FormationAnswer { Members: { Length: > 0 } others } when !_isRestarting && !others.Contains(_cluster.SelfAddress) && IsJoining:
                _log.Warning("The cluster of {0} knows nothing of this process's joining: it begins anew", string.Join(", ", others.AsEnumerable()));
                Restart(RestartReason.JoinLost);
                break;
            case FormationAnswer { Members: { Length: > 0 } elsewhere } when !_isRestarting && !elsewhere.Contains(_cluster.SelfAddress):
                _log.Warning("The consumer group's first member is in another cluster, of {0}: this process leaves its own and joins that", string.Join(", ", elsewhere.AsEnumerable()));
                Restart(RestartReason.Merge);
                break;
            case FormationAnswer:
                break;  // it is in no cluster yet, or in this one
            case Look or ClusterEvent.IClusterDomainEvent:
                Decide();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private bool IsJoining => _cluster.SelfMember.Status is MemberStatus.Joining or MemberStatus.WeaklyUp;

    private void Decide()
    {
        if (group is null || _isRestarting)
            return;
        var state = _cluster.State;
        group.SetUrgent(_cluster.SelfMember.Status != MemberStatus.Up || !state.Unreachable.IsEmpty);
        if (group.Latest is not { } latest)
            return;
        var members = state.Members.Select(member => member.Address).ToHashSet();
        var (step, contacts) = _formation.Decide(members, latest, time.GetUtcNow(), !IsJoining);
        switch (step)
        {
            // Akka asks the same contacts again by itself until one answers.
            case FormationStep.Join when !contacts.SequenceEqual(_asked):
                _log.Info("Joins the consumer group's cluster by way of {0}", string.Join(", ", contacts));
                _asked = contacts;
                _cluster.JoinSeedNodes(contacts);
                break;
            case FormationStep.LeaveAndJoin or FormationStep.Confirm:
                foreach (var contact in contacts)
                    Context.ActorSelection(new RootActorPath(contact) / "user" / Name).Tell(new FormationQuestion());
                break;
        }
    }

    private void Restart(RestartReason reason)
    {
        if (_isRestarting)
            return;
        _isRestarting = true;
        restart(reason);
    }
}
