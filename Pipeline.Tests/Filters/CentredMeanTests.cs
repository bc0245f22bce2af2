using Pipeline.Models.Filters;
using Pipeline.Models.State;
using Xunit;

namespace Pipeline.Tests.Filters;

public sealed class CentredMeanTests
{
    [Fact]
    public void It_is_the_mean_of_the_last_samples_on_zeros()
    {
        var mean = new CentredMean(3);
        float[] samples = [3, 6, 9, 12];
        mean.Smooth(samples);
        Assert.Equal([1f, 3f, 6f, 9f], samples);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(31)]
    public void It_equals_a_plain_sum_and_what_is_left_is_the_centre_less_the_mean(int length)
    {
        var random = new Random(1);
        var samples = Enumerable.Range(0, 200).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var (smooth, left) = (samples.ToArray(), samples.ToArray());
        new CentredMean(length).Smooth(smooth);
        new CentredMean(length).HighPass(left);
        for (var i = 0; i < samples.Length; i++)
        {
            var mean = samples[Math.Max(0, i + 1 - length)..(i + 1)].Sum(s => (double)s) / length;
            var centre = i < length / 2 ? 0 : samples[i - length / 2];
            Assert.Equal(mean, smooth[i], 1e-6);
            Assert.Equal(centre - mean, left[i], 1e-6);
        }
    }

    [Fact]
    public void Nothing_depends_on_how_many_samples_are_taken_at_once()
    {
        var random = new Random(2);
        var samples = Enumerable.Range(0, 1000).Select(_ => random.NextSingle() * 1e4f).ToArray();
        var (whole, parts) = (samples.ToArray(), samples.ToArray());
        new CentredMean(7).HighPass(whole);
        var mean = new CentredMean(7);
        for (var at = 0; at < parts.Length;)
        {
            var count = Math.Min(parts.Length - at, random.Next(1, 20));
            mean.HighPass(parts.AsSpan(at, count));
            at += count;
        }
        Assert.Equal(whole, parts);
    }

    [Fact]
    public void An_outlier_leaves_no_trace_once_the_ring_has_turned_twice()
    {
        var samples = Enumerable.Repeat(0.1f, 60).ToArray();
        var plain = samples.ToArray();
        samples[20] = 1e9f;
        new CentredMean(9).Smooth(samples);
        new CentredMean(9).Smooth(plain);
        Assert.Equal(plain[45..], samples[45..]);
    }

    [Fact]
    public void Its_sum_is_that_of_the_last_samples_and_goes_on_from_a_state_without_the_place()
    {
        var random = new Random(3);
        var samples = Enumerable.Range(0, 100).Select(_ => random.NextSingle()).ToArray();
        var (one, other) = (new CentredMean(8), new CentredMean(8));
        var state = new StateTransfer();

        foreach (var sample in samples[..37])
            one.Next(sample);
        state.BeginWriting(1);
        one.TransferSum(state);
        state.BeginReading(state.EndWriting(), 1);
        other.TransferSum(state);
        other.Resume(37);

        Assert.Null(state.EndReading());
        for (var i = 37; i < samples.Length; i++)
        {
            one.Next(samples[i]);
            other.Next(samples[i]);
            Assert.Equal(samples[(i - 7)..(i + 1)].Sum(x => (double)x), one.Sum, 1e-9);
            Assert.Equal(one.Sum, other.Sum);
        }
    }
}
