using Pipeline.Models;
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
        return Run(ward, seconds);
    }

    /// <summary>Those of a camera before a fingertip.</summary>
    public static List<SampleChunk> OfFingertip(int seconds)
    {
        var bed = new SimulatedBed(new BedScenario
        {
            Patient = new PatientId("P-0"),
            Seed = 5,
            Start = Points.Start,
            RestingRate = 70,
            HasPpg = false,
            EcgLeadCount = 0,
            Camera = new() { Subject = CameraSubject.Fingertip },
        });
        return Run([bed], seconds);
    }

    /// <summary>Those of an arterial line while the heart stops at <paramref name="begin"/>, without an end.</summary>
    public static List<SampleChunk> OfArrest(int begin, int seconds)
    {
        var bed = new SimulatedBed(new BedScenario
        {
            Patient = new PatientId("P-0"),
            Seed = 3,
            Start = Points.Start,
            HasAbp = true,
            Episodes = [new HeartEpisode(EventKind.Asystole, begin, seconds + 10)],
        });
        return [.. Run([bed], seconds, ends: false).Where(chunk => chunk.Device == "abp")];
    }

    private static List<SampleChunk> Run(SimulatedBed[] ward, int seconds, bool ends = true)
    {
        var chunks = new List<SampleChunk>();
        for (var second = 1; second <= seconds; second++)
            foreach (var bed in ward)
                bed.Next(chunks, isLast: ends && second == seconds);
        return chunks;
    }
}
