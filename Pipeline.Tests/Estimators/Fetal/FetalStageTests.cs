using Pipeline.Models;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

/// <summary>Mothers and fetuses whose beats are known.</summary>
public sealed class FetalStageTests
{
    [Theory]
    [InlineData(250)]
    [InlineData(300)]
    [InlineData(1000)]
    public void The_beats_of_both_hearts_are_marked_at_any_rate(double rate)
    {
        var abdomen = new SyntheticAbdomen { RateHz = rate, Seconds = 40 };

        var results = abdomen.Run();

        Assert.Equal((0, 0), StageRun.Compare(abdomen.FetalBeats(), SyntheticAbdomen.SecondsOf(results, BeatKind.FetalQrs, rate), 0.04));
        Assert.Equal((0, 0), StageRun.Compare(abdomen.MotherBeats(), SyntheticAbdomen.SecondsOf(results, BeatKind.Qrs, rate), 0.03));
        Assert.All(results.SelectMany(r => r.Beats), beat => Assert.Equal(Models.Signals.SignalKind.FetalEcg, beat.Signal));
    }

    [Fact]
    public void Both_rates_are_those_of_the_beats_in_the_window()
    {
        var abdomen = new SyntheticAbdomen();
        var results = abdomen.Run();

        foreach (var result in results.Where(r => !r.Window.IsTail))
        {
            var (start, end) = (result.Window.StartIndex / 500.0, result.Window.EndIndex / 500.0);
            Assert.Equal([Metric.HeartRate, Metric.FetalHeartRate], result.Estimates.Select(e => e.Metric));
            Assert.All(result.Estimates, e => Assert.Equal(EstimateStatus.Ok, e.Status));
            Assert.Equal(Rate(abdomen.MotherBeats(), start, end), result.Estimates[0].Value, 1.0);
            Assert.Equal(Rate(abdomen.FetalBeats(), start, end), result.Estimates[1].Value, 0.6);
        }
    }

    [Fact]
    public void A_mark_comes_at_most_four_seconds_after_its_beat()
    {
        var results = new SyntheticAbdomen().Run();

        foreach (var result in results.Where(r => !r.Window.IsTail && r.Window.Id > 0))
            Assert.All(result.Beats, beat => Assert.InRange(result.Window.EndIndex - beat.SampleIndex, 2 * 500 - 10, 4 * 500));
        Assert.Equal(results.SelectMany(r => r.Beats).OrderBy(b => b.SampleIndex), results.SelectMany(r => r.Beats));
    }

    [Fact]
    public void A_mother_without_a_fetus_has_a_rate_of_her_own_and_no_fetal_one()
    {
        var results = new SyntheticAbdomen { Fetus = 0, Seconds = 80 }.Run();

        Assert.All(SyntheticAbdomen.Of(results, Metric.HeartRate), e => Assert.Equal(EstimateStatus.Ok, e.Status));
        Assert.All(SyntheticAbdomen.Of(results, Metric.FetalHeartRate), e => Assert.NotEqual(EstimateStatus.Ok, e.Status));
    }

    [Fact]
    public void Noise_has_no_rate_at_all()
    {
        var results = new SyntheticAbdomen { Fetus = 0, Mother = 0, Seconds = 80 }.Run();

        Assert.All(results.SelectMany(r => r.Estimates), e => Assert.Equal(EstimateStatus.LowQuality, e.Status));
        Assert.All(results.SelectMany(r => r.Estimates), e => Assert.True(double.IsNaN(e.Value) && double.IsNaN(e.Sigma)));
    }

    [Fact]
    public void Leads_that_do_not_move_are_flat_and_missing_ones_are_a_gap()
    {
        var zeros = Enumerable.Range(0, 2).Select(_ => new float[20 * 500]).ToArray();
        var missing = Array.ConvertAll(zeros, lead => lead.Select(_ => float.NaN).ToArray());

        Assert.All(SyntheticAbdomen.Run(500, zeros).SelectMany(r => r.Estimates), e => Assert.Equal(EstimateStatus.Flat, e.Status));
        Assert.All(SyntheticAbdomen.Run(500, missing).SelectMany(r => r.Estimates), e => Assert.Equal(EstimateStatus.Gap, e.Status));
        Assert.All(SyntheticAbdomen.Run(500, zeros, leadOff: _ => 3).SelectMany(r => r.Estimates), e => Assert.Equal(EstimateStatus.Gap, e.Status));
    }

