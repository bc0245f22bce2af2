using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Features;
using Pipeline.Training.HeartRate;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>What the heart-rate network learns from: features of recordings, varied.</summary>
public sealed class RateBatchTests
{
    private const int Rates = RateFeatures.RateCount;

    [Fact]
    public void The_same_generator_draws_the_same_batch_and_leaves_the_recordings_as_they_were()
    {
        var recording = Recording();
        var before = recording.Ppg.Concat(recording.Acc).Select(x => x.ToArray()).ToList();
        var sequences = new[] { RateSequence.From(recording), RateSequence.From(Recording(rateHz: 125, seconds: 60, channels: 1)) };
        var (first, second) = (new RateBatch(sequences, [0.85, 1]), new RateBatch(sequences, [0.85, 1]));

        first.Next(new Random(3));
        second.Next(new Random(8));
        Assert.NotEqual(first.Input, second.Input);
        second.Next(new Random(3));

        Assert.Equal(first.Input, second.Input);
        Assert.Equal(first.Labels, second.Labels);
        Assert.Equal(first.Belief, second.Belief);
        Assert.Equal(before, recording.Ppg.Concat(recording.Acc));
        Assert.All(first.Input, x => Assert.True(float.IsFinite(x)));
        Assert.All(first.Labels, x => Assert.True(float.IsNaN(x) || x is >= 38 and <= 232));
        Assert.All(first.Belief.Chunk(Rates), b => Assert.Equal(1, b.Sum(), 1e-4f));
    }

    [Fact]
    public void A_variation_keeps_every_sample_finite_and_none_makes_the_pulse_another_one()
    {
        Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var recording = Recording();
            var levels = new RateSignalLevels(recording);
            var excerpt = new RateExcerpt(50, [.. recording.Ppg.Select(x => x[..2000].ToArray())],
                [.. recording.Acc.Select(x => x[..2000].ToArray())], levels.Ppg, levels.Acc);
            var augmentation = new RateAugmentation(random);
            augmentation.ScaleLowFrequencies(excerpt);
            var shelved = Greatest(excerpt);
            augmentation.AddRecordedMotion(excerpt, recording, levels, 1.15);
            augmentation.AddPeriodicMotion(excerpt);
            augmentation.AddIrregularMotion(excerpt);
            augmentation.AddNoise(excerpt);
            return Math.Abs(shelved - 90) < 4 && excerpt.Ppg.Concat(excerpt.Acc).All(x => x.All(float.IsFinite));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Played_faster_a_recording_beats_as_much_faster()
    {
        var sequence = RateSequence.From(Recording(seconds: 300));
        var batch = new RateBatch([sequence], [1.3]);

        batch.Next(new Random(1));

        var played = batch.Labels.Chunk(RateBatch.Windows)
            .Count(labels => labels.All(x => float.IsNaN(x) || Math.Abs(x - 90 * 1.3f) < 0.01f));
        Assert.InRange(played, RateBatch.Size / 2, RateBatch.Size - 1);   // the others are simulated
    }

    [Fact]
    public void A_simulated_heart_beats_at_the_rate_of_its_label()
    {
        Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
        {
            var (excerpt, labels) = new RateSimulation(new Random(seed)).Draw(RateBatch.Windows);
            var rows = new float[RateSequence.RowLength];
            new RateWindow(excerpt.RateHz, (int)(8 * excerpt.RateHz))
                .Make(excerpt.Ppg, excerpt.Acc, (int)(20 * excerpt.RateHz), rows, out _);
            var at = Math.Clamp((int)Math.Round((labels[10] - 30) / 2.5), 2, Rates - 3);
            return labels.All(x => x is >= 33 and <= 230) && excerpt.Count >= (int)(102 * excerpt.RateHz)
                && rows[(at - 2)..(at + 3)].Max() > 1.5f / Rates;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Units_offsets_and_signs_of_the_sensors_change_no_row()
    {
        var recording = Recording();
        var changed = recording with
        {
            Ppg = [.. recording.Ppg.Select(x => x.Select(v => 4096 - 16 * v).ToArray())],
            Acc = [.. recording.Acc.Select(x => x.Select(v => 64 * v).ToArray())],
        };

        var (plain, other) = (RateSequence.From(recording), RateSequence.From(changed));

        for (var i = 0; i < plain.Rows.Length; i++)
            Assert.Equal(plain.Rows[i], other.Rows[i], 1e-3f);
    }

    [Fact]
    public void The_row_at_half_the_rate_and_the_likelihood_tell_a_pulse_from_its_harmonic()
    {
        var sequence = RateSequence.From(Recording());
        float At(int row, double perMinute) => sequence.Rows[10 * RateSequence.RowLength + row * Rates + (int)((perMinute - 30) / 2.5)];

        Assert.True(At(RateFeatures.HalfRow, 180) > 10 * At(RateFeatures.HalfRow, 90));
        Assert.Equal(At(0, 90), At(RateFeatures.HalfRow, 180), 1e-6f);
        Assert.True(At(RateFeatures.LikelihoodRow, 90) > 10 * At(RateFeatures.LikelihoodRow, 180));
        Assert.Equal(1, sequence.Rows.AsSpan(10 * RateSequence.RowLength + RateFeatures.LikelihoodRow * Rates, Rates).ToArray().Sum(),
            1e-4f);
    }

    // 90 pulses a minute with a second harmonic, an arm that swings at 70 a minute, and some noise.
    private static RateRecording Recording(double rateHz = 50, double seconds = 120, int channels = 2)
    {
        var random = new Random(4);
        float[] Make(Func<double, double> wave) =>
            [.. Enumerable.Range(0, (int)(seconds * rateHz)).Select(i => (float)(wave(i / rateHz) + 0.05 * random.NextDouble()))];
        var labels = Enumerable.Range(0, (int)(seconds - 8) / 2 + 1).Select(w => (2.0 * w, 90.0)).ToList();
        return new RateRecording(
            $"r{rateHz}", "r", "test", rateHz,
            [.. Enumerable.Range(0, channels).Select(c => Make(t => Math.Sin(3 * Math.PI * t) + 0.4 * Math.Sin(6 * Math.PI * t + 1)))],
            [.. Enumerable.Range(0, 3).Select(a => Make(t => a * Math.Sin(2 * Math.PI * 70 / 60 * t)))], labels);
    }

    private static double Greatest(RateExcerpt excerpt)
    {
        var rows = new float[RateSequence.RowLength];
        new RateWindow(excerpt.RateHz, 400).Make(excerpt.Ppg, excerpt.Acc, 800, rows, out _);
        var likelihood = rows.AsSpan(RateFeatures.LikelihoodRow * Rates, Rates);
        return 30 + 2.5 * likelihood.IndexOf(likelihood.ToArray().Max());
    }
}
