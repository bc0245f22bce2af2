using System.Globalization;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>A snapshot that an earlier program made, of a bed with every device after 41 s: its ECG and its pressure have states of version 2.</summary>
public sealed class OlderSnapshotTests
{
    private const int Seconds = 41;
    private const double Tolerance = 1e-3;      // vector widths differ from machine to machine, and with them the last bits

    private static readonly StageFactory Classical = first => Stages.Create(first.Channels, first.RateHz);

    [Fact]
    public void It_is_read_and_goes_on_as_the_bed_does()
    {
        var bed = new SimulatedBed(new BedScenario
        {
            Patient = new PatientId("P-0"),
            Start = Points.Start,
            Seed = 5,
            HasAbp = true,
            EcgLeadCount = 2,
            Faults = DeviceFaults.Usual,
        });
        var whole = new PatientRun(Classical);
        foreach (var chunk in Next(bed, Seconds))
            whole.Take(chunk);

        var restored = PatientRun.Restore(Bytes, out var told, Classical);

        Assert.Null(told);
        Assert.NotNull(restored);
        foreach (var chunk in Next(bed, 40))
            AreNear(whole.Take(chunk), restored.Take(chunk));
    }

    [Fact]
    public void What_is_written_of_it_is_of_the_present_version()
    {
        var restored = PatientRun.Restore(Bytes, out _, Classical)!;

        var blocks = restored.Capture(new StateTransfer()).Devices.SelectMany(device => device.Stream.Blocks);

        Assert.Equal([4, 4], blocks.Where(block => block.Name is "ecg" or "abp").Select(block => block.Version));
    }

    private static byte[] Bytes => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", "state", "ecg-2-abp-2.snapshot"));

    private static List<SampleChunk> Next(SimulatedBed bed, int seconds)
    {
        var chunks = new List<SampleChunk>();
        for (var second = 0; second < seconds; second++)
            bed.Next(chunks, isLast: false);
        return chunks;
    }

    private static void AreNear(List<string> expected, List<string> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (wanted, found) in expected.Zip(actual))
            foreach (var (a, b) in wanted.Split(' ').Zip(found.Split(' ')))
                Assert.True(a == b || Math.Abs(Number(a) - Number(b)) <= Tolerance, $"'{wanted}' became '{found}'");
    }

    private static double Number(string word) => double.TryParse(word, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
