using Pipeline.Host.Networks;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Estimators.Fetal;
using Pipeline.Tests.Support;
using Pipeline.Tests.Torch;
using Pipeline.Training.Fetal;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>Training of the fetal network, on some simulated labours.</summary>
[Collection(nameof(SeededTraining))]
public sealed class FetalTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void The_same_seed_gives_the_same_weights_and_the_package_answers_as_the_trained_network()
    {
        NeedLibtorch.OrSkip();
        FetalSequence[] sequences = [FetalSequence.Of(Recording("a01", 0.41, 1)), FetalSequence.Of(Recording("a02", 0.47, 2))];
        var trainer = new FetalTrainer(new FetalTrainingOptions { Steps = 3, Seed = 5 });

        using var first = Train(trainer, sequences);
        using var second = Train(trainer, sequences);

        Assert.Equal(Weights(first), Weights(second));
        var network = (RateNetwork)first.Network;
        FetalTrainer.Save(_folder.Path, "fetal", network, new Dictionary<string, string>());
        using var model = new FetalModel(ModelPackage.Load(_folder.Path));
        Assert.Equal(FetalScore.Of(network, sequences[0]), FetalScore.Of(model, sequences[0]));
        var (input, state, output) = (new float[model.InputLength], new float[model.StateLength], new float[model.OutputLength]);
        var expected = FetalTrainer.Run(network, sequences[0]);
        for (var w = 0; w < sequences[0].Count; w++)
        {
            sequences[0].CopyInput(w, input);
            model.Forward(input, state, output);
            Assert.Equal(expected[w].Trust, output[RateFeatures.RateCount], 1e-4f);
            Assert.Equal(expected[w].Rate, RateReadout.Read(output.AsSpan(0, RateFeatures.RateCount)).Rate, 0.01f);
        }
    }

    [Fact]
    public void Simulated_labours_are_functions_of_their_number_and_none_that_is_learnt_from_is_scored_on()
    {
        var (one, again, held) = (FetalTrainer.Simulated(3, isHeldOut: false), FetalTrainer.Simulated(3, isHeldOut: false), FetalTrainer.Simulated(3, isHeldOut: true));
        var (a, b) = (new float[FetalFeatures.InputLength], new float[FetalFeatures.InputLength]);

        Assert.True(one.Count > RateBatch.Windows);
        Assert.Equal(one.Labels, again.Labels);
        for (var w = 0; w < one.Count; w++)
        {
            one.CopyInput(w, a);
            again.CopyInput(w, b);
            Assert.Equal(a, b);
        }
        Assert.NotEqual(one.Name, held.Name);
        Assert.NotEqual(one.Labels, held.Labels);
    }

    [Fact]
    public void The_reference_is_that_of_the_beats_in_the_window_none_where_they_have_a_gap_and_zero_without_a_fetus()
    {
        var beats = Enumerable.Range(0, 60).Where(beat => beat is not (30 or 31)).Select(beat => 0.5 * beat).ToArray();
        var recording = new FetalRecording("a01", "set", 500, [new float[15_000]], beats);

        Assert.Equal(120, recording.RateOf(2, 10), 1e-9);
        Assert.Equal(double.NaN, recording.RateOf(10, 18));
        Assert.Equal(0, (recording with { Beats = [] }).RateOf(2, 10));
    }

    [Fact]
    public void Cuts_of_one_recording_are_of_one_person()
    {
        static string PersonOf(string name) => new FetalRecording(name, "", 1000, [], []).Person;

        Assert.Equal("r01", PersonOf("a05"));
        Assert.Equal(PersonOf("r01"), PersonOf("a22"));
        Assert.Equal("a01", PersonOf("a01"));
    }

    [Fact]
    public void Rows_are_pooled_by_set_and_leads_and_their_line_counts_windows()
    {
        var two = FetalSequence.Of(Recording("a01", 0.41, 1));
        var scores = new Queue<FetalScore>([
            new(10, 0, new(8, 8, 4, 0), new(9, 9, 9, 0), new(10, 9, 20, 0)), new(30, 20, new(12, 6, 36, 1), new(30, 30, 30, 0), new(30, 30, 10, 2))]);

        var rows = FetalScores.RowsOf([two, two], _ => scores.Dequeue()).ToList();

        var row = Assert.Single(rows);
        Assert.Equal(("set 2 leads", "a01", 40), (row.Set, row.Recording, row.Count));
        Assert.Equal([20, 20, 14, 2, 1, 39, 39, 1, 0, 40, 39, 0.75, 2], row.Figures);
        Assert.Equal(
            "set 2 leads: 40 windows; classical 50.0 % have a rate, 70.00 % of them within 10 %, MAE 2.00/min, 5.00 % of 20 windows without a fetus claim one; "
            + "network 97.5 % have a rate, 100.00 % of them within 10 %, MAE 1.00/min, 0.00 % of 20 windows without a fetus claim one; "
            + "joined 100.0 % have a rate, 97.50 % of them within 10 %, MAE 0.75/min, 10.00 % of 20 windows without a fetus claim one",
            FetalScores.Line(row.Set, rows));
    }

    [Fact]
    public void A_window_counts_by_its_distance_and_one_without_a_fetus_is_a_claim()
    {
        var windows = default(FetalWindows).With(140, 150).With(100, 150).With(120, 0);

        Assert.Equal(new FetalWindows(2, 1, 60, 1), windows);
    }

    private static FetalRecording Recording(string name, double interval, int seed)
    {
        var abdomen = new SyntheticAbdomen { Seconds = 30, Seed = seed, Leads = 2, FetalInterval = beat => interval + 0.01 * Math.Sin(beat / 7.0) };
        return new FetalRecording(name, "set", abdomen.RateHz, abdomen.Samples(), abdomen.FetalBeats());
    }

    private static TrainingLoop Train(FetalTrainer trainer, FetalSequence[] sequences)
    {
        var loop = trainer.Begin(sequences);
        while (loop.Step < loop.Steps)
            loop.Next();
        return loop;
    }

    private static float[] Weights(TrainingLoop loop) => [.. loop.Network.parameters().SelectMany(p => p.data<float>().ToArray())];
}
