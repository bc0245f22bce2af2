using System.Text;
using Pipeline.Actors;

namespace Pipeline.Host.Store;

/// <summary>Hands points that a store cannot take to the dead letters, with the reason, and waits until they are kept there.</summary>
/// <param name="deadLetters">Keeps them.</param>
internal sealed class RefusedPoints(IPatientSink deadLetters)
{
    /// <summary>The stage that dead letters of a store carry.</summary>
    public const string Stage = "store";

    /// <summary>
    /// Completes when the dead letters are acknowledged. The payload is the line as it was sent, or empty when the point could not be written.
    /// </summary>
    public Task KeepAsync(IReadOnlyCollection<(VitalPoint Point, string Reason, byte[] Line)> refused, CancellationToken stop)
    {
        if (refused.Count == 0)
            return Task.CompletedTask;
        var origin = refused.First().Point.Origin;
        var batch = new OutputBatch { Shard = origin.Partition, LastOffset = origin.Offset };
        foreach (var (point, reason, line) in refused)
            batch.DeadLetters.Add(new DeadLetter(Stage, reason, point.Origin, Encoding.UTF8.GetBytes(point.Patient.Value), line));
        return deadLetters.WriteAsync(batch, stop);
    }
}
