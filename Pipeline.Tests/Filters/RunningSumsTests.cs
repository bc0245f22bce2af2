using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Filters;
using Xunit;

namespace Pipeline.Tests.Filters;

public sealed class RunningSumsTests
{
    [Fact]
    public void Means_are_those_of_the_samples_around_each_one() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var half = random.Next(0, 9);
            var samples = Noise(random, 2 * half + random.Next(1, 60));
            var means = new float[samples.Length - 2 * half];

            RunningSums.Means(samples, half, means, new double[samples.Length + 1]);

            return means.Select((mean, i) => (mean, wanted: samples[i..(i + 2 * half + 1)].Average(x => (double)x)))
                .All(pair => Math.Abs(pair.mean - pair.wanted) < 1e-6);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void At_the_edges_of_the_block_a_mean_is_of_what_the_block_holds() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var samples = Noise(random, random.Next(1, 60));
            var sums = new double[samples.Length + 1];
            var (centre, half) = (random.Next(samples.Length), random.Next(0, 70));

            RunningSums.Of(samples, sums);

            var wanted = samples[Math.Max(0, centre - half)..Math.Min(samples.Length, centre + half + 1)].Average(x => (double)x);
            return Math.Abs(RunningSums.Mean(sums, centre, half) - wanted) < 1e-9;
        }).QuickCheckThrowOnFailure();

    private static float[] Noise(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
}
