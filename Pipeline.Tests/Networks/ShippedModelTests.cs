using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Tests.Estimators;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>The heart-rate network that ships, on devices of all kinds.</summary>
public sealed class ShippedModelTests
{
    [Theory]
    [InlineData(25, 1, false)]
    [InlineData(25, 3, true)]
    [InlineData(64, 2, true)]
    [InlineData(100, 1, true)]
    [InlineData(125, 3, false)]
    [InlineData(250, 1, false)]
    [InlineData(250, 2, true)]
    public void A_pulse_is_found_and_followed_on_any_rate_with_any_channels(double rateHz, int channels, bool accelerometer)
    {
        using var model = Model();
        double Rate(double t) => t < 40 ? 62 : Math.Min(62 + 0.6 * (t - 40), 128);

        var estimates = Estimates(model, new PpgSignal { RateHz = rateHz, PulseChannels = channels, Accelerometer = accelerometer, Seconds = 180, HeartRate = Rate });

        for (var w = 5; w < estimates.Count; w++)
            Assert.Equal(Rate(2 * w + 4), estimates[w].Value, 4.0);
        Assert.Equal(128, estimates[^1].Value, 2.5);
    }

    [Theory]
    [InlineData(20, false)]
    [InlineData(20, true)]
    [InlineData(600, true)]
    public void After_silence_of_any_length_another_rate_is_found_within_ten_seconds_of_signal(double silence, bool missing)
    {
        using var model = Model();
        var signal = new PpgSignal
        {
            RateHz = 50,
            Seconds = 90 + silence,
            HeartRate = t => t < 60 ? 150 : 66,
            Spoil = (channel, t, value) => channel > 0 || t < 50 || t > 60 + silence ? value : missing ? double.NaN : 3,
        };

        var estimates = Estimates(model, signal);

        Assert.All(estimates.Skip((int)((60 + silence) / 2) + 1), e => Assert.Equal(66, e.Value, 3.0));
    }

    [Fact]
    public void A_track_that_is_wrong_is_left_when_the_signal_is_clear()
    {
        using var model = Model();

        var estimates = Estimates(model, new PpgSignal { Seconds = 120, HeartRate = t => t < 60 ? 155 : 80 });

        Assert.All(estimates.Skip(38), e => Assert.Equal(80, e.Value, 3.0));
    }

    private static RateModel Model() => ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package");

    private static List<Estimate> Estimates(RateModel model, PpgSignal signal) =>
        [.. StreamRun.Of(signal.Chunks(), first => Stages.Create(first.Channels, first.RateHz, [model]))
            .SelectMany(w => w.Estimates).Where(estimate => estimate.Metric == Metric.HeartRate)];
}
