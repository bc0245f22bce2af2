using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Tests.Torch;
using Pipeline.Training.HeartSound;
using Xunit;

namespace Pipeline.Tests.Training;

[Collection(nameof(SeededTraining))]
public sealed class SoundComparisonTests
{
    [Fact]
    public void Generated_pulses_have_the_rate_and_the_variability_that_is_asked_and_their_loudness()
    {
        foreach (var example in Enumerable.Range(0, 40).Select(SoundExample.Pulses))
        {
            Assert.Equal(5000, example.Samples.Length);
            Assert.InRange(example.Rate, 45, 135);
            Assert.InRange(example.Variability, 0, 110);
            Assert.InRange(example.Decibels, 5, 25);
            // The pulses stand out where they are said to be.
            Assert.All(example.Beats.Where(at => at is > 0.01 and < 4.99), at => Assert.True(
                example.Samples.AsSpan((int)(at * 1000) - 2, 5).ToArray().Average() > 0.3, $"nothing at {at} s"));
        }
        Assert.Equal(SoundExample.Pulses(7).Samples, SoundExample.Pulses(7).Samples);
        Assert.NotEqual(SoundExample.Pulses(7).Samples, SoundExample.Pulses(8).Samples);
    }

    [Fact]
    public void A_beat_that_was_missed_changes_neither_rate_nor_variability()
    {
        double[] beats = [0.5, 1.3, 2.12, 2.9, 3.7, 4.5];

        var (whole, deviation) = SoundBeatNetwork.Of([.. beats]);
        var (missed, _) = SoundBeatNetwork.Of([.. beats.Where((_, b) => b != 3)]);

        Assert.Equal(75, whole, 1e-6);
        Assert.InRange(deviation, 8, 20);
        Assert.InRange(missed, 73, 77);
        Assert.True(double.IsNaN(SoundBeatNetwork.Of([1, 2]).Rate));
    }

    [SkippableFact]
    public async Task The_table_has_the_prototype_first_and_the_same_seed_gives_the_same_table()
    {
        NeedLibtorch.OrSkip();
        string[] arguments = ["train", "heart-sound", "--signals", "10", "--epochs", "1", "--steps", "1", "--tests", "3"];
        var (first, again) = (new StringWriter(), new StringWriter());

        Assert.Equal(ExitCode.Ok, await CommandLine.InvokeAsync(arguments, first, TextWriter.Null, CancellationToken.None));
        Assert.Equal(ExitCode.Ok, await CommandLine.InvokeAsync(arguments, again, TextWriter.Null, CancellationToken.None));

        Assert.Equal(first.ToString(), again.ToString());
        Assert.Equal(
            ["\"mean of what is learnt\"", "\"prototype\"", "\"prototype\"", "\"prototype", "\"prototype", "\"beat network\"", "\"beat network\""],
            first.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',')[0]));
    }
}
