using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace Pipeline.Actors;

/// <summary>
/// The patients of one process without a cluster: recordings, tests, the simulation. Entities are started by their first message; one that leaves keeps its
/// messages waiting until it has stopped, as in a shard region.
/// </summary>
public sealed class LocalPatientRegion(ActorSystem system) : IPatientRegion
{
    /// <inheritdoc/>
    public IActorRef Patients { get; } = (system ?? throw new ArgumentNullException(nameof(system))).ActorOf(Props.Create(() => new Router()));

    /// <inheritdoc/>
    public Task ClaimAsync(int partition, CancellationToken stop) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task ReleaseAsync(int partition, CancellationToken stop)
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Patients.Tell(new Release(partition, released), ActorRefs.NoSender);
        return Awaiting.AllAsync(released.Task);
    }

    private sealed record Release(int Partition, TaskCompletionSource Released);

    /// <summary>One child a partition.</summary>
    private sealed class Router : UntypedActor
    {
        private readonly Dictionary<int, IActorRef> _partitions = [];
        private readonly Dictionary<IActorRef, TaskCompletionSource> _stopping = [];

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case IForPatient forPatient:
                    if (!_partitions.TryGetValue(forPatient.Partition, out var partition))
                        _partitions.Add(forPatient.Partition, partition = Context.Watch(Context.ActorOf(Props.Create(() => new Partition()))));
                    partition.Forward(message);
                    break;
                case Release release when _partitions.Remove(release.Partition, out var leaving):
                    _stopping.Add(leaving, release.Released);
                    Context.Stop(leaving);
                    break;
                case Release release:
                    release.Released.TrySetResult();
                    break;
                case Terminated { ActorRef: var stopped } when _stopping.Remove(stopped, out var released):
                    released.TrySetResult();
                    break;
            }
        }
    }

    /// <summary>The entities of one partition.</summary>
    private sealed class Partition : UntypedActor
    {
        private readonly Dictionary<string, IActorRef> _entities = new(StringComparer.Ordinal);
        private readonly Dictionary<IActorRef, string> _ids = [];
        private readonly Dictionary<IActorRef, List<object>> _leaving = [];
        private long _number;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case IForPatient { Patient.Value: var id }:
                    Deliver(id, message);
                    break;
                case Passivate passivate when _ids.ContainsKey(Sender) && _leaving.TryAdd(Sender, []):
                    Sender.Tell(passivate.StopMessage, Self);
                    break;
                case Terminated { ActorRef: var stopped } when _ids.Remove(stopped, out var id):
                    _entities.Remove(id);
                    _leaving.Remove(stopped, out var buffered);
                    foreach (var waiting in buffered ?? [])
                        Deliver(id, waiting);
                    break;
            }
        }

        private void Deliver(string id, object message)
        {
            if (!_entities.TryGetValue(id, out var entity))
            {
                entity = Context.Watch(Context.ActorOf(PatientActor.Props, (_number++).ToString(CultureInfo.InvariantCulture)));
                _entities.Add(id, entity);
                _ids.Add(entity, id);
            }
            if (_leaving.TryGetValue(entity, out var waiting))
                waiting.Add(message);
            else
                entity.Tell(message, ActorRefs.NoSender);
        }
    }
}
