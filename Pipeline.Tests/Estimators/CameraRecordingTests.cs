using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators;

/// <summary>A few of the recordings that <c>bench accuracy-camera</c> scores, so that a step back shows at once.</summary>
public class CameraRecordingTests
{
    [SkippableTheory]
    [InlineData("monkey_session1", 0.5, 4)]
    [InlineData("monkey_session5", 0.4, 5)]
    public void The_rate_of_a_face_stays_as_near_to_the_reference_as_it_was(string name, double leastOk, double mostError)
    {
        var file = SharedFolder.Recording("rppg_monkey", $"{name}.hea");
        var segments = File.ReadLines(Path.ChangeExtension(file, ".ref.csv")).Skip(1).Select(line => line.Split(',')).Where(cells => cells[2].Length > 0)
            .Select(cells => Array.ConvertAll(cells, cell => double.Parse(cell, CultureInfo.InvariantCulture))).ToList();

        var rates = Rates(file);

        var ok = rates.Where(rate => rate.Estimate.Status == EstimateStatus.Ok).ToList();
        Assert.InRange(ok.Count, leastOk * rates.Count, rates.Count);
        Assert.InRange(
            ok.Average(rate => segments.Where(one => one[0] < rate.Middle && one[1] >= rate.Middle).Select(one => Math.Abs(one[2] - rate.Estimate.Value)).DefaultIfEmpty(0).First()), 0, mostError);
    }

    [SkippableTheory]
    [InlineData("subject_02", 82.8)]
    [InlineData("subject_05", 73.5)]
    [InlineData("subject_20", 87.8)]
    public void The_rate_of_a_fingertip_is_that_of_the_chest_strap(string name, double strap)
    {
        var rates = Rates(SharedFolder.Recording("welltory", $"{name}_PPG.csv"));

        var ok = rates.Where(rate => rate.Estimate.Status == EstimateStatus.Ok).ToList();
        Assert.InRange(ok.Count, 0.7 * rates.Count, rates.Count);
        Assert.InRange(ok.Average(rate => rate.Estimate.Value), strap - 1.5, strap + 1.5);
    }

    private static List<(double Middle, Estimate Estimate)> Rates(string file)
    {
        using var recording = Recording.Open(file, RecordingOptions.None);
        var hz = recording.Devices[0].RateHz;
        return [.. StreamRun.Of(recording.Chunks(new RecordedPatient(new PatientId("p"), "", "", 0, default)))
            .SelectMany(result => result.Estimates.Where(one => one is { Signal: SignalKind.Camera, Metric: Metric.HeartRate })
                .Select(one => ((result.Window.StartIndex + result.Window.EndIndex) / 2 / hz, one)))];
    }
}
