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
    public void Spectra_of_frames_agree_with_SciPy_stft_and_spectrogram()
    {
        var rows = Support.Golden.Rows("spectra/stft.txt");

        // stft keeps the two-sided amplitude: the one-sided power is twice its square, the two edge bins apart.
        var twoSided = Power(new Stft(256, 64, 125, scaling: SpectrumScaling.Spectrum), rows[0])
            .Select((p, i) => i % 129 is 0 or 128 ? p : p / 2).ToArray();
        AssertNear(rows[1], twoSided, 2e-6f);
        AssertNear(rows[2], Power(new Stft(256, 64, 125, scaling: SpectrumScaling.Density, removeMean: true), rows[0]), 2e-6f);
        AssertNear(rows[3], Power(new Stft(64, 64, 125, Taper.Hamming, SpectrumScaling.Spectrum), rows[0]), 2e-6f);
    }

    [Theory]
    [InlineData(256, 64)]
    [InlineData(256, 256)]
    [InlineData(128, 1)]
    [InlineData(64, 63)]
    [InlineData(16, 5)]
    [InlineData(1024, 250)]
    public void All_frames_at_once_are_the_frames_one_by_one(int window, int hop)
    {
        var stft = new Stft(window, hop, 125, removeMean: true);
        foreach (var count in new[] { window, window + hop - 1, window + hop, window + 37 * hop + hop / 2 })
        {
            var samples = RealFftTests.Noise(count, seed: count);

            var all = Power(stft, samples);

            for (var f = 0; f < stft.FrameCount(count); f++)
                Assert.Equal(
                    Power(stft, samples[(f * hop)..(f * hop + window)]),
                    all[(f * stft.BinCount)..((f + 1) * stft.BinCount)]);
        }
    }

    [Fact]
    public void Only_frames_that_hold_a_missing_sample_are_NaN()
    {
        // frames of 64 every 32:  0 [0,64)  1 [32,96)  2 [64,128)  3 [96,160)   missing: 95
        var samples = RealFftTests.Noise(160, seed: 1);
        samples[95] = float.NaN;

        var power = Power(new Stft(64, 32, 125), samples);

        Assert.Equal([false, true, true, false], Enumerable.Range(0, 4).Select(f => power[(f * 33)..((f + 1) * 33)].All(float.IsNaN)));
        Assert.Equal([false, true, true, false], Enumerable.Range(0, 4).Select(f => power[(f * 33)..((f + 1) * 33)].Any(float.IsNaN)));
    }

    [Fact]
    public void Fewer_samples_than_a_window_give_no_frame()
    {
        var stft = new Stft(64, 16, 125);

        Assert.Equal(0, stft.FrameCount(63));
        Assert.Equal(1, stft.FrameCount(64));
        stft.Transform(new float[63], default);
    }

    [Fact]
    public void Density_times_bin_width_is_the_mean_square()
    {
        var samples = RealFftTests.Noise(256, seed: 8);
        var stft = new Stft(256, 256, 50, Taper.Rectangular, SpectrumScaling.Density);

        var total = Power(stft, samples).Sum(p => (double)p) * stft.FrequencyOf(1);

        Assert.Equal(samples.Average(x => (double)x * x), total, 1e-6);
    }

    [Fact]
    public void Nothing_is_allocated_by_a_transform()
    {
        var stft = new Stft(256, 64, 125, removeMean: true);
        var samples = RealFftTests.Noise(4096, seed: 2);
        var power = new float[stft.FrameCount(4096) * stft.BinCount];
        stft.Transform(samples, power);

        var allocated = Allocation.Least(() => stft.Transform(samples, power));

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_bad_hop_rate_or_output_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(64, 0, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(64, 65, 125));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Stft(64, 8, double.NaN));
        Assert.Throws<ArgumentException>(() => new Stft(64, 8, 125).Transform(new float[64], new float[32]));
    }

    private static float[] Power(Stft stft, float[] samples)
    {
        var power = new float[stft.FrameCount(samples.Length) * stft.BinCount];
        stft.Transform(samples, power);
        return power;
    }

    private static void AssertNear(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"[{i}]: {expected[i]} wanted, {actual[i]} found");
    }
}
