using Pipeline.Actors.Serving;
using Pipeline.Models;

namespace Pipeline.Actors;

/// <summary>
/// The whole flow, wired in one place; the file to read first.
/// <code>
/// ISampleSource ─post─► PatientShards: Shard (a loop and a bounded mailbox per partition)
///                         └► SupervisedPatient ─► PatientActor ─► DeviceStream: SlidingWindower ─► IWindowStages
///                              │   └► WaitingPoints ─question─► ServedModels: InferenceWorkers ─answer─► AnswerBox ─► the shard's loop
///                              └► OutputBatch ─► every IPatientSink ─acknowledgement─► OffsetWatermark ─► ISampleSource commits
/// </code>
/// Everything is bounded: a sink that does not acknowledge stops its shard, and so do networks that do not keep up; its mailbox fills, and the
/// source pauses its partition.
/// </summary>
public static class Topology
{
    /// <summary>
    /// Runs <paramref name="source"/> through the actors into <paramref name="sinks"/> until the source ends (everything is acknowledged then)
    /// or <paramref name="stop"/> is cancelled. Returns what was counted. Source and sinks stay the caller's. <paramref name="stages"/>: other
    /// estimators than those of the product, for benchmarks and tests. <paramref name="started"/> is told of the shards before the source runs.
    /// <paramref name="models"/>, <paramref name="qrs"/>: the networks to ask; <paramref name="passive"/>: where idle patients lie; they stay the caller's, too.
    /// </summary>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">The options are out of range.</exception>
    public static async Task<Counts> RunAsync(
        ISampleSource source, IReadOnlyList<IPatientSink> sinks, TopologyOptions options, TimeProvider time, CancellationToken stop,
        StageFactory? stages = null, Action<PatientShards>? started = null, ServedModels? models = null, IPassivePatients? passive = null, ServedQrs? qrs = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var shards = new PatientShards(options, sinks, time, stages, models, passive: passive, qrs: qrs);
        started?.Invoke(shards);

        using var stopOrFailure = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = source.RunAsync(shards, stopOrFailure.Token);
        if (await Task.WhenAny(running, shards.Failure) == shards.Failure)
        {
            stopOrFailure.Cancel();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);   // it was told to stop; the failure is what counts
            await shards.Failure;
        }
        await running;
        if (shards.Failure.IsFaulted)
            await shards.Failure;     // a shard that failed with its last record
        return shards.Total();
    }
}
