using Akka.Actor;
using Pipeline.Actors.Cluster;

namespace Pipeline.Actors;

/// <summary>An actor system of one process without a cluster, for recordings and tests. Starts in some tenths of a second.</summary>
public sealed class LocalActors : IAsyncDisposable
{
    /// <summary>Starts it.</summary>
    public LocalActors() => Actors = (System, new LocalPatientRegion(System));

    /// <summary>What <see cref="PartitionParts"/> want.</summary>
    public (ActorSystem System, IPatientRegion Region) Actors { get; }

    private ActorSystem System { get; } = ActorSystem.Create("pipeline", ActorConfiguration.Common);

    /// <summary>Answers readers in this process; to be called once at most.</summary>
    /// <param name="readings">What it can tell.</param>
    /// <param name="time">The clock.</param>
    public WardReader Read(LocalReadings readings, TimeProvider time)
    {
        System.ActorOf(Props.Create(() => new ReaderActor(readings)), ReaderActor.Name);
        return new WardReader(() => WardMembers.Alone(System), time);
    }

    /// <summary>Ends it; the partitions have ended before.</summary>
    public async ValueTask DisposeAsync() => await System.Terminate().ConfigureAwait(false);
}
