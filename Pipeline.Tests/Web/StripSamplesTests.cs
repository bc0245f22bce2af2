using Pipeline.Actors.Cluster;
using Pipeline.Host.Web;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>What a screen is sent of a chunk.</summary>
public sealed class StripSamplesTests
{
    [Fact]
    public void Each_bucket_gives_its_least_and_greatest_sample_in_their_order()
    {
        Assert.Equal([1f, 9, 8, -3], StripSamples.Extremes([4, 1, 9, 5, 8, 2, -3, 0], bucket: 4));
        Assert.Equal([1f, 9], StripSamples.Extremes([4, 1, 9, 5, 7], bucket: 4));      // a rest of less than half a bucket is left out
        Assert.Equal([2f, 2, float.NaN, float.NaN], StripSamples.Extremes([float.NaN, 2, float.NaN, float.NaN], bucket: 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_peak_is_lost_whatever_the_samples(int seed)
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, 250).Select(_ => random.NextDouble() < 0.2 ? float.NaN : (float)random.NextDouble())];
        values[random.Next(250)] = 7;

        var shown = StripSamples.Extremes(values, bucket: 10);

        Assert.Equal(50, shown.Length);
        Assert.Equal(values.Where(float.IsFinite).Max(), shown.Where(float.IsFinite).Max());
        Assert.Equal(values.Where(float.IsFinite).Min(), shown.Where(float.IsFinite).Min());
    }

    [Fact]
    public void A_channel_is_sent_with_its_time_and_rate_and_without_values_where_samples_are_missing()
    {
        var chunk = LiveOf("ecg", "II", [1.23456f, float.NaN, -0.00012345f, 0]);

        var all = StripSamples.Of(chunk, 0, points: 0);

        Assert.Equal([1.235f, null, -0.000123f, 0f], all.Values.Select(value => value is { } one ? MathF.Round(one, 6) : (float?)null));
        Assert.Equal(("P1", "monitor", "II", "ecg", 4.0), (all.Patient, all.Device, all.Label, all.Kind, all.RateHz));
        Assert.Equal(1_000_000, all.Time);
        var few = StripSamples.Of(LiveOf("ecg", "II", [.. Enumerable.Range(0, 8).Select(value => (float)value)]), 0, points: 2);
        Assert.Equal([0f, 3, 4, 7], few.Values.Select(value => value!.Value));
        Assert.Equal(2, few.RateHz);
    }

    [Fact]
    public void A_tile_shows_the_ecg_while_it_comes_and_the_pulse_when_it_does_not()
    {
        var time = new ManualTimeProvider();
        var choice = new StripChoice(time);

        Assert.Equal(0, choice.Of(LiveOf("ppg", "PLETH", [1], "oximeter")));
        Assert.Equal(0, choice.Of(LiveOf("ecg", "II", [1])));
        Assert.Null(choice.Of(LiveOf("ppg", "PLETH", [1], "oximeter")));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, choice.Of(LiveOf("ecg", "II", [1])));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, choice.Of(LiveOf("ppg", "PLETH", [1], "oximeter")));
        Assert.Null(choice.Of(LiveOf("acc", "X", [1], "watch")));
    }

    private static LiveSamples LiveOf(string kind, string label, float[] values, string device = "monitor") => new(
        1, 0, "P1", "W", "B", device, 1, 4, 0, DateTimeOffset.FromUnixTimeSeconds(1_000), [new LiveChannel(label, kind, "mV", 1, 0)], values.Length, SampleFormat.Float32,
        System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray());
}
