using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Tests.Networks;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class RateQuestionTests
{
    private static readonly PpgVerdict Pulse = new(true, double.NaN);

    [Fact]
    public void Near_the_classical_rate_the_answer_is_the_middle_and_the_quality_the_lower_one()
    {
        using var model = NetworkStageTests.Shipped();

        var first = Answer(model, network: 90, trust: 0.9f, classical: 94, quality: 0.8, Pulse);
        var second = Answer(model, network: 90, trust: 0.75f, classical: 86, quality: 0.95, Pulse);

        Assert.Equal((92, 0.8, model.Identity), (first.Value, first.Quality, first.Model));
        Assert.Equal((88, 0.75), (second.Value, Math.Round(second.Quality, 4)));
    }

    [Fact]
    public void Far_from_it_a_sure_classical_rate_stands_else_that_of_the_network_and_nobody_is_to_rely_on_either()
    {
        using var model = NetworkStageTests.Shipped();

        var sure = Answer(model, network: 90, trust: 0.9f, classical: 150, quality: 0.9, Pulse);
        var unsure = Answer(model, network: 90, trust: 0.9f, classical: 150, quality: 0.4, Pulse);

        Assert.Equal((150, Stages.Classical), (sure.Value, sure.Model));
        Assert.Equal((90, model.Identity), (unsure.Value, unsure.Model));
        Assert.True(sure.Quality < PpgStage.GoodQuality && unsure.Quality < PpgStage.GoodQuality);
    }

    [Fact]
    public void Without_a_classical_value_the_network_answers_alone_and_without_a_pulse_nobody_does()
    {
        using var model = NetworkStageTests.Shipped();

        var alone = Answer(model, network: 90, trust: 0.9f, classical: double.NaN, quality: 0, Pulse);
        var none = Answer(model, network: 90, trust: 0.9f, classical: 90, quality: 0.9, new PpgVerdict(false, double.NaN));

        Assert.Equal((90, 0.9), (alone.Value, Math.Round(alone.Quality, 4)));
        Assert.Equal((EstimateStatus.LowQuality, 0.0), (none.Status, none.Quality));
    }

    /// <summary>What a question answers where the network says <paramref name="network"/>, on its grid of 2.5 from 30 per minute.</summary>
    private static Estimate Answer(RateModel model, double network, float trust, double classical, double quality, in PpgVerdict verdict)
    {
        var question = new RateQuestion(model);
        var status = double.IsNaN(classical) ? EstimateStatus.LowQuality : EstimateStatus.Ok;
        question.Set(
            startsAnew: true, new Estimate(SignalKind.Ppg, Metric.HeartRate, classical, 1, quality, 1, status, Stages.Classical), usable: 1, verdict);
        question.Output[(int)((network - RateFeatures.FirstPerMinute) / RateFeatures.StepPerMinute)] = 1;
        question.Output[RateFeatures.RateCount] = trust;
        return question.Answered(new RateMemory());
    }
}
