using Pipeline.Actors;
using Pipeline.Actors.Serving;
using Pipeline.Models;
using Pipeline.Models.Alarms;

namespace Pipeline.Tests.Support;

/// <summary>Partitions of a test, in one actor system of the whole test run, each with a region of its own.</summary>
internal static class TestPartitions
{
    private static readonly LocalActors Local = new();

    public static Partitions Of(
        TopologyOptions options, IReadOnlyList<IPatientSink> sinks, TimeProvider time, StageFactory? stages = null, NetworkRegistry? networks = null,
        IPassivePatients? passive = null, AlarmRules? alarms = null) => new(options, sinks, time, new PartitionParts
        {
            Actors = (Local.Actors.System, new LocalPatientRegion(Local.Actors.System)),
            Stages = stages,
            Networks = networks,
            Passive = passive,
            Alarms = alarms,
        });

    /// <summary>The same in a region that can lose messages.</summary>
    public static (Partitions Partitions, Actors.LossyRegion Region) Lossy(TopologyOptions options, IReadOnlyList<IPatientSink> sinks, TimeProvider time, StageFactory? stages)
    {
        var region = new Actors.LossyRegion(Local.Actors.System);
        return (new Partitions(options, sinks, time, new PartitionParts { Actors = (Local.Actors.System, region), Stages = stages }), region);
    }

    /// <summary>A whole flow, from a source that ends to the sinks.</summary>
#pragma warning disable CA1068 // What follows the token is seldom wanted.
    public static async Task<Counts> RunAsync(
        ISampleSource source, IReadOnlyList<IPatientSink> sinks, TopologyOptions options, TimeProvider time, CancellationToken stop = default,
        StageFactory? stages = null, Action<Partitions>? started = null, NetworkRegistry? networks = null)
    {
#pragma warning restore CA1068
        await using var partitions = Of(options, sinks, time, stages, networks);
        started?.Invoke(partitions);
        return await Topology.RunAsync(source, partitions, stop);
    }
}
