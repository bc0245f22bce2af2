using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Tests.Support;

/// <summary>The chunks of a simulated ward with every device that a bed can have, in order of time.</summary>
internal static class SimulatedChunks
{
    public static List<SampleChunk> Of(int beds, int seconds, int seed = 5)
    {
        var ward = Enumerable.Range(0, beds).Select(bed => new SimulatedBed(new BedScenario
        {
            Patient = new PatientId($"P-{bed}"),
            Bed = $"bed {bed}",
            Ward = "ICU",
            Seed = seed + bed,
            Start = Points.Start,
            HasAbp = true,
            EcgLeadCount = 2,
            Faults = DeviceFaults.Usual,
        })).ToArray();
        var chunks = new List<SampleChunk>();
        for (var second = 1; second <= seconds; second++)
            foreach (var bed in ward)
                bed.Next(chunks, isLast: second == seconds);
        return chunks;
    }
}
