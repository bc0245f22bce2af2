using Akka.Actor;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>A message to a patient's entity: shard id = <see cref="Partition"/> (decimal), entity id = the patient's pseudonym.
/// Immutable.</summary>
public interface IForPatient
{
    /// <summary>Partition of the input topic that holds the patient's records, from 0.</summary>
    int Partition { get; }

    /// <summary>The patient.</summary>
    PatientId Patient { get; }
}

/// <summary>Where patients live: the cluster's shard region, or, for one process without a cluster (estimate, simulation), a local
/// router.</summary>
public interface IPatientRegion
{
    /// <summary>Takes <see cref="IForPatient"/> messages and delivers each to its patient's entity, which is started by its first
    /// message.</summary>
    IActorRef Patients { get; }

    /// <summary>
    /// Claims a partition that the consumer group assigned to this process. Completes when the partition's shard answers in this process:
    /// messages to its patients are delivered here from then on. Retries without end.
    /// </summary>
    /// <param name="partition">From 0.</param>
    /// <param name="stop">Gives up waiting; the shard may still come here.</param>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled first.</exception>
    Task ClaimAsync(int partition, CancellationToken stop);

    /// <summary>Stops the partition's entities in this process, if there are any. Completes when they have stopped. The shard goes to the
    /// next process that claims it.</summary>
    /// <param name="partition">From 0.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled first.</exception>
    Task ReleaseAsync(int partition, CancellationToken stop);
}
