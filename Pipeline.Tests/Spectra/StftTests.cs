using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Spectra;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Spectra;

public class StftTests
{
    // SciPy 1.10.1; Golden/spectra/make.py. float32 against float64: 1e-6 of the largest bin.
    [Fact]
    public void The_transform_agrees_with_SciPy_rfft()
    {
        var rows = Support.Golden.Rows("spectra/rfft.txt");
        float[] real = new float[513], imaginary = new float[513];

        RealFft.Of(1024).Forward(rows[0], real, imaginary);

        AssertNear(rows[1], real, 2e-6f);
        AssertNear(rows[2], imaginary, 2e-6f);
    }

    [Fact]
    public void Frames_agree_with_SciPy_stft_and_spectrogram()
    {
        var rows = Support.Golden.Rows("spectra/stft.txt");
        var stft = new Stft(256);
        var taper = Tapers.Hann(256);
        // 'spectrum' divides by the square of the taper's sum; 'density' is one-sided, per Hz, of the frame less its mean.
        var spectrum = 1 / Math.Pow(taper.Sum(), 2);
        var density = 2 / (125 * taper.Sum(w => w * w));

        for (var f = 0; f < rows[1].Length / 129; f++)
        {
            var frame = rows[0][(f * 64)..(f * 64 + 256)];
            var mean = (float)frame.Average(x => (double)x);
            AssertNear(rows[1][(f * 129)..(f * 129 + 129)], [.. Power(stft, frame).Select(p => (float)(p * spectrum))], 2e-6f);
            AssertNear(
                rows[2][(f * 129)..(f * 129 + 129)],
                [.. Power(stft, frame, mean).Select((p, k) => (float)(p * density / (k is 0 or 128 ? 2 : 1)))], 2e-6f);
        }
    }

    [Fact]
    public void Every_bin_of_a_padded_frame_is_the_sum_written_out() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var (length, padding) = (random.Next(1, 700), random.Next(1, 5));
            var frame = RealFftTests.Noise(length, seed);
            var offset = random.NextSingle();

            var stft = new Stft(length, padding);
            var power = Power(stft, frame, offset);

            // The greatest that the frame could give anywhere bounds the rounding.
            var tapered = frame.Zip(Tapers.Hann(length), (x, w) => (x - offset) * w).ToArray();
            var scale = Math.Pow(tapered.Sum(Math.Abs), 2) + 1e-9;
            return stft.TransformLength >= padding * length
                && Enumerable.Range(0, 10).Select(_ => random.Next(power.Length))
                    .All(k => Math.Abs(power[k] - Sum(tapered, k / (double)stft.TransformLength)) < 2e-6 * scale);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_missing_sample_makes_every_bin_NaN()
    {
        var frame = RealFftTests.Noise(200, seed: 1);
        frame[95] = float.NaN;

        Assert.All(Power(new Stft(200), frame), p => Assert.True(float.IsNaN(p)));
    }

    [Fact]
    public void Nothing_is_allocated_by_a_frame()
    {
        var stft = new Stft(200, padding: 4);
        var frame = RealFftTests.Noise(200, seed: 2);
        var power = new float[stft.BinCount];

        Assert.Equal(0, Allocation.Least(() => stft.Power(frame, power, 0.5f)));
    }

    [Fact]
    public void A_length_or_output_that_cannot_be_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(16, padding: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(16385));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(8193, padding: 2));
        Assert.Throws<ArgumentException>(() => new Stft(64).Power(new float[64], new float[32]));
        Assert.Throws<ArgumentException>(() => new Stft(64).Power(new float[63], new float[33]));
    }

    private static float[] Power(Stft stft, float[] frame, float offset = 0)
    {
        var power = new float[stft.BinCount];
        stft.Power(frame, power, offset);
        return power;
    }

    private static double Sum(double[] tapered, double turnsPerSample)
    {
        double re = 0, im = 0;
        for (var n = 0; n < tapered.Length; n++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * turnsPerSample * n);
            re += tapered[n] * cos;
            im += tapered[n] * sin;
        }
        return re * re + im * im;
    }

    private static void AssertNear(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"[{i}]: {expected[i]} wanted, {actual[i]} found");
    }
}
