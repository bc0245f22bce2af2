using Pipeline.Models;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class EcgStageTests
{
    [Theory]
    [InlineData(100, false)]
    [InlineData(125, false)]
    [InlineData(250, false)]
    [InlineData(250, true)]
    [InlineData(360, false)]
    [InlineData(360, true)]
    [InlineData(500, false)]
    [InlineData(1000, false)]
    public void Every_beat_of_a_clean_recording_is_marked_at_its_R_peak(double rateHz, bool byRule)
    {
        var ecg = new SyntheticEcg { RateHz = rateHz };

        var found = StageRun.BeatSeconds(StageRun.Ecg(rateHz, [ecg.Samples(), ecg.Samples(-0.4, seed: 2)], byRule: byRule), rateHz);

        Assert.Equal((0, 0), StageRun.Compare(ecg.Beats(), found, Math.Max(0.004, 0.6 / rateHz)));
    }

    [Fact]
    public void The_heart_rate_is_that_of_the_intervals_in_the_window()
    {
        var ecg = new SyntheticEcg { Interval = beat => 60 / (60 + 0.5 * beat) };

        var results = StageRun.Ecg(250, [ecg.Samples()]);

        var beats = ecg.Beats();
        foreach (var result in results.Where(r => !r.Window.IsTail))
        {
            var start = result.Window.StartIndex / 250.0;
            var inside = beats.Where(b => b >= start && b < start + 8).ToArray();
            var expected = 60 * (inside.Length - 1) / (inside[^1] - inside[0]);
            var estimate = Assert.Single(result.Estimates);
            Assert.Equal(EstimateStatus.Ok, estimate.Status);
            Assert.InRange(estimate.Value, expected - 1, expected + 1);
            Assert.InRange(estimate.Quality, 0.8, 1);
            Assert.InRange(estimate.Sigma, 0.01, 3);
        }
    }

    [Fact]
    public void A_T_wave_higher_than_the_R_wave_is_no_beat()
    {
        var ecg = new SyntheticEcg { TWave = 1.3 };

        var found = StageRun.BeatSeconds(StageRun.Ecg(250, [ecg.Samples()]), 250);

        Assert.Equal((0, 0), StageRun.Compare(ecg.Beats(), found, 0.01));
    }

    [Fact]
    public void Pauses_and_bigeminy_lose_no_beat()
    {
        var pauses = new SyntheticEcg { Interval = beat => beat % 10 == 9 ? 2.6 : 0.9 };
        var bigeminy = new SyntheticEcg { Interval = beat => beat % 2 == 0 ? 0.5 : 1.1, Ectopic = beat => beat % 2 == 1 };

        var inPauses = StageRun.BeatSeconds(StageRun.Ecg(250, [pauses.Samples()]), 250);
        var inBigeminy = StageRun.BeatSeconds(StageRun.Ecg(250, [bigeminy.Samples()]), 250);

        Assert.Equal((0, 0), StageRun.Compare(pauses.Beats(), inPauses, 0.01));
        Assert.Equal((0, 0), StageRun.Compare(bigeminy.Beats(), inBigeminy, 0.05));
    }

    [Theory]
    [InlineData(0.32)]
    [InlineData(0.42)]
    [InlineData(1.9)]
    public void Fast_and_slow_hearts_are_followed_from_the_start(double interval)
    {
        var ecg = new SyntheticEcg { Interval = _ => interval, TWave = interval < 0.5 ? 0.1 : 0.3, Noise = 0.03 };

        var found = StageRun.BeatSeconds(StageRun.Ecg(250, [ecg.Samples()]), 250);

        var (missed, wrong) = StageRun.Compare(ecg.Beats(), found, 0.01);
        Assert.InRange(missed, 0, 2);
        Assert.InRange(wrong, 0, 1);
    }

    [Fact]
    public void The_first_beat_counts()
    {
        var ecg = new SyntheticEcg { Seconds = 10 };

        var found = StageRun.BeatSeconds(StageRun.Ecg(250, [ecg.Samples()]), 250);

        Assert.InRange(found[0], 0.34, 0.36);
    }
}
