using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.HeartSound;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class HeartSoundStageTests
{
    private static readonly ChannelLayout Layout = new(new Channel("PCG", SignalKind.HeartSound, "1"));

    [Theory]
    [InlineData(500, 50)]
    [InlineData(1000, 75)]
    [InlineData(2000, 95)]
    [InlineData(4009.0909, 140)]
    public void Rate_and_both_sounds_are_found_at_every_usual_rate(double rateHz, double perMinute)
    {
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.Normal, 3, 40, rateHz, perMinute);

        var results = Run(sound);

        Assert.All(results.SelectMany(r => r.Estimates), estimate =>
        {
            Assert.Equal(EstimateStatus.Ok, estimate.Status);
            Assert.InRange(estimate.Value, perMinute * 0.93, perMinute * 1.07);
            Assert.InRange(estimate.Sigma, 0, 5);
        });
        Assert.Equal((0, 0), StageRun.Compare(Inner(sound.FirstSounds), Inner(Sounds(results, BeatKind.FirstSound, rateHz)), 0.04));
        Assert.Equal((0, 0), StageRun.Compare(Inner(sound.SecondSounds), Inner(Sounds(results, BeatKind.SecondSound, rateHz)), 0.04));
    }

    [Theory]
    [InlineData(HeartSoundKind.Silence)]
    [InlineData(HeartSoundKind.Noise)]
    [InlineData(HeartSoundKind.Speech)]
    [InlineData(HeartSoundKind.Breathing)]
    [InlineData(HeartSoundKind.Rubbing)]
    [InlineData(HeartSoundKind.Hum)]
    public void Where_no_heart_is_there_is_hardly_a_value(HeartSoundKind kind)
    {
        var estimates = Enumerable.Range(900, 10).SelectMany(seed => Run(HeartSoundKindSimulator.Draw(kind, seed, 30)).SelectMany(r => r.Estimates)).ToList();

        Assert.InRange(estimates.Count(estimate => estimate.Status == EstimateStatus.Ok), 0, estimates.Count / 50);
        Assert.All(estimates.Where(estimate => estimate.Status != EstimateStatus.Ok), estimate => Assert.True(double.IsNaN(estimate.Value)));
    }

    [Fact]
    public void What_swings_evenly_has_seldom_a_value_and_then_is_a_low_voice()
    {
        var estimates = Enumerable.Range(900, 20).SelectMany(seed => Run(HeartSoundKindSimulator.Draw(HeartSoundKind.Swinging, seed, 30)).SelectMany(r => r.Estimates)).ToList();

        Assert.InRange(estimates.Count(estimate => estimate.Status == EstimateStatus.Ok), 0, estimates.Count / 10);
    }

    [Fact]
    public void An_irregular_rhythm_has_the_mean_rate_of_its_beats()
    {
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.Irregular, 7, 40, perMinute: 80);

        var errors = new List<double>();
        foreach (var result in Run(sound).Where(r => r.Estimates is [{ Status: EstimateStatus.Ok }]))
        {
            var inside = sound.FirstSounds.Where(at => at >= result.Window.StartIndex / 1000.0 && at < result.Window.EndIndex / 1000.0).ToList();
            errors.Add(Math.Abs(result.Estimates[0].Value - 60 * (inside.Count - 1) / (inside[^1] - inside[0])));
        }
        Assert.InRange(errors.Count, 12, 17);
        Assert.InRange(errors.Average(), 0, 3);
    }

    [Fact]
    public void Missing_samples_and_a_still_line_have_a_status_and_no_value()
    {
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.Normal, 5, 70);
        sound.Samples.AsSpan(15_000, 20_000).Clear();
        sound.Samples.AsSpan(45_000, 6_000).Fill(float.NaN);

        var estimates = Run(sound).SelectMany(r => r.Estimates).ToList();

        Assert.Equal(EstimateStatus.Ok, estimates[0].Status);
        Assert.Contains(estimates, estimate => estimate.Status == EstimateStatus.Flat);
        Assert.Contains(estimates, estimate => estimate.Status == EstimateStatus.Gap);
        Assert.Equal(EstimateStatus.Ok, estimates[^1].Status);
    }

    [Fact]
    public void However_the_samples_are_cut_into_chunks_the_results_are_the_same()
    {
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.OverSpeech, 2, 24);
        var whole = Words(Run(sound));

        foreach (var size in (int[])[77, 1000, 3999, 13_000])
            Assert.Equal(whole, Words(Run(sound, size)));
    }

    [Fact]
    public void A_stage_restored_after_any_chunk_goes_on_as_if_nothing_had_happened()
    {
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.Noisy, 4, 26);
        sound.Samples.AsSpan(9_000, 700).Fill(float.NaN);
        var chunks = StreamRun.Chunks([sound.Samples], Layout, sound.RateHz, 500).ToArray();
        DeviceStream whole = new(WindowShape.Default, Stages, chunks[0]), patched = new(WindowShape.Default, Stages, chunks[0]);
        foreach (var chunk in chunks)
        {
            Assert.Equal(Take(whole, chunk), Take(patched, chunk));
            var snapshot = patched.Capture(new StateTransfer());
            Assert.True(snapshot.Blocks[1].Bytes.Length <= 4 << 10, $"{snapshot.Blocks[1].Bytes.Length} bytes");
            patched = DeviceStream.Restore(WindowShape.Default, Stages, new PatientId("P1"), snapshot, new StateTransfer(), out var told)!;
            Assert.Null(told);
        }
    }

    [Fact]
    public void Damaged_bytes_are_refused_or_harmless()
    {
        var sound = HeartSoundKindSimulator.Draw(HeartSoundKind.Normal, 6, 20);
        var chunks = StreamRun.Chunks([sound.Samples], Layout, sound.RateHz).ToArray();
        var stream = new DeviceStream(WindowShape.Default, Stages, chunks[0]);
        foreach (var chunk in chunks[..12])
            Take(stream, chunk);
        var bytes = stream.Capture(new StateTransfer()).Blocks[1].Bytes.ToArray();
        var random = new Random(1);
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var damaged = bytes[..(attempt % 3 == 0 ? random.Next(bytes.Length) : bytes.Length)];
            for (var k = random.Next(4); k >= 0 && damaged.Length > 0; k--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var (state, stage) = (new StateTransfer(), new HeartSoundStage(Layout, sound.RateHz));
            state.BeginReading(damaged, stage.StateVersion);
            stage.Transfer(state);
            if (damaged.Length < bytes.Length)
                Assert.NotNull(state.EndReading());
        }
    }

    [Fact]
    public void Variability_is_that_of_the_intervals_between_first_sounds()
    {
        var bed = new SimulatedBed(new BedScenario { Patient = new PatientId("P"), Start = default, Seed = 4, HasPpg = false, EcgLeadCount = 0, HasHeartSound = true });
        var (chunks, beats) = (new List<SampleChunk>(), new List<TrueBeat>());
        while (bed.Seconds < 332)
            bed.Next(chunks, beats, isLast: bed.Seconds == 331);

        var row = StreamRun.Of(chunks).First(r => r.Estimates.Any(e => e.Metric == Metric.Sdnn));

        var end = row.Window.EndIndex / 1000.0;
        var intervals = beats.Where(beat => beat.Seconds >= end - 300 && beat.Seconds < end - 1).Select(beat => beat.Seconds).ToList() is var at
            ? at.Skip(1).Zip(at, (next, one) => 1000 * (next - one)).ToList() : [];
        var mean = intervals.Average();
        Assert.Equal(Math.Sqrt(intervals.Average(x => (x - mean) * (x - mean))), row.Estimates.Single(e => e.Metric == Metric.Sdnn).Value, 3.0);
        Assert.Equal(Math.Sqrt(intervals.Skip(1).Zip(intervals, (b, a) => (b - a) * (b - a)).Average()), row.Estimates.Single(e => e.Metric == Metric.Rmssd).Value, 4.0);
    }

    private static IWindowStage[] Stages(SampleChunk first) => [new HeartSoundStage(first.Channels, first.RateHz)];

    private static List<WindowResult> Run(HeartSoundOfKind sound, int? size = null) =>
        [.. StreamRun.Of(StreamRun.Chunks([sound.Samples], Layout, sound.RateHz, size), Stages)];

    private static double[] Sounds(IEnumerable<WindowResult> results, BeatKind kind, double rateHz) =>
        [.. results.SelectMany(r => r.Beats).Where(beat => beat.Kind == kind).Select(beat => beat.SampleIndex / rateHz)];

    private static double[] Inner(IEnumerable<double> seconds) => [.. seconds.Where(at => at is > 1.5 and < 38.5)];

    private static string[] Words(IEnumerable<WindowResult> results) =>
        [.. results.SelectMany(r => r.Estimates.Select(e => $"{r.Window.Id} {e}").Concat(r.Beats.Select(b => b.ToString())))];

    private static string[] Take(DeviceStream stream, SampleChunk chunk)
    {
        var (output, words) = (new StageOutput(), new List<string>());
        stream.Accept(chunk);
        while (stream.TryNext(output, out var passed))
        {
            words.AddRange(output.Estimates.Select(e => $"{passed.Id} {e}").Concat(output.Beats.Select(b => b.ToString())));
            output.Clear();
        }
        return [.. words];
    }
}
