using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Pipeline.Actors.Stages;

namespace Pipeline.Actors;

/// <summary>
/// One partition from its records to its checkpoints; the file to read first. All stages are fused, elements are batches:
/// <code>
/// PartitionSource ─► RecordDecoding ─► WindowStage ─► PatientStage ─► SinkStage ─► passed barriers
///  records, barriers    chunks           windows,        │ ▲ estimates   every IPatientSink,
///                                        STFT, beats     ▼ │             acknowledged
///                                                    patients' entities ◄─► InferenceWorkers
/// </code>
/// Demand runs the other way: sinks that do not acknowledge, or networks that do not keep up, leave no demand; the feed fills, and the
/// source pauses the partition.
/// </summary>
internal static class PartitionGraph
{
    /// <summary>
    /// The graph of a partition. <paramref name="passed"/> gets each barrier when everything before it is acknowledged. It ends when the
    /// feed is completed and all of it is done with, fails when a stage or a sink does, and is cut off by the kill switch.
    /// </summary>
    public static IRunnableGraph<(UniqueKillSwitch Switch, Task<Done> Ended)> Of(PartitionContext partition, PartitionFeed feed, Action<Barrier> passed) =>
        Source.FromGraph(new PartitionSource(feed))
            .Select(new RecordDecoding(partition.Topic, partition.Number, partition.Decoder).Decode)
            .Via(new WindowStage(partition))
            .Via(new PatientStage(partition))
            .Via(new SinkStage(partition))
            .ViaMaterialized(KillSwitches.Single<Barrier>(), Keep.Right)
            .ToMaterialized(Sink.ForEach(passed), Keep.Both);
}
