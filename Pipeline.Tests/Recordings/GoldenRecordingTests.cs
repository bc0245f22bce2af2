using System.Globalization;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Recordings;

/// <summary>
/// Recordings of every data set against Golden/recordings.csv, which numpy made from the raw bytes (Golden/README.md says how).
/// Tolerance 1e-6 of the deviation: the file holds nine digits, and float32 recordings seven.
/// </summary>
public class GoldenRecordingTests
{
    private sealed record Fact(string DataSet, string File, string Label, double Rate, int Count, int Missing, double Mean, double Deviation, double First, double Last);

    private static readonly ILookup<(string DataSet, string File), Fact> Facts = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "recordings.csv"))
        .Skip(1)
        .Select(line => line.Split(','))
        .Select(c => new Fact(c[0], c[1], c[3], Number(c[4]), (int)Number(c[5]), (int)Number(c[6]), Number(c[7]), Number(c[8]), Number(c[9]), Number(c[10])))
        .ToLookup(fact => (fact.DataSet, fact.File));

    [SkippableFact]
    public void Every_recording_has_the_samples_that_its_raw_bytes_hold()
    {
        Skip.If(SharedFolder.Root is null, SharedFolder.Absent);
        foreach (var file in Facts)
        {
            var path = SharedFolder.Recording(file.Key.DataSet, file.Key.File);
            using var recording = Reading.Open(path, rateHz: file.Key.File == "heartpy_data.csv" ? 100 : null);
            var values = Reading.Physical(recording);

            Assert.Equal(file.Select(fact => fact.Label), recording.Devices.SelectMany(device => device.Channels.Span.ToArray()).Select(channel => channel.Label));
            foreach (var fact in file)
            {
                var (_, rate, _) = Assert.Single(recording.Devices, device => device.Channels.Span.ToArray().Any(channel => channel.Label == fact.Label));
                Assert.Equal(fact.Rate, rate, 1e-9 * fact.Rate);
                Check(fact, values[fact.Label]);
            }
        }
    }

    private static void Check(Fact fact, double[] values)
    {
        // These two data sets are in µV, and the wire carries an ECG in mV.
        var scale = fact.Label.StartsWith("AECG", StringComparison.Ordinal) || fact.Label.StartsWith("Abdomen", StringComparison.Ordinal) ? 1000 : 1;
        var present = values.Where(value => !double.IsNaN(value)).Select(value => value * scale).ToArray();
        var tolerance = 1e-6 * fact.Deviation;

        Assert.Equal(fact.Count, values.Length);
        Assert.Equal(fact.Missing, values.Length - present.Length);
        Assert.Equal(fact.Mean, present.Average(), tolerance);
        Assert.Equal(fact.Deviation, Math.Sqrt(present.Average(value => Math.Pow(value - fact.Mean, 2))), tolerance);
        Assert.Equal(fact.First, values[0] * scale, tolerance);
        Assert.Equal(fact.Last, values[^1] * scale, tolerance);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
