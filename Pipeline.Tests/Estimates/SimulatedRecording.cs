using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Recordings;

namespace Pipeline.Tests.Estimates;

/// <summary>Simulated beds as recordings: one WFDB record a device.</summary>
internal static class SimulatedRecording
{
    /// <summary>Writes <paramref name="seconds"/> of a device of a calm bed; returns the header's path and the true beats.</summary>
    public static (string Path, List<TrueBeat> Beats) Write(string folder, string name, string device, int seconds, BedScenario? scenario = null, double? cutAt = null)
    {
        var bed = new SimulatedBed(scenario ?? new() { Patient = new("P1"), Seed = 3, Start = new(0), RestingRate = 68, EctopicShare = 0, HasAbp = true });
        var (chunks, beats) = (new List<SampleChunk>(), new List<TrueBeat>());
        for (var i = 0; i < seconds; i++)
            bed.Next(chunks, beats);
        var own = chunks.Where(chunk => chunk.Device == device).ToList();
        var kept = (int)((cutAt ?? seconds) * own[0].RateHz);
        var signals = Enumerable.Range(0, own[0].Channels.Count).Select(c => (
            own[0].Channels[c].Label,
            FormattableString.Invariant($"{own[0].Channels[c].Gain}(0)/{own[0].Channels[c].Unit.Replace("mm[Hg]", "mmHg", StringComparison.Ordinal)}"),
            own.SelectMany(chunk => chunk.Int16(c).ToArray()).Take(kept).ToArray()));
        return (WfdbFiles.Write(folder, name, own[0].RateHz, [.. signals]), beats);
    }
}
