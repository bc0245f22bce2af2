using Pipeline.Actors;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Integration;

/// <summary>What the pipeline makes of a fast twin labour, its abdominal leads for a minute; made once.</summary>
internal static class SimulatedLabour
{
    public const int Seconds = 1500;

    private const int LeadSeconds = 60;

    private static readonly Lazy<Task<List<VitalPoint>>> Made = new(MakeAsync);

    public static Task<List<VitalPoint>> PointsAsync() => Made.Value;

    private static async Task<List<VitalPoint>> MakeAsync()
    {
        var scenario = SimulatedWard.LabourBed(7, seed: 1, Points.Start, epoch: 0, default, ward: "w1");
        var bed = new SimulatedBed(scenario with { Labour = scenario.Labour! with { FetalRate = 171, LeadCount = 4, RateHz = 250 } });   // it is in labour
        var chunks = new List<SampleChunk>();
        while (bed.Seconds < Seconds)
            bed.Next(chunks, isLast: bed.Seconds + 1 == Seconds);
        chunks.RemoveAll(chunk => chunk.Device == "fecg" && chunk.FirstSampleIndex >= LeadSeconds * chunk.RateHz);
        var sink = new RecordingSink();
        await TestPartitions.RunAsync(
            new InMemorySource(chunks), [sink], new TopologyOptions(), new ManualTimeProvider(),
            stages: first => Stages.Create(first.Channels, first.RateHz));
        return [.. sink.Points];
    }
}
