using Pipeline.Models;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Features;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

public sealed class FetalFeaturesTests
{
    private const int Rates = RateFeatures.RateCount;

    [Fact]
    public void Pulses_are_like_themselves_one_interval_later_and_at_half_their_rate_but_not_at_twice()
    {
        var samples = new float[3000];
        for (var beat = 0; beat < 3000; beat += 100)     // 150 per minute
            samples[beat] = 1;
        var envelope = FetalFeatures.Envelope(samples, new LocalLevel());
        var (once, half) = (new float[Rates], new float[Rates]);

        FetalFeatures.Likeness(envelope, 1, once);
        FetalFeatures.Likeness(envelope, 0.5, half);

        Assert.InRange(Above(once, 110), 147.5, 152.5);
        Assert.True(once[At(150)] > 1.6 && once[At(75)] > 1.6 && once[At(225)] < 0.2, $"{once[At(150)]} {once[At(75)]} {once[At(225)]}");
        Assert.Equal(once[At(75)], half[At(150)]);
    }

    [Fact]
    public void The_likeness_is_the_autocorrelation_written_out()
    {
        var random = new Random(3);
        var envelope = FetalFeatures.Envelope([.. Enumerable.Range(0, 2500).Select(_ => random.NextSingle() - 0.5f)], new LocalLevel()).ToArray();
        var row = new float[Rates];

        FetalFeatures.Likeness(envelope, 2, row);

        Assert.Equal(2000, envelope.Length);
        for (var k = 0; k < Rates; k++)
        {
            var lag = (int)Math.Round(60 * 250 / (2 * (30 + 2.5 * k)));
            var sum = 0.0;
            for (var i = 0; i + lag < envelope.Length; i++)
                sum += envelope[i] * envelope[i + lag];
            Assert.Equal(2 * sum * envelope.Length / (envelope.Length - lag), row[k], 1e-4);
        }
    }

    [Fact]
    public void Nothing_is_like_nothing()
    {
        var row = new float[Rates];

        FetalFeatures.Likeness(FetalFeatures.Envelope(new float[3000], new LocalLevel()), 1, row);

        Assert.All(row, value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_likelihood_is_highest_at_the_tracks_rate_the_more_the_surer_it_is_and_even_without_a_track()
    {
        var (sure, unsure, none) = (new float[Rates], new float[Rates], new float[Rates]);

        FetalFeatures.Likelihood(140, 0.99f, sure);
        FetalFeatures.Likelihood(140, 0.3f, unsure);
        FetalFeatures.Likelihood(double.NaN, 0.99f, none);

        Assert.Equal(At(140), Array.IndexOf(sure, sure.Max()));
        Assert.True(sure[At(140)] > unsure[At(140)] && sure[At(60)] < unsure[At(60)]);
        Assert.Single(none.Distinct());
    }

    [Fact]
    public void The_likelihood_lies_where_the_network_looks_for_it() => Assert.Equal((11, 11), (RateFeatures.LikelihoodRow, FetalFeatures.OtherRow + 1));

    [Fact]
    public void The_networks_input_does_not_depend_on_the_unit_of_the_leads()
    {
        var leads = new SyntheticAbdomen { Seconds = 16, Leads = 2, Noise = 0.01 }.Samples();

        var (plain, scaled) = (Inputs(leads), Inputs([.. leads.Select(lead => Array.ConvertAll(lead, value => 1024 * value))]));

        Assert.Equal(5, plain.Count);
        Assert.Equal(plain.Count, scaled.Count);
        for (var w = 0; w < plain.Count; w++)
            for (var i = 0; i < plain[w].Length; i++)
                Assert.Equal(plain[w][i], scaled[w][i], 1e-3f);
    }

    [Fact]
    public void The_classical_results_are_the_same_whether_the_input_is_made_or_not()
    {
        var leads = new SyntheticAbdomen { Seconds = 16, Leads = 2, Noise = 0.01 }.Samples();
        IEnumerable<string> Said(FetalObserved? observed) => StreamRun.Of(StageRun.Chunked(leads, SyntheticAbdomen.Layout(2), 500, 500), first => [new FetalStage(first.Channels, first.RateHz, null, null, observed)])
            .SelectMany(result => result.Estimates.Select(e => $"{e}").Concat(result.Beats.Select(b => $"{b}")));

        Assert.Equal(Said(null), Said(new FetalObserved()));
    }

    private static List<float[]> Inputs(float[][] leads)
    {
        var (inputs, observed) = (new List<float[]>(), new FetalObserved());
        foreach (var result in StreamRun.Of(StageRun.Chunked(leads, SyntheticAbdomen.Layout(2), 500, 500), first => [new FetalStage(first.Channels, first.RateHz, null, null, observed)]))
            if (!result.Window.IsTail)
                inputs.Add([.. observed.Input]);
        return inputs;
    }

    private static int At(double rate) => (int)((rate - RateFeatures.FirstPerMinute) / RateFeatures.StepPerMinute);

    private static double Above(float[] row, double least) =>
        RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * Enumerable.Range(At(least), Rates - At(least)).MaxBy(k => row[k]);
}
