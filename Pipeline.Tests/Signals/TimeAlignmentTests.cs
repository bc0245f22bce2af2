using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Signals;

public sealed class TimeAlignmentTests
{
    private static readonly Timestamp First = new(1_700_000_000_000_000_000);

    [Fact]
    public void A_line_stays_a_line_whatever_the_rates_and_the_starts() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var (rate, wanted, later) = (50 + 450 * random.NextDouble(), 20 + 200 * random.NextDouble(), 0.1 + 2 * random.NextDouble());
            var samples = Enumerable.Range(0, (int)(10 * rate)).Select(i => (float)(i / rate)).ToArray();
            var values = new float[(int)(5 * wanted)];

            TimeAlignment.Resample(samples, rate, First, First.AddSeconds(later), wanted, values);

            return values.Select((value, i) => Math.Abs(value - (later + i / wanted))).All(error => error <= 0.51 / rate + 1e-3);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));

    [Fact]
    public void What_is_missing_or_outside_is_missing()
    {
        float[] samples = [0, 1, float.NaN, 3, 4];
        var values = new float[6];

        TimeAlignment.Resample(samples, 1, First, First.AddSeconds(-1), 1, values);

        Assert.Equal([float.NaN, 0, 1, float.NaN, 3, 4], values);
    }

    [Fact]
    public void A_pulse_arrives_at_the_median_of_its_delays_and_a_missed_one_does_not_count()
    {
        double[] peaks = [0, 1, 2, 3, 4, 5];
        double[] pulses = [0.25, 1.27, 3.23, 4.25, 5.9];

        Assert.Equal(0.25, TimeAlignment.PulseArrival(peaks, pulses, 0, 6), 6);
        Assert.True(double.IsNaN(TimeAlignment.PulseArrival(peaks, pulses, 3, 4.5)));
        Assert.True(double.IsNaN(TimeAlignment.PulseArrival(peaks, [], 0, 6)));
    }
}
