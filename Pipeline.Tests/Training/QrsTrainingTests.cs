using Pipeline.Tests.Estimators;
using Pipeline.Tests.Torch;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;
using Pipeline.Training.Torch;
using TorchSharp;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>Nothing else draws from libtorch's one generator of random numbers meanwhile.</summary>
[CollectionDefinition(nameof(SeededTraining), DisableParallelization = true)]
public sealed class SeededTraining;

/// <summary>Training of the QRS network, on simulated beats.</summary>
[Collection(nameof(SeededTraining))]
public sealed class QrsTrainingTests
{
    [SkippableFact]
    public void The_same_seed_gives_the_same_weights_and_what_was_learnt_finds_beats_of_a_recording_held_out()
    {
        NeedLibtorch.OrSkip();
        EcgRecording[] records = [Record("a", 0.8, 1), Record("b", 0.6, 2), Record("d", 0.7, 4)];

        using var first = Train(records, seed: 3);
        using var second = Train(records, seed: 3);

        Assert.Equal(Weights(first), Weights(second));
        var score = QrsEvaluation.Of(records[2], (QrsClassifier)first.Network, null);
        Assert.InRange(score.BothLeads.F1, 95, 100);
        Assert.InRange(score.FirstLead.F1, 95, 100);
    }

    [SkippableFact]
    public void The_small_network_agrees_with_the_ensemble_that_it_is_distilled_from()
    {
        NeedLibtorch.OrSkip();
        var random = new Random(11);
        var examples = new QrsExamples();
        for (var i = 0; i < 2000; i++)
        {
            float[] row = [.. Enumerable.Range(0, QrsExamples.RowLength).Select(_ => (float)(2 * random.NextDouble() - 1))];
            examples.Add(row, row[0] + row[1] * row[2] > 0, 1, "a");
        }
        using var scope = torch.NewDisposeScope();
        using var loop = QrsTrainer.Begin(examples, new HashSet<string>(), new QrsTrainingOptions { Seed = 3, Steps = 150 });
        while (loop.Step < loop.Steps)
            loop.Next();
        var network = (QrsClassifier)loop.Network;
        var normalised = new float[QrsExamples.RowLength];

        var agreed = 0;
        for (var i = 0; i < examples.Count; i++)
        {
            network.Normalise(examples.Row(i), normalised);
            var input = torch.tensor(normalised, [1, normalised.Length]);
            if (network.Forward(input).item<float>() > 0 == network.Ensemble.Forward(input).mean([1]).item<float>() > 0)
                agreed++;
        }
        Assert.InRange(agreed, 0.9 * examples.Count, examples.Count);
    }

    [Fact]
    public void Every_found_beat_has_at_most_the_nearest_reference_and_none_is_taken_twice()
    {
        var matching = BeatMatching.Of([100, 200, 300, 305], [90, 108, 210, 302, 500], 20);

        Assert.Equal([-1, 0, 1, 2, -1], matching.Partners);
        Assert.Equal((3, 2, 1), (matching.True, matching.False, matching.Missed));
        Assert.Equal([2, 8, 10], matching.Offsets);
    }

    [Fact]
    public void An_ectopic_beat_moves_its_reference_with_it()
    {
        var record = Record("a", 0.8, 1);

        var augmented = QrsBeatAugmentation.AddEctopicBeats(record, new Random(5));

        var moved = record.Beats.Zip(augmented.Beats).Where(pair => pair.First != pair.Second).ToList();
        Assert.InRange(moved.Count, 3, 20);
        Assert.All(moved, pair => Assert.True(pair.Second.IsEctopic && pair.Second.Sample <= pair.First.Sample));
        Assert.All(moved.Select(pair => Array.IndexOf(augmented.Beats, pair.Second)), b =>
            Assert.True(augmented.Beats[b].Sample - augmented.Beats[b - 1].Sample >= 0.28 * record.RateHz - 1));
        var beat = moved.First(pair => pair.First.Sample - pair.Second.Sample < 0.1 * record.RateHz
            || pair.First.Sample - pair.Second.Sample > 0.15 * record.RateHz).Second;
        var around = augmented.Leads[0].AsSpan((int)beat.Sample - 20, 41);
        Assert.True(around.ToArray().Max(Math.Abs) > 0.4, "there is a beat where the reference says");
    }

    private static TrainingLoop Train(EcgRecording[] records, int seed)
    {
        var trainingSet = new QrsTrainingSet(records, new Dictionary<string, EcgRecording>(),
            new QrsTrainingOptions { Seed = seed, Steps = 100, SimulatedOfKind = 1 });
        trainingSet.Prepare((_, _) => { }, CancellationToken.None);
        var loop = trainingSet.Begin(new HashSet<string> { "d" });
        while (loop.Step < loop.Steps)
            loop.Next();
        return loop;
    }

    private static float[] Weights(TrainingLoop loop) => [.. loop.Network.parameters().SelectMany(p => p.ToArray())];

    private static EcgRecording Record(string name, double interval, int seed)
    {
        var ecg = new SyntheticEcg { Seconds = 40, Interval = beat => interval + 0.03 * Math.Sin(beat), Noise = 0.03 };
        return new EcgRecording
        {
            Name = name,
            RateHz = ecg.RateHz,
            Leads = [ecg.Samples(seed: seed), ecg.Samples(-0.5, seed: seed + 10)],
            Beats = [.. ecg.Beats().Select(b => new EcgBeat(b * ecg.RateHz, 1))],
            Flutter = [],
        };
    }
}
