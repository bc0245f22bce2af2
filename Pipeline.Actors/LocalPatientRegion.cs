using Akka.Actor;
using Akka.Cluster.Sharding;

namespace Pipeline.Actors;

/// <summary>
/// The patients of one process without a cluster: recordings, tests, the simulation. Entities are started by their first message; one that
/// leaves keeps its messages waiting until it has stopped, as in a shard region.
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
        private readonly Dictionary<string, IActorRef> _entities = new(StringComparer.Ordinal);     // by name
        private readonly Dictionary<IActorRef, List<object>> _leaving = [];

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case IForPatient { Patient.Value: var id }:
                    Deliver(Uri.EscapeDataString(id), message);
                    break;
                case Passivate passivate when _entities.ContainsKey(Sender.Path.Name) && _leaving.TryAdd(Sender, []):
                    Sender.Tell(passivate.StopMessage, Self);
                    break;
                case Terminated { ActorRef: var stopped } when _entities.Remove(stopped.Path.Name):
                    _leaving.Remove(stopped, out var buffered);
                    foreach (var waiting in buffered ?? [])
                        Deliver(stopped.Path.Name, waiting);
                    break;
            }
        }

        private void Deliver(string name, object message)
        {
            if (!_entities.TryGetValue(name, out var entity))
                _entities.Add(name, entity = Context.Watch(Context.ActorOf(PatientActor.Props, name)));
            if (_leaving.TryGetValue(entity, out var waiting))
                waiting.Add(message);
            else
                entity.Tell(message, ActorRefs.NoSender);
        }
    }
}
