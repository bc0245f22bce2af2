using System.Globalization;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimates;

namespace Pipeline.Tests.Evaluation;

/// <summary>Simulated recordings with their true rates beside them, as <c>evaluate</c> reads them.</summary>
internal static class ReferencedRecordings
{
    private const int WindowCount = 17;

    /// <summary>Writes PPG recordings of 41 s, each with the rates of its 17 windows, into <c>data</c> below a folder.</summary>
    /// <returns>The folder <c>data</c>.</returns>
    public static string Write(string below, params string[] names)
    {
        var folder = Directory.CreateDirectory(Path.Combine(below, "data")).FullName;
        foreach (var (name, index) in names.Select((name, index) => (name, index)))
        {
            var (path, beats) = SimulatedRecording.Write(folder, name, "ppg", 41, SimulatedWard.Bed(index, 5, new(0), 0, default));
            File.WriteAllLines(Path.ChangeExtension(path, ".ref.csv"), Enumerable.Range(0, WindowCount)
                .Select(w => string.Create(CultureInfo.InvariantCulture, $"{2 * w},{2 * w + 8},{TrueBeat.HeartRate(beats, 2 * w, 2 * w + 8):F2}"))
                .Prepend("t_start_s,t_end_s,hr_bpm"));
        }
        return folder;
    }
}
