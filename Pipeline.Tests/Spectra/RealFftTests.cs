using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Spectra;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Spectra;

public class RealFftTests
{
    public static TheoryData<int> Lengths => [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_bin_is_that_of_the_sum_written_out(int length)
    {
        foreach (var fft in EveryWay(length))
        {
            var samples = Noise(length, seed: length);
            float[] real = new float[fft.BinCount], imaginary = new float[fft.BinCount];
            fft.Forward(samples, real, imaginary);
            var scale = Math.Sqrt(length);
            var step = Math.Max(1, length / 256);

            for (var k = 0; k <= length / 2; k += k < 40 ? 1 : step)
            {
                var (re, im) = NaiveBin(samples, k, length);
                Assert.InRange((real[k] - re) / scale, -2e-6, 2e-6);
                Assert.InRange((imaginary[k] - im) / scale, -2e-6, 2e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_machine_gives_the_same_spectrum_to_rounding(int length)
    {
        foreach (var count in new[] { length, length - 1, length / 2 + 3 })
        {
            float[] samples = Noise(count, seed: 11), taper = Noise(count, seed: 12);
            var spectra = EveryWay(length).Select(fft =>
            {
                float[] real = new float[fft.BinCount], imaginary = new float[fft.BinCount], power = new float[fft.BinCount];
                fft.Forward(samples, real, imaginary);
                fft.Power(samples, 0.1f, taper, power);
                return (float[])[.. real, .. imaginary, .. power.Select(MathF.Sqrt)];
            }).ToArray();

            Assert.All(spectra, spectrum => Assert.All(spectrum.Zip(spectra[0]), pair =>
                Assert.InRange(pair.First - pair.Second, -2e-6 * Math.Sqrt(length), 2e-6 * Math.Sqrt(length))));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Samples_that_lack_count_as_zeros(int length)
    {
        foreach (var count in new[] { 1, 2, 3, length / 2 - 1, length / 2, length / 2 + 5, length - 17, length - 1 }.Where(c => c > 0))
        {
            var samples = Noise(count, seed: count);
            var padded = new float[length];
            samples.CopyTo(padded, 0);

            Assert.Equal(Forward(padded, length).Real, Forward(samples, length).Real);
            Assert.Equal(Power(padded, length), Power(samples, length));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Power_is_the_sum_of_the_squares_of_both_parts(int length)
    {
        var samples = Noise(length, seed: 3);
        var (real, imaginary) = Forward(samples, length);
        var power = Power(samples, length);
        var largest = power.Max();

        for (var k = 0; k < power.Length; k++)
            Assert.InRange(power[k] - (real[k] * real[k] + imaginary[k] * imaginary[k]), -1e-6f * largest, 1e-6f * largest);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Offset_and_taper_are_applied_to_each_sample(int length)
    {
        var random = new Random(9);
        foreach (var count in new[] { length, length - 3, length / 2 })
        {
            var samples = Noise(count, seed: 4);
            var taper = Enumerable.Range(0, count).Select(_ => random.NextSingle()).ToArray();
            var direct = samples.Select((x, i) => (x - 0.25f) * taper[i]).ToArray();
            var power = new float[length / 2 + 1];

            RealFft.Of(length).Power(samples, 0.25f, taper, power);

            Assert.Equal(Power(direct, length), power);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_cosine_at_a_bin_fills_that_bin_alone(int length)
    {
        foreach (var bin in new[] { 1, 3, length / 4, length / 2 - 1 })
        {
            var samples = Enumerable.Range(0, length).Select(n => (float)Math.Cos(2 * Math.PI * bin * (long)n / length)).ToArray();

            var (real, imaginary) = Forward(samples, length);

            for (var k = 0; k < real.Length; k++)
            {
                Assert.InRange(real[k] - (k == bin ? length / 2f : 0), -2e-6f * length, 2e-6f * length);
                Assert.InRange(imaginary[k], -2e-6f * length, 2e-6f * length);
            }
        }
    }

    [Fact]
    public void The_transform_is_linear() =>
        Prop.ForAll(Signals(), Gen.Choose(-50, 50).ToArbitrary(), (pair, factor) =>
        {
            var (a, b) = (Noise(pair.Length, pair.Seed), Noise(pair.Length, pair.Seed + 1));
            var mixed = a.Zip(b, (x, y) => x + 0.1f * factor * y).ToArray();
            var (fa, fb, fm) = (Forward(a, pair.Length), Forward(b, pair.Length), Forward(mixed, pair.Length));
            var tolerance = 1e-5 * Math.Sqrt(pair.Length) * (1 + Math.Abs(0.1 * factor));
            return Enumerable.Range(0, fm.Real.Length).All(k =>
                Math.Abs(fm.Real[k] - fa.Real[k] - 0.1 * factor * fb.Real[k]) < tolerance
                && Math.Abs(fm.Imaginary[k] - fa.Imaginary[k] - 0.1 * factor * fb.Imaginary[k]) < tolerance);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_spectrum_holds_the_energy_of_the_samples() =>
        Prop.ForAll(Signals(), pair =>
        {
            var samples = Noise(pair.Length, pair.Seed);
            var power = Power(samples, pair.Length);
            var energy = (2 * power.Sum(p => (double)p) - power[0] - power[^1]) / pair.Length;
            return Math.Abs(energy / samples.Sum(x => (double)x * x) - 1) < 1e-5;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void One_missing_sample_makes_every_bin_NaN(int length)
    {
        var samples = Noise(length, seed: 5);
        samples[length / 3] = float.NaN;

        Assert.All(Power(samples, length), p => Assert.True(float.IsNaN(p)));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Nothing_is_allocated_by_a_transform(int length)
    {
        var fft = RealFft.Of(length);
        var samples = Noise(length, seed: 6);
        float[] real = new float[fft.BinCount], imaginary = new float[fft.BinCount];
        fft.Forward(samples, real, imaginary);

        var allocated = Allocation.Least(() =>
        {
            fft.Forward(samples, real, imaginary);
            fft.Power(samples, 0, samples, real);
        });

        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(100)]
    [InlineData(32768)]
    [InlineData(-16)]
    public void A_length_that_is_no_power_of_two_in_range_is_refused(int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RealFft.Of(length));

    [Fact]
    public void Spans_of_a_wrong_size_are_refused()
    {
        var fft = RealFft.Of(64);

        Assert.Throws<ArgumentException>(() => fft.Power(new float[65], 0, new float[65], new float[33]));
        Assert.Throws<ArgumentException>(() => fft.Power(default, 0, default, new float[33]));
        Assert.Throws<ArgumentException>(() => fft.Power(new float[64], 0, new float[64], new float[32]));
        Assert.Throws<ArgumentException>(() => fft.Power(new float[64], 0, new float[63], new float[33]));
        Assert.Throws<ArgumentException>(() => fft.Forward(new float[64], new float[33], new float[34]));
    }

    internal static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }

    private static RealFft[] EveryWay(int length) =>
        [.. new[] { 1, 8, 16 }.Where(lanes => lanes <= RealFft.WidestLanes).Select(lanes => new RealFft(length, lanes))];

    private static Arbitrary<(int Length, int Seed)> Signals() =>
        Gen.Choose(4, 12).SelectMany(_ => Gen.Choose(1, 1_000_000), (bits, seed) => (1 << bits, seed)).ToArbitrary();

    private static (float[] Real, float[] Imaginary) Forward(float[] samples, int length)
    {
        float[] real = new float[length / 2 + 1], imaginary = new float[length / 2 + 1];
        RealFft.Of(length).Forward(samples, real, imaginary);
        return (real, imaginary);
    }

    private static float[] Power(float[] samples, int length)
    {
        var power = new float[length / 2 + 1];
        RealFft.Of(length).Power(samples, 0, Enumerable.Repeat(1f, samples.Length).ToArray(), power);
        return power;
    }

    private static (double Re, double Im) NaiveBin(float[] samples, int k, int length)
    {
        double re = 0, im = 0;
        for (var n = 0; n < samples.Length; n++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * ((long)k * n % length) / length);
            re += samples[n] * cos;
            im -= samples[n] * sin;
        }
        return (re, im);
    }
}
