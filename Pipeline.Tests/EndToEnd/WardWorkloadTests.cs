using Pipeline.Benchmarks.Ward;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The "ward windows" workload, of which other engines' checksums are known, through the whole topology.</summary>
public class WardWorkloadTests
{
    [Fact]
    public void The_messages_are_the_ones_that_other_engines_were_given()
    {
        var signal = new WardSignal(100);
        var hash = 0xCBF29CE484222325;
        foreach (var (patient, chunk) in signal.Order(60))
            foreach (var b in signal.Message(patient, chunk))
                hash = (hash ^ b) * 0x100000001B3;

        Assert.Equal(0xf90cf0c0d01ee53b, hash);
        Assert.Equal("010750303030303030000000000000000000505C18A30100007D0004009FFF5C016F0387059B079207E7094C0C", Convert.ToHexString(signal.Message(0, 0).AsSpan(0, 45)));
    }

    [Theory]
    [InlineData(false, 0xc0df24ccc8fa7cd8, 0)]
    [InlineData(true, 0xb5a8b5f981a2b52a, 32_794)]
    public async Task A_hundred_patients_for_a_minute_give_the_checksum_of_the_other_engines(bool spectra, ulong checksum, long peakSum)
    {
        var result = await WardWindowsBenchmark.RunAsync(new WardSignal(100), 60, spectra, default);

        Assert.Equal(new WardWindowsBenchmark.Result(5_992, 41, 2_697, checksum, peakSum), result);
    }

    [Fact]
    public void The_plain_loop_gives_the_same_checksum() =>
        Assert.Equal(new WardWindowsBenchmark.Result(5_992, 41, 2_697, 0xc0df24ccc8fa7cd8, 0), WardPlainLoop.Run(new WardSignal(100), 60));

    [Fact]
    public void The_statistics_equal_a_plain_loop_for_any_length_and_any_missing_samples()
    {
        var random = new Random(11);
        for (var round = 0; round < 500; round++)
        {
            var samples = new short[random.Next(1, 400)];
            foreach (ref var sample in samples.AsSpan())
                sample = random.Next(20) == 0 && round % 2 == 0 ? short.MinValue : (short)random.Next(-32_767, 32_768);
            var there = samples.Where(s => s != short.MinValue).ToArray();

            var statistics = WardStatistics.Of(samples);

            Assert.Equal(
                new WardStatistics(there.Length, there.Sum(s => (long)s), there.Sum(s => (long)s * s), there.DefaultIfEmpty(short.MaxValue).Min(), there.DefaultIfEmpty(short.MinValue).Max()),
                statistics);
        }
    }
}
