using Pipeline.Models.Simulation;
using Pipeline.Training.Qrs;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>Beats taken out of a recording are out of its samples and of its reference, and the others stay as they are.</summary>
public sealed class QrsBlockAugmentationTests
{
    [Fact]
    public void What_is_taken_out_is_flat_and_the_other_beats_are_as_before()
    {
        var record = QrsTrainingSet.RecordingOf(EcgKindSimulator.Draw(EcgKind.Sinus, 1, 120));

        var augmented = Enumerable.Range(0, 20).Select(seed => QrsBlockAugmentation.DropBeats(record, new Random(seed))).ToArray();

        Assert.All(augmented, one => Assert.InRange(one.Beats.Length, 1, record.Beats.Length));
        Assert.InRange(augmented.Average(one => (double)one.Beats.Length / record.Beats.Length), 0.4, 0.85);
        foreach (var one in augmented)
        {
            var left = one.Beats.Select(b => b.Sample).ToHashSet();
            Assert.Subset(record.Beats.Select(b => b.Sample).ToHashSet(), left);
            var height = Height(record, record.Beats[10].Sample);
            foreach (var beat in record.Beats.Skip(1).SkipLast(1))
                Assert.True(left.Contains(beat.Sample) ? Height(one, beat.Sample) > 0.6 * height : Height(one, beat.Sample) < 0.4 * height,
                    $"{beat.Sample}: {Height(one, beat.Sample):F2} of {height:F2}");
        }
    }

    private static double Height(EcgRecording record, double at)
    {
        var around = record.Leads.MaxBy(lead => lead.Max() - lead.Min())!.AsSpan((int)at - 12, 25).ToArray();
        return around.Max() - around.Min();
    }
}