    [Fact]
    public void Leads_that_drop_out_and_return_do_not_lose_the_fetus()
    {
        var abdomen = new SyntheticAbdomen();
        var leads = abdomen.Samples();
        leads[0].AsSpan(8_000, 6_000).Fill(float.NaN);
        leads[2].AsSpan(12_000, 9_000).Clear();

        var results = SyntheticAbdomen.Run(500, leads);

        var (missed, wrong) = StageRun.Compare(abdomen.FetalBeats(), SyntheticAbdomen.SecondsOf(results, BeatKind.FetalQrs, 500), 0.05);
        Assert.True(missed + wrong <= 4, $"missed {missed}, false {wrong}");
    }

    [Fact]
    public void One_lead_is_enough_where_the_fetus_is_clear()
    {
        var abdomen = new SyntheticAbdomen { Leads = 1, Fetus = 0.05 };

        var (missed, wrong) = StageRun.Compare(abdomen.FetalBeats(), SyntheticAbdomen.SecondsOf(abdomen.Run(), BeatKind.FetalQrs, 500), 0.05);

        Assert.True(missed + wrong <= 6, $"missed {missed}, false {wrong}");
    }

    [Fact]
    public void A_fetus_larger_than_the_mother_keeps_its_beats_and_has_no_rate_that_is_hers()
    {
        var abdomen = new SyntheticAbdomen { Fetus = 0.2, Mother = 0.05 };

        var results = abdomen.Run();

        Assert.All(SyntheticAbdomen.Of(results, Metric.FetalHeartRate).Where(e => e.Status == EstimateStatus.Ok), e => Assert.InRange(e.Value, 135, 145));
        var (missed, wrong) = StageRun.Compare(abdomen.FetalBeats(), SyntheticAbdomen.SecondsOf(results, BeatKind.FetalQrs, 500), 0.05);
        Assert.True(missed + wrong <= 12, $"missed {missed}, false {wrong}");
    }

    [Fact]
    public void A_mother_who_is_faster_than_her_child_gives_it_no_rate_of_hers()
    {
        var abdomen = new SyntheticAbdomen { MotherInterval = beat => 0.44 + 0.006 * Math.Sin(beat / 4.0), FetalInterval = beat => 0.6 + 0.008 * Math.Sin(beat / 5.0) };

        var rates = SyntheticAbdomen.Of(abdomen.Run(), Metric.FetalHeartRate).Where(e => e.Status == EstimateStatus.Ok);

        Assert.All(rates, e => Assert.InRange(e.Value, 95, 105));
        Assert.True(rates.Count() > 20);
    }

    [Fact]
    public void A_fetus_whose_heart_becomes_slow_is_followed()
    {
        var abdomen = new SyntheticAbdomen { Seconds = 80, FetalInterval = beat => Math.Clamp(0.43 + 0.01 * (beat - 60), 0.43, 1) + 0.008 * Math.Sin(beat / 5.0) };

        var last = SyntheticAbdomen.Of(abdomen.Run(), Metric.FetalHeartRate)[^4..];

        Assert.All(last, e => Assert.Equal(EstimateStatus.Ok, e.Status));
        Assert.All(last, e => Assert.InRange(e.Value, 58, 62));
    }

    [Fact]
    public void Two_hearts_of_one_rate_are_a_coincidence_until_they_part()
    {
        double Fetus(int beat) => (beat is < 60 or > 120 ? 0.43 : 0.8) + 0.012 * Math.Sin(beat / 2.3);
        var results = new SyntheticAbdomen { Seconds = 120, MotherInterval = beat => 0.8 + 0.015 * Math.Sin(beat / 3.0), FetalInterval = Fetus }.Run();

        EstimateStatus[] At(double from, double to) =>
            [.. results.Where(r => r.Window.StartIndex >= from * 500 && r.Window.EndIndex <= to * 500).Select(r => r.Estimates[1].Status)];
        Assert.All(At(0, 24), s => Assert.Equal(EstimateStatus.Ok, s));
        Assert.DoesNotContain(EstimateStatus.Ok, At(40, 72));
        Assert.Contains(EstimateStatus.Coincidence, At(40, 72));
        Assert.All(At(100, 118), s => Assert.Equal(EstimateStatus.Ok, s));
    }

    [Fact]
    public void The_last_beats_come_with_the_end_of_the_stream()
    {
        var abdomen = new SyntheticAbdomen { Seconds = 21.3 };

        var marks = SyntheticAbdomen.SecondsOf(abdomen.Run(), BeatKind.FetalQrs, 500);

        Assert.Equal(abdomen.FetalBeats()[^1], marks[^1], 0.03);
    }

    private static double Rate(double[] beats, double start, double end)
    {
        var inside = beats.Where(b => b >= start && b < end).ToArray();
        return 60 * (inside.Length - 1) / (inside[^1] - inside[0]);
    }
}
