using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Host.Publishing;

/// <summary>A simulated bed as the chunks that its devices send.</summary>
internal static class SimulatedSequence
{
    /// <summary>The chunks of <paramref name="seconds"/> (null: without end); what is known of them goes to <paramref name="truth"/>.</summary>
    public static IEnumerable<SampleChunk> Of(BedScenario scenario, long? seconds, TruthRows? truth)
    {
        var bed = new SimulatedBed(scenario);
        var (chunks, beats, labour) = (new List<SampleChunk>(), new List<TrueBeat>(), new LabourTruth());
        while (seconds is null || bed.Seconds < seconds)
        {
            bed.Next(chunks, beats, isLast: bed.Seconds + 1 == seconds, labour);
            foreach (var chunk in chunks)
                yield return chunk;
            truth?.Add(scenario, beats, labour);
            chunks.Clear();
            beats.Clear();
            labour.Clear();
        }
    }
}
