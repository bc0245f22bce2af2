using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>What the stages say of a camera's recording.</summary>
/// <param name="Windows">In order; times in seconds from the first frame.</param>
/// <param name="Pulses">Seconds from the first frame.</param>
/// <param name="Variability">Rows of SDNN and RMSSD with a value: end in seconds, metric, ms.</param>
internal sealed record CameraRun(
    List<(double Start, double End, Estimate Rate)> Windows, double[] Pulses, List<(double End, Metric Metric, double Value)> Variability)
{
    /// <summary>By the stages that run uses, or by others.</summary>
    public static CameraRun Of(string file, StageFactory? stages)
    {
        using var recording = Recording.Open(file, RecordingOptions.None);
        var hz = recording.Devices[0].RateHz;
        var windows = new List<(double, double, Estimate)>();
        var pulses = new List<double>();
        var variability = new List<(double, Metric, double)>();
        foreach (var result in StreamRun.Of(recording.Chunks(new RecordedPatient(new PatientId("bench"), "", "", 0, default)), stages))
        {
            pulses.AddRange(result.Beats.Where(beat => beat.Signal == SignalKind.Camera).Select(beat => beat.SampleIndex / hz));
            foreach (var estimate in result.Estimates.Where(estimate => estimate.Signal == SignalKind.Camera))
                if (estimate.Metric == Metric.HeartRate)
                    windows.Add((result.Window.StartIndex / hz, result.Window.EndIndex / hz, estimate));
                else if (estimate.Status == EstimateStatus.Ok)
                    variability.Add((result.Window.EndIndex / hz, estimate.Metric, estimate.Value));
        }
        return new CameraRun(windows, [.. pulses], variability);
    }

    /// <summary>Every second one, from the first on, and the others.</summary>
    public static IEnumerable<(string Half, List<T> Part)> Halves<T>(List<T> all)
    {
        yield return ("chosen", [.. all.Where((_, i) => i % 2 == 0)]);
        yield return ("quoted", [.. all.Where((_, i) => i % 2 == 1)]);
        yield return ("all", all);
    }
}
