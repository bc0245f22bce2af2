using System.Globalization;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators;

/// <summary>A few of the recordings that <c>bench accuracy-ppg</c> scores, so that a step back shows at once.</summary>
public class PpgRecordingTests
{
    [SkippableTheory]
    [InlineData("spc2015", "train_01_TYPE01", 1.5)]
    [InlineData("spc2015", "train_06_TYPE02", 1.5)]
    [InlineData("spc2015", "train_10_TYPE02", 3.5)]
    [InlineData("bami", "bami1_s05", 3.2)]
    [InlineData("bami", "bami1_s16", 2.5)]
    [InlineData("bidmc", "bidmc_01", 0.5)]
    [InlineData("bidmc", "bidmc_04", 0.5)]
    public void Heart_rate_stays_as_near_to_the_reference_as_it_was(string dataSet, string name, double mostError)
    {
        var file = SharedFolder.Recording(dataSet, $"{name}.hea");
        var reference = File.ReadLines(Path.ChangeExtension(file, ".ref.csv")).Skip(1).Select(line => line.Split(','))
            .Where(fields => fields[2].Length > 0)
            .ToDictionary(fields => Number(fields[0]), fields => Number(fields[2]));

        double held = 75, sum = 0;
        var count = 0;
        using var recording = Recording.Open(file, RecordingOptions.None);
        foreach (var result in StreamRun.Of(recording.Chunks(new RecordedPatient(new PatientId("p"), "", "", 0, default))))
            foreach (var estimate in result.Estimates.Where(e => e is { Signal: SignalKind.Ppg, Metric: Metric.HeartRate }))
            {
                held = double.IsNaN(estimate.Value) ? held : estimate.Value;
                if (!reference.TryGetValue(Math.Round(result.Window.Start.UnixNanoseconds / 1e9), out var rate))
                    continue;
                sum += Math.Abs(held - rate);
                count++;
            }

        Assert.InRange(count, reference.Count - 1, reference.Count);
        Assert.InRange(sum / count, 0, mostError);
    }

    private static double Number(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
