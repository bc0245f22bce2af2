using Akka.Actor;
using Pipeline.Actors;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// In which process the shard of each partition is, as the cluster's coordinator decides it: a shard that another process claims leaves the one it is in,
/// which answers, or stands still and is taken out of the cluster.
/// </summary>
internal sealed class SimulatedShards(World world)
{
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(60), Long = TimeSpan.FromSeconds(3), Downing = TimeSpan.FromSeconds(2);

    private readonly SimulatedRegion?[] _places = new SimulatedRegion?[Workload.PartitionCount];

    /// <summary>Whether the coordinator takes its time.</summary>
    public bool AreSlow { get; set; }

    /// <summary>A process wants a shard; <paramref name="answer"/> when it is there.</summary>
    public void Claim(int partition, SimulatedRegion region, Action<bool> answer) => world.Steps.After(world.Steps.Some(AreSlow ? Long : Usual), null, () =>
    {
        var left = false;
        if (_places[partition] is { } place && place != region)
        {
            place.Lose(partition, Move);
            world.Steps.After(Downing, null, Move);
        }
        else
            Move();

        void Move()
        {
            if (left)
                return;
            left = true;
            _places[partition] = region;
            answer(true);
        }
    });

    /// <summary>A process has stopped the entities of a shard.</summary>
    public bool Release(int partition, SimulatedRegion region)
    {
        if (_places[partition] == region)
            _places[partition] = null;
        return true;
    }
}

/// <summary>
/// A process's way to its patients: the local router behind what a shard region does about messages. One that is told before the shard has answered is
/// an error of the partition's; one that comes when the shard has left, or when it is the victim of a fault, is lost.
/// </summary>
internal sealed class SimulatedRegion : IPatientRegion
{
    private readonly SimulatedProcess _process;
    private readonly SimulatedShards _shards;
    private readonly World _world;
    private readonly LocalPatientRegion _local;
    private readonly Place[] _places = new Place[Workload.PartitionCount];

    public SimulatedRegion(SimulatedProcess process, SimulatedShards shards, World world)
    {
        (_process, _shards, _world) = (process, shards, world);
        _local = new LocalPatientRegion(process.Actors.System);
        Patients = new Gate(this);
    }

    private enum Place
    {
        Elsewhere,
        Here,
        Lost,
    }

    public IActorRef Patients { get; }

    /// <summary>Says that a shard answers as soon as it is claimed: a planted bug.</summary>
    public bool IsHasty { get; init; }

    /// <summary>Messages that are lost next.</summary>
    public int ToLoseCount { get; set; }

    public async Task ClaimAsync(int partition, CancellationToken stop)
    {
        _places[partition] = Place.Elsewhere;
        var here = ClaimedAsync(partition, stop);
        if (!IsHasty)
            await here;
    }

    public async Task ReleaseAsync(int partition, CancellationToken stop)
    {
        _places[partition] = Place.Elsewhere;
        await _local.ReleaseAsync(partition, stop);
        await _process.CallAsync(() => _shards.Release(partition, this)).WaitAsync(stop);
    }

    private async Task ClaimedAsync(int partition, CancellationToken stop)
    {
        await _process.CallAsync<bool>(answer => _shards.Claim(partition, this, answer)).WaitAsync(stop);
        _places[partition] = Place.Here;
    }

    /// <summary>The coordinator has the shard leave; <paramref name="left"/> when its entities have stopped.</summary>
    public void Lose(int partition, Action left) => _process.After(_world.Steps.Some(TimeSpan.FromMilliseconds(4)), () =>
    {
        if (_places[partition] == Place.Here)
            _places[partition] = Place.Lost;
        _ = _process.Start(async () =>
        {
            await _local.ReleaseAsync(partition, CancellationToken.None);
            await _process.CallAsync(() =>
            {
                left();
                return true;
            });
        });
    });

    private void Take(IForPatient message, IActorRef sender)
    {
        switch (_places[message.Partition])
        {
            case Place.Elsewhere:
                _world.Fail($"{_process.Name} tells {message.Patient} of partition {message.Partition} a {message.GetType().Name}, but that shard does not answer there");
                break;
            case Place.Here when ToLoseCount > 0:
                ToLoseCount--;
                _world.Story?.Tell(_process.Name, $"loses a {message.GetType().Name} to {message.Patient} of partition {message.Partition}");
                break;
            case Place.Here:
                _local.Patients.Tell(message, sender);
                break;
        }
    }

    private sealed class Gate(SimulatedRegion region) : MinimalActorRef
    {
        public override ActorPath Path => region._local.Patients.Path;

        public override IActorRefProvider Provider => ((IInternalActorRef)region._local.Patients).Provider;

        protected override void TellInternal(object message, IActorRef sender) => region.Take((IForPatient)message, sender);
    }
}
