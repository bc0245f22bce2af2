using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Sharding.External;
using Pipeline.Models.Signals;
using AkkaCluster = Akka.Cluster.Cluster;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Patients as entities of Akka.Cluster.Sharding, one shard a partition. Who was assigned a partition by the consumer group claims its
/// shard; the coordinator places it there. Thread-safe.
/// </summary>
public sealed class ClusterPatientRegion : IPatientRegion
{
    /// <summary>Name of the entities' type, and of the region's actor.</summary>
    public const string TypeName = "patient";

    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(500), Pause = TimeSpan.FromMilliseconds(50), ClaimAgain = TimeSpan.FromSeconds(2);

    private readonly IExternalShardAllocationClient _locations;
    private readonly ActorSystem _system;
    private readonly Address _self;
    private readonly TimeProvider _time;

    private ClusterPatientRegion(ActorSystem system, IActorRef region, TimeProvider time)
    {
        (_system, Patients, _time) = (system, region, time);
        _self = AkkaCluster.Get(system).SelfAddress;
        _locations = ExternalShardAllocation.Get(system).ClientFor(TypeName);
    }

    /// <inheritdoc/>
    public IActorRef Patients { get; }

    /// <summary>Starts the region of an actor system; it works when the system has joined its cluster.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="patient">Props of a patient's actor, called once an entity.</param>
    /// <param name="time">The clock.</param>
    public static async Task<ClusterPatientRegion> StartAsync(ActorSystem system, Func<PatientId, Props> patient, TimeProvider time)
    {
        var sharding = ClusterSharding.Get(system);     // before the settings: they read the configuration that it brings
        var region = await sharding.StartAsync(
            TypeName, entity => entity == ShardVoice.EntityId ? Props.Create(() => new ShardVoice()) : patient(new PatientId(entity)),
            ClusterShardingSettings.Create(system), new PatientExtractor(), new ClaimedAllocation(system, TypeName), PoisonPill.Instance);
        return new ClusterPatientRegion(system, region, time);
    }

    /// <inheritdoc/>
    public async Task ClaimAsync(int partition, CancellationToken stop)
    {
        var claimed = long.MinValue;
        while (true)
        {
            try
            {
                // Again from time to time: a claim of an owner before, whose clock is ahead, may have won over this one; the next one is newer than any that is known.
                if (claimed == long.MinValue || _time.GetElapsedTime(claimed) > ClaimAgain)
                {
                    await _locations.UpdateShardLocation(PatientExtractor.ShardOf(partition), _self).WaitAsync(stop);
                    claimed = _time.GetTimestamp();
                }
                if ((await Patients.Ask<ShardAnswer>(new ShardProbe(partition), AnswerTime, stop)).Address == _self)
                    return;
            }
            catch (Exception fault) when (fault is AskTimeoutException or ClientTimeoutException && !stop.IsCancellationRequested)
            {
                // No coordinator yet, or the shard is on its way: asked again.
            }
            await Task.Delay(Pause, _time, stop);
        }
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(int partition, CancellationToken stop)
    {
        var shard = PatientExtractor.ShardOf(partition);
        var told = false;
        while (!await IsEmptyAsync(shard, stop))
        {
            // The coordinator moves the shard when it is claimed elsewhere; until then it stays here, empty.
            if (!told)
                _system.ActorSelection(Patients.Path / shard / "*").Tell(PoisonPill.Instance);
            told = true;
            await Task.Delay(Pause, _time, stop);
        }
    }

    /// <summary>Whether no entity of a shard runs here. A region that is busy does not say so in time: it is asked again.</summary>
    private async Task<bool> IsEmptyAsync(string shard, CancellationToken stop)
    {
        try
        {
            var state = await Patients.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, AnswerTime, stop);
            return !state.Failed.Contains(shard) && state.Shards.FirstOrDefault(one => one.ShardId == shard) is not { EntityIds.Count: > 0 };
        }
        catch (AskTimeoutException)
        {
            return _system.WhenTerminated.IsCompleted;
        }
    }
}

/// <summary>Shard and entity of a message.</summary>
internal sealed class PatientExtractor : IMessageExtractor
{
    private const int CachedNames = 1024;
    private static readonly string[] Names = [.. Enumerable.Range(0, CachedNames).Select(Name)];

    /// <summary>The shard of a partition: its number in decimal.</summary>
    public static string ShardOf(int partition) => partition < CachedNames ? Names[partition] : Name(partition);

    /// <inheritdoc/>
    public string? EntityId(object message) => message switch
    {
        IForPatient one => one.Patient.Value,
        ShardProbe => ShardVoice.EntityId,
        _ => null,
    };

    /// <inheritdoc/>
    public object EntityMessage(object message) => message;

    /// <inheritdoc/>
    public string? ShardId(object message) => message switch
    {
        IForPatient one => ShardOf(one.Partition),
        ShardProbe probe => ShardOf(probe.Partition),
        _ => null,
    };

    /// <inheritdoc/>
    public string ShardId(string entityId, object? messageHint = null) =>
        messageHint is null ? throw new NotSupportedException("The shard of a patient follows from its records' partition, not from its name.") : ShardId(messageHint) ?? "";

    private static string Name(int partition) => partition.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The entity of a shard that says where the shard is. In: <see cref="ShardProbe"/>. Out: <see cref="ShardAnswer"/>.</summary>
internal sealed class ShardVoice : UntypedActor
{
    /// <summary>Its name among the patients: a control character, which no pseudonym has.</summary>
    public const string EntityId = "\u0001";

    private readonly Address _self = AkkaCluster.Get(Context.System).SelfAddress;

    protected override void OnReceive(object message)
    {
        if (message is ShardProbe probe)
            Sender.Tell(new ShardAnswer(probe.Partition, _self));
        else
            Unhandled(message);
    }
}
