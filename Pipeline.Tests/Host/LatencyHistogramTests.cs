using FsCheck;
using FsCheck.Fluent;
using Pipeline.Host.Demo;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void A_percentile_is_within_one_percent_of_the_sorted_values()
    {
        var cases =
            from values in Gen.Choose(2, 900_000_000).NonEmptyListOf()
            from rank in Gen.Choose(0, 1_000)
            select (Values: values.ToArray(), Rank: rank / 1_000.0);

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var histogram = new LatencyHistogram();
            foreach (var microseconds in c.Values)
                histogram.Record(TimeSpan.FromMicroseconds(microseconds));

            var sorted = c.Values.Order().ToArray();
            var exact = sorted[Math.Max(0, (int)Math.Ceiling(c.Rank * sorted.Length) - 1)];

            return histogram.Percentile(c.Rank)!.Value.TotalMicroseconds is var found && found >= exact * 0.999 && found <= exact * 1.0202;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Without_values_there_is_no_percentile() => Assert.Null(new LatencyHistogram().Percentile(0.5));
}
