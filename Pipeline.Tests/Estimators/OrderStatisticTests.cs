using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class OrderStatisticTests
{
    [Fact]
    public void It_is_what_sorting_gives()
    {
        var some = from values in Gen.Choose(-20, 20).Select(value => value / 4f).NonEmptyListOf()
                   from rank in Gen.Choose(0, values.Count - 1)
                   select (Values: values.ToArray(), Rank: rank);
        Prop.ForAll(some.ToArbitrary(), one => OrderStatistic.Of(one.Values, one.Rank) == one.Values.Order().ElementAt(one.Rank)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Values_that_are_NaN_stand_last()
    {
        float[] values = [float.NaN, 3, float.NaN, 1, 2];

        Assert.Equal([1, 2, 3, float.NaN, float.NaN], Enumerable.Range(0, 5).Select(rank => OrderStatistic.Of(values, rank)));
    }

    [Fact]
    public void A_rank_that_there_is_not_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => OrderStatistic.Of([1, 2], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => OrderStatistic.Of([1, 2], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => OrderStatistic.Of([], 0));
    }

    [Fact]
    public void The_strength_of_beats_is_asked_as_a_plain_loop_would_over_the_turning_ring()
    {
        var (strength, all, random) = (new QrsStrength(100), new List<float>(), new Random(3));
        for (var i = 0; i < 1000; i++)
        {
            all.Add(random.NextSingle() * random.Next(3));
            strength.WriteAhead([all[^1]]);
            strength.Reveal(1);
            long from = i - random.Next(100), to = Math.Max(0, from + random.Next(60));
            var asked = all.Where((_, at) => at >= Math.Max(from, 0) && at <= to).ToArray();
            Assert.Equal(asked.DefaultIfEmpty().Max(), strength.Largest(from, to));
            var (first, last) = (Math.Max(from, 0), Math.Min(to, i));
            var sampled = Enumerable.Range(0, 48).Select(k => all[(int)(first + (last - first) * k / 47)]).Order().ToArray();
            Assert.Equal(sampled[14], strength.Quantile(0.3f, from, to));
        }
    }
}
