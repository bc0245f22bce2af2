using Pipeline.Models;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class EcgFaultTests
{
    private static readonly SyntheticEcg Ecg = new() { Seconds = 40 };

    [Fact]
    public void A_flat_line_has_no_rate_and_says_flat()
    {
        var flat = new float[40 * 250];

        Assert.All(Estimates(flat), e => Assert.Equal(EstimateStatus.Flat, e.Status));
    }

    [Fact]
    public void A_flat_line_with_a_flickering_last_bit_has_no_beats()
    {
        var random = new Random(1);
        var flat = Enumerable.Range(0, 40 * 250).Select(_ => 0.005f * random.Next(2)).ToArray();

        var results = StageRun.Ecg(250, [flat]);

        Assert.Empty(results.SelectMany(r => r.Beats));
        Assert.All(results.SelectMany(r => r.Estimates), e => Assert.Equal(EstimateStatus.Flat, e.Status));
    }

    [Fact]
    public void Missing_samples_say_gap()
    {
        var lead = Ecg.Samples();
        lead.AsSpan(10 * 250, 20 * 250).Fill(float.NaN);

        var estimates = Estimates(lead);

        Assert.Equal(EstimateStatus.Ok, estimates[0].Status);
        Assert.Contains(estimates, e => e.Status == EstimateStatus.Gap && e.Coverage < 0.3);
        Assert.Equal(EstimateStatus.Ok, estimates[^1].Status);
    }

    [Fact]
    public void A_lead_that_is_off_leaves_the_rate_to_the_other_one()
    {
        var noise = new Random(3);
        var loose = Enumerable.Range(0, Ecg.Count).Select(_ => (float)(2 * SyntheticEcg.Normal(noise))).ToArray();

        var results = StageRun.Ecg(250, [loose, Ecg.Samples()], leadOff: _ => 1);
        var off = StageRun.Ecg(250, [Ecg.Samples(), Ecg.Samples()], leadOff: _ => 3);

        Assert.Equal((0, 0), StageRun.Compare(Ecg.Beats(), StageRun.BeatSeconds(results, 250), 0.01));
        Assert.Empty(off.SelectMany(r => r.Beats));
        Assert.All(off.SelectMany(r => r.Estimates), e => Assert.Equal(EstimateStatus.Gap, e.Status));
    }

    [Fact]
    public void A_clipped_signal_says_saturated_or_has_poor_quality()
    {
        var clipped = Array.ConvertAll(Ecg.Samples(), v => v > 0.02f ? 0.02f : v < -0.02f ? -0.02f : v);

        Assert.All(Estimates(clipped), e => Assert.True(e.Quality < 0.5 || e.Status == EstimateStatus.Saturated));
    }

    [Fact]
    public void Noise_alone_is_not_usable()
    {
        var random = new Random(5);
        var noise = Enumerable.Range(0, Ecg.Count).Select(_ => (float)SyntheticEcg.Normal(random)).ToArray();

        Assert.All(Estimates(noise), e => Assert.InRange(e.Quality, 0, 0.5));
    }

    [Fact]
    public void Heavy_noise_lowers_the_quality_and_widens_sigma()
    {
        var noisy = new SyntheticEcg { Seconds = 40, Noise = 0.5 };

        var clean = Estimates(Ecg.Samples());
        var poor = Estimates(noisy.Samples());

        Assert.True(poor.Max(e => e.Quality) < clean.Min(e => e.Quality));
        Assert.All(poor.Where(e => e.Status == EstimateStatus.Ok), e => Assert.True(e.Sigma > clean[0].Sigma));
    }

    private static Estimate[] Estimates(float[] lead) => [.. StageRun.Ecg(250, [lead]).SelectMany(r => r.Estimates)];
}
