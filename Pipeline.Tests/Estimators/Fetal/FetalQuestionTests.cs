using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

public sealed class FetalQuestionTests
{
    private const string Network = "fetal@1";

    [Fact]
    public void A_classical_rate_stands_unless_the_network_is_sure_of_another_one()
    {
        var classical = Taken(140, EstimateStatus.Ok);

        Assert.Equal(classical.Classical, Join(classical, 145, 0.99));
        Assert.Equal(classical.Classical, Join(classical, 90, 0.5));
        var objected = Join(classical, 90, 0.95);
        Assert.Equal((EstimateStatus.LowQuality, double.NaN, Network), (objected.Status, objected.Value, objected.Model));
        Assert.True(objected.Quality < 0.1);
    }

    [Fact]
    public void The_rate_of_beats_that_are_not_certain_is_given_where_the_network_is_sure_of_it()
    {
        var unsure = Taken(150, EstimateStatus.LowQuality);

        var confirmed = Join(unsure, 153, 0.95);

        Assert.Equal((EstimateStatus.Ok, 150.0, 0.95, 2.0, Network), (confirmed.Status, confirmed.Value, confirmed.Quality, confirmed.Sigma, confirmed.Model));
        Assert.Equal(unsure.Classical, Join(unsure, 153, 0.7));
    }

    [Fact]
    public void A_rate_that_no_beats_have_is_not_given()
    {
        Assert.Equal(EstimateStatus.LowQuality, Join(Taken(150, EstimateStatus.LowQuality), 120, 0.99).Status);
        Assert.Equal(EstimateStatus.LowQuality, Join(Taken(double.NaN, EstimateStatus.LowQuality), 120, 0.99).Status);
    }

    [Fact]
    public void Of_one_or_two_leads_a_rate_may_be_refused_but_is_not_confirmed()
    {
        Assert.Equal(EstimateStatus.LowQuality, Join(Taken(150, EstimateStatus.LowQuality) with { Leads = 2 }, 150, 0.99).Status);
        Assert.Equal(EstimateStatus.LowQuality, Join(Taken(150, EstimateStatus.Ok) with { Leads = 1 }, 100, 0.99).Status);
    }

    [Theory]
    [InlineData(80, 82)]
    [InlineData(80, 158)]
    public void The_mothers_rate_and_its_double_are_not_given_on_the_networks_word(double mother, double rate) =>
        Assert.Equal(EstimateStatus.LowQuality, Join(Taken(rate, EstimateStatus.LowQuality, mother), rate, 0.99).Status);

    [Theory]
    [InlineData(EstimateStatus.Coincidence)]
    [InlineData(EstimateStatus.Gap)]
    [InlineData(EstimateStatus.Flat)]
    [InlineData(EstimateStatus.WarmingUp)]
    public void What_the_leads_do_not_allow_no_network_says(EstimateStatus status) => Assert.Equal(status, Join(Taken(150, status), 150, 0.99).Status);

    private static FetalTaken Taken(double track, EstimateStatus status, double mother = 70)
    {
        var isOk = status == EstimateStatus.Ok;
        return new FetalTaken(
            new Estimate(SignalKind.FetalEcg, Metric.FetalHeartRate, isOk ? track : double.NaN, isOk ? 0.6 : double.NaN, isOk ? 0.9 : 0.3, 1, status, Stages.Classical), mother, track, 3);
    }

    private static Estimate Join(in FetalTaken taken, double rate, double trust) => FetalQuestion.Join(taken, rate, 2, trust, Network);
}
