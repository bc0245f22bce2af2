using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Filters;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Filters;

public class FilterTests
{
    // SciPy 1.10.1; Golden/spectra/make.py. Both filter in float64; the rows are rounded to nine digits, the output to float32.
    [Fact]
    public void Butterworth_filters_agree_with_SciPy()
    {
        var golden = Support.Golden.Rows("spectra/filters.txt");
        BiquadCascade[] filters =
        [
            Butterworth.BandPass(4, 0.5, 4, 125), Butterworth.BandPass(1, 0.7, 40, 125), Butterworth.BandPass(3, 5, 15, 125),
            Butterworth.LowPass(5, 10, 125), Butterworth.HighPass(4, 0.5, 125), Butterworth.HighPass(3, 0.7, 125),
        ];

        for (var f = 0; f < filters.Length; f++)
            Assert.All(golden[f + 1].Zip(Filtered(filters[f], golden[0])), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Theory]
    [InlineData(1, 0.5, 4, 25)]
    [InlineData(2, 0.5, 40, 250)]
    [InlineData(4, 5, 15, 360)]
    [InlineData(6, 0.67, 150, 500)]
    [InlineData(3, 1, 12, 30)]
    public void A_band_pass_keeps_its_middle_halves_the_power_at_its_edges_and_stops_the_rest(int order, double low, double high, double rate)
    {
        var filter = Butterworth.BandPass(order, low, high, rate);

        Assert.Equal(order, filter.Sections.Length);
        Assert.Equal(0.5, PowerAt(filter, low, rate), 1e-9);
        Assert.Equal(0.5, PowerAt(filter, high, rate), 1e-9);
        Assert.Equal(1, PowerAt(filter, Math.Atan(Math.Sqrt(Math.Tan(Math.PI * low / rate) * Math.Tan(Math.PI * high / rate))) * rate / Math.PI, rate), 1e-9);
        Assert.Equal(0, PowerAt(filter, 0, rate), 1e-12);
        Assert.Equal(0, PowerAt(filter, rate / 2, rate), 1e-12);
    }

    [Fact]
    public void A_constant_gives_nothing_from_the_first_sample_on()
    {
        var filtered = Filtered(Butterworth.BandPass(4, 0.5, 4, 125), [.. Enumerable.Repeat(90f, 500)]);

        Assert.All(filtered, y => Assert.Equal(0, y, 1e-6f));
    }

    [Fact]
    public void A_missing_sample_comes_out_missing_and_the_last_one_is_held_inside()
    {
        var filter = Butterworth.BandPass(2, 0.5, 8, 125);
        var samples = Noise(400, 1);
        var held = (float[])samples.Clone();
        for (var i = 0; i < 400; i++)
            if (i < 3 || i is >= 100 and < 120)
                (samples[i], held[i]) = (float.NaN, i < 3 ? samples[3] : held[i - 1]);
        held[0] = held[1] = held[2] = samples[3];

        var (withGaps, without) = (Filtered(filter, samples), Filtered(filter, held));

        for (var i = 0; i < 400; i++)
            Assert.Equal(float.IsNaN(samples[i]) ? float.NaN : without[i], withGaps[i], 1e-6f);
    }

    [Fact]
    public void Any_cutting_into_batches_gives_the_same_samples() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var filter = Butterworth.BandPass(random.Next(1, 5), 0.5, 20, 125);
            var average = new MovingAverage(random.Next(1, 40));
            var samples = Noise(300, seed);
            for (var i = 0; i < 30; i++)
                samples[random.Next(300)] = float.NaN;
            var whole = Filtered(filter, samples);
            var wholeAverage = new float[300];
            new MovingAverage(average.Length).Filter(samples, wholeAverage);
            float[] cut = new float[300], cutAverage = new float[300];
            var state = new double[filter.StateLength];
            filter.Reset(state);

            for (int at = 0, next; at < 300; at = next)
            {
                next = random.Next(at, 301);
                filter.Filter(samples.AsSpan(at..next), cut.AsSpan(at..next), state);
                average.Filter(samples.AsSpan(at..next), cutAverage.AsSpan(at..next));
            }

            return whole.AsSpan().SequenceEqual(cut) && wholeAverage.AsSpan().SequenceEqual(cutAverage);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_moving_average_is_the_mean_of_the_last_samples_that_are_there() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var length = random.Next(1, 50);
            var samples = Noise(400, seed).Select(x => random.Next(4) == 0 ? float.NaN : x).ToArray();
            var averages = new float[400];

            new MovingAverage(length).Filter(samples, averages);

            return Enumerable.Range(0, 400).All(i =>
            {
                var present = samples[Math.Max(0, i - length + 1)..(i + 1)].Where(x => !float.IsNaN(x)).ToArray();
                return present.Length == 0 ? float.IsNaN(averages[i]) : Math.Abs(present.Average() - averages[i]) < 1e-6;
            });
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_is_allocated_by_a_filter()
    {
        var filter = Butterworth.BandPass(4, 0.5, 4, 125);
        var average = new MovingAverage(25);
        var samples = Noise(1000, 1);
        var state = new double[filter.StateLength];
        filter.Reset(state);
        filter.Filter(samples, samples, state);

        var allocated = Allocation.Least(() =>
        {
            filter.Filter(samples, samples, state);
            average.Filter(samples, samples);
        });

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_filter_that_cannot_be_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Butterworth.BandPass(0, 1, 2, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => Butterworth.BandPass(2, 0, 2, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => Butterworth.BandPass(2, 2, 1, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => Butterworth.BandPass(2, 1, 62.5, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => Butterworth.LowPass(2, 1, double.NaN));
        Assert.Throws<ArgumentException>(() => new BiquadCascade());
        Assert.Throws<ArgumentException>(() => new BiquadCascade(new Biquad(1, 0, 0, 0, 1)));
        Assert.Throws<ArgumentException>(() => new BiquadCascade(new Biquad(1, 0, 0, -2.1, 0.9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MovingAverage(0));
        var filter = Butterworth.LowPass(2, 1, 125);
        Assert.Throws<ArgumentException>(() => filter.Filter(new float[2], new float[2], new double[4]));
        Assert.Throws<ArgumentException>(() => filter.Filter(new float[2], new float[3], new double[3]));
    }

    private static float[] Filtered(BiquadCascade filter, float[] samples)
    {
        var filtered = new float[samples.Length];
        var state = new double[filter.StateLength];
        filter.Reset(state);
        filter.Filter(samples, filtered, state);
        return filtered;
    }

    private static double PowerAt(BiquadCascade filter, double hz, double rate)
    {
        var back = System.Numerics.Complex.FromPolarCoordinates(1, -2 * Math.PI * hz / rate);
        var response = System.Numerics.Complex.One;
        foreach (var s in filter.Sections)
            response *= (s.B0 + back * (s.B1 + back * s.B2)) / (1 + back * (s.A1 + back * s.A2));
        return response.Magnitude * response.Magnitude;
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
