using Pipeline.Models.Features;
using Xunit;

namespace Pipeline.Tests.Networks;

public class RateReadoutTests
{
    [Fact]
    public void Rate_and_sigma_are_those_of_a_plain_loop()
    {
        var random = new Random(1);
        for (var round = 0; round < 1_000; round++)
        {
            var belief = SomeBelief(random);

            var (rate, sigma) = RateReadout.Read(belief);

            var (plainRate, plainSigma) = Plain(belief);
            Assert.Equal(plainRate, rate, 1e-3);
            Assert.Equal(plainSigma, sigma, 1e-3);
        }
    }

    [Fact]
    public void A_belief_in_one_rate_alone_is_that_rate_without_doubt()
    {
        var belief = new float[RateFeatures.RateCount];
        belief[20] = 1;

        Assert.Equal((80f, 0f), RateReadout.Read(belief));
    }

    [Fact]
    public void A_belief_that_holds_no_number_is_none()
    {
        var belief = SomeBelief(new Random(2));
        belief[70] = float.NaN;

        Assert.Equal((float.NaN, float.NaN), RateReadout.Read(belief));
    }

    private static float[] SomeBelief(Random random)
    {
        var sharpness = 20 * random.NextDouble();
        var weights = Enumerable.Range(0, RateFeatures.RateCount).Select(_ => Math.Exp(sharpness * random.NextDouble())).ToArray();
        return [.. weights.Select(weight => (float)(weight / weights.Sum()))];
    }

    private static (double Rate, double Sigma) Plain(float[] belief)
    {
        var rates = Enumerable.Range(0, belief.Length).Select(k => 30 + 2.5 * k).ToArray();
        var best = Array.IndexOf(belief, belief.Max());
        var near = Enumerable.Range(0, belief.Length).Where(k => Math.Abs(k - best) <= 3).ToArray();
        var rate = near.Sum(k => belief[k] * rates[k]) / near.Sum(k => (double)belief[k]);
        var sharp = belief.Select(one => Math.Pow(one, 2.5)).ToArray();
        return (rate, Math.Sqrt(sharp.Zip(rates, (weight, each) => weight * (each - rate) * (each - rate)).Sum() / sharp.Sum()));
    }
}
