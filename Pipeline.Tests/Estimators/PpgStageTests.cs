using Pipeline.Models;
using Xunit;

namespace Pipeline.Tests.Estimators;

public class PpgStageTests
{
    [Theory]
    [InlineData(25)]
    [InlineData(64)]
    [InlineData(125)]
    [InlineData(249.89)]
    public void A_pulse_at_rest_is_counted_at_every_rate(double rateHz)
    {
        var estimates = new PpgSignal { RateHz = rateHz, HeartRate = _ => 63 }.Estimates();

        Assert.Equal(27, estimates.Count);
        Assert.All(estimates, e => Assert.Equal(EstimateStatus.Ok, e.Status));
        Assert.All(estimates.Skip(3), e => Assert.InRange(e.Value, 61, 65));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Motion_stronger_than_the_pulse_is_not_taken_for_it(int pulseChannels)
    {
        var signal = new PpgSignal
        {
            Seconds = 120,
            PulseChannels = pulseChannels,
            MotionGain = 1.5,
            Motion = t => t > 20 ? 150 : 0,
            HeartRate = t => 80 + t / 3,
        };

        var estimates = signal.Estimates();

        for (var k = 5; k < estimates.Count; k++)
            Assert.InRange(estimates[k].Value, 80 + (2 * k + 4) / 3.0 - 6, 80 + (2 * k + 4) / 3.0 + 6);
    }

    [Fact]
    public void A_lost_track_is_found_again()
    {
        var signal = new PpgSignal { Seconds = 90, HeartRate = t => t < 40 ? 65 : 130 };

        var last = signal.Estimates()[^1];

        Assert.InRange(last.Value, 128, 132);
    }

    [Fact]
    public void Sensor_off_is_flat_and_has_no_value()
    {
        var estimates = new PpgSignal { Spoil = (_, t, value) => t > 30 ? 5 : value }.Estimates();

        Assert.All(estimates.Skip(16), e => Assert.Equal((EstimateStatus.Flat, true, 0.0), (e.Status, double.IsNaN(e.Value), e.Quality)));
    }

    [Fact]
    public void Missing_samples_are_bridged_and_more_than_half_of_a_window_are_a_gap()
    {
        var estimates = new PpgSignal { Spoil = (c, t, value) => c == 0 && t is > 30 and < 36 ? double.NaN : value }.Estimates();

        Assert.Equal(EstimateStatus.Ok, estimates[12].Status);
        Assert.InRange(estimates[12].Coverage, 0.70, 0.80);
        Assert.Equal(EstimateStatus.Gap, estimates[14].Status);
        Assert.InRange(estimates[^1].Value, 71, 73);
    }

    [Fact]
    public void The_results_do_not_depend_on_how_samples_were_cut()
    {
        var whole = new PpgSignal().Estimates(60);

        Assert.Equal(whole, new PpgSignal().Estimates(1));
        Assert.Equal(whole, new PpgSignal().Estimates(0.137));
    }
}
