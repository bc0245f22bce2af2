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
        var classical = Classical(140, 0.9);

        Assert.Equal(classical, Join(classical, 145, 0.99));
        Assert.Equal(classical, Join(classical, 90, 0.5));
        var objected = Join(classical, 90, 0.95);
        Assert.Equal((EstimateStatus.LowQuality, double.NaN, Network), (objected.Status, objected.Value, objected.Model));
        Assert.True(objected.Quality < 0.1);
    }

    [Fact]
    public void Without_a_classical_rate_the_network_gives_one_where_it_is_sure()
    {
        var sure = Join(Classical(double.NaN, 0.3), 150, 0.95);

        Assert.Equal((EstimateStatus.Ok, 150, 0.95, 2, Network), (sure.Status, sure.Value, sure.Quality, sure.Sigma, sure.Model));
        Assert.Equal(Classical(double.NaN, 0.3), Join(Classical(double.NaN, 0.3), 150, 0.7));
    }

    [Theory]
    [InlineData(80, 82)]
    [InlineData(80, 158)]
    public void The_mothers_rate_and_its_double_are_not_given_on_the_networks_word(double mother, double rate) =>
        Assert.Equal(Classical(double.NaN, 0.3), Join(Classical(double.NaN, 0.3), rate, 0.99, mother));

    [Theory]
    [InlineData(EstimateStatus.Coincidence)]
    [InlineData(EstimateStatus.Gap)]
    [InlineData(EstimateStatus.Flat)]
    [InlineData(EstimateStatus.WarmingUp)]
    public void What_the_leads_do_not_allow_no_network_says(EstimateStatus status)
    {
        var classical = Classical(double.NaN, 0) with { Status = status };

        Assert.Equal(classical, Join(classical, 150, 0.99));
    }

    private static Estimate Classical(double rate, double quality) => new(
        SignalKind.FetalEcg, Metric.FetalHeartRate, rate, double.IsNaN(rate) ? double.NaN : 0.6, quality, 1, double.IsNaN(rate) ? EstimateStatus.LowQuality : EstimateStatus.Ok, Stages.Classical);

    private static Estimate Join(in Estimate classical, double rate, double trust, double mother = 70) => FetalQuestion.Join(classical, mother, rate, 2, trust, Network);
}
