using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Torch;
using Pipeline.Training.Pressure;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>Training of the network for blood pressure without a cuff, on some simulated persons.</summary>
[Collection(nameof(SeededTraining))]
public sealed class PressureTrainingTests
{
    [SkippableFact]
    public void The_same_seed_gives_the_same_pressures_and_a_training_lowers_the_error()
    {
        NeedLibtorch.OrSkip();
        PressureRecording[] persons = [.. Enumerable.Range(0, 6).Select(PressureTrainer.Simulated)];
        var trainer = new PressureTrainer(new PressureTrainingOptions { StepsOfEpoch = 40, Seed = 5 });

        double Error(bool isTrained, out (double, double)[] found)
        {
            using var loop = trainer.Begin(persons, 1);
            while (isTrained && loop.Step < loop.Steps)
                loop.Next();
            found = PressureTrainer.Run((PressureNetwork)loop.Network, persons[0]);
            return persons.Average(one => PressureTrainer.Run((PressureNetwork)loop.Network, one).Zip(one.Windows, (pair, window) => Math.Abs(pair.Systolic - window.Systolic)).Average());
        }
        var before = Error(false, out _);
        var (first, second) = (Error(true, out var a), Error(true, out var b));

        Assert.Equal(a, b);
        Assert.Equal(first, second);
        Assert.True(first < before);
    }

    [Fact]
    public void A_simulated_pulse_arrives_and_its_wave_returns_sooner_under_a_higher_pressure()
    {
        var made = SimulatedPressureCourse.Of(7, 120);

        var arrivals = made.Feet.Zip(made.Peaks, (foot, peak) => foot - peak).ToArray();
        var high = Enumerable.Range(0, arrivals.Length).OrderByDescending(i => made.Beats[i].Mean).Take(20).ToArray();
        var low = Enumerable.Range(0, arrivals.Length).OrderBy(i => made.Beats[i].Mean).Take(20).ToArray();

        Assert.True(high.Average(i => arrivals[i]) < low.Average(i => arrivals[i]) - 0.01);
        Assert.Equal(made.Ppg, SimulatedPressureCourse.Of(7, 120).Ppg);
        Assert.NotEqual(made.Ppg, SimulatedPressureCourse.Of(8, 120).Ppg);
    }

    [Fact]
    public void The_rules_for_blood_pressure_meters_are_those_of_their_tables()
    {
        var narrow = PressureErrors.Of(Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? 4.0 : -4.0));
        var wide = PressureErrors.Of(Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? 12.0 : -12.0));
        var shifted = PressureErrors.Of(Enumerable.Repeat(6.0, 100));

        Assert.Equal(("A", "meets AAMI/ISO 81060-2"), (narrow.Grade, narrow.Verdict(85)));
        Assert.Contains("84 persons of 85", narrow.Verdict(84), StringComparison.Ordinal);
        Assert.Equal(("D", "fails AAMI/ISO 81060-2"), (wide.Grade, wide.Verdict(85)));
        Assert.Equal("fails AAMI/ISO 81060-2", shifted.Verdict(85));
        Assert.Equal((12.0, 12.0, 0.0, 12.0), (wide.MeanAbsolute, wide.RootMeanSquare, wide.Mean, wide.Deviation));
    }

    [Fact]
    public void A_package_is_refused_with_the_reason()
    {
        var request = new TrainRequest("blood-pressure", [], RecordingOptions.None, null, null, null, 1, "cpu", "models/bp", new Dictionary<string, string>(), "");

        var fault = Assert.Throws<CommandException>(() => new PressureTraining(request));

        Assert.Contains("no better than the mean", fault.Message, StringComparison.Ordinal);
    }
}
