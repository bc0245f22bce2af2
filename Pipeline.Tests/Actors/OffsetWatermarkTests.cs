using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Xunit;

namespace Pipeline.Tests.Actors;

public class OffsetWatermarkTests
{
    [Fact]
    public void Nothing_may_be_committed_before_the_first_record_is_done_with()
    {
        var watermark = new OffsetWatermark();
        Assert.Null(watermark.Committable);
        var hold = watermark.Open(7);
        watermark.Take(7, 9);
        Assert.Null(watermark.Committable);

        watermark.Close(hold);

        Assert.Equal(10, watermark.Committable);
    }

    [Fact]
    public void A_batch_that_is_acknowledged_early_waits_for_the_one_before_it()
    {
        var watermark = new OffsetWatermark();
        var first = watermark.Open(0);
        watermark.Take(0, 4);
        var second = watermark.Open(5);
        watermark.Take(5, 9);

        watermark.Close(second);
        Assert.Null(watermark.Committable);
        watermark.Close(first);
        Assert.Equal(10, watermark.Committable);
    }

    [Fact]
    public void A_record_that_waits_holds_its_offset_until_the_batch_that_took_it_up_is_acknowledged()
    {
        var watermark = new OffsetWatermark();
        var batch = watermark.Open(0);
        watermark.Take(0, 9);
        var waiting = watermark.Open(3);
        watermark.Close(batch);
        Assert.Equal(3, watermark.Committable);

        var later = watermark.Open(10);
        watermark.Take(10, 10);
        watermark.Merge(waiting, later);
        Assert.Equal(3, watermark.Committable);
        watermark.Close(later);
        Assert.Equal(11, watermark.Committable);
    }

    [Fact]
    public void Offsets_must_ascend()
    {
        var watermark = new OffsetWatermark();
        watermark.Take(0, 4);

        Assert.Throws<ArgumentOutOfRangeException>(() => watermark.Take(4, 5));
    }

    [Fact]
    public void It_never_passes_a_record_that_is_held_and_never_goes_back()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var watermark = new OffsetWatermark();
            var open = new List<(OffsetWatermark.Hold Hold, SortedSet<long> Offsets)>();
            var next = (long)random.Next(5);
            var highest = long.MinValue;
            for (var step = 0; step < 60; step++)
            {
                if (random.Next(3) > 0)
                {
                    var last = next + random.Next(4);       // a batch, with a hole after it
                    open.Add((watermark.Open(next), [.. Enumerable.Range((int)next, (int)(last - next) + 1).Select(i => (long)i)]));
                    watermark.Take(next, last);
                    next = last + 1 + random.Next(3);
                }
                else if (open.Count > 1 && random.Next(3) == 0)
                {
                    var (from, to) = (open[random.Next(open.Count - 1)], open[^1]);
                    watermark.Merge(from.Hold, to.Hold);
                    to.Offsets.UnionWith(from.Offsets);
                    open.Remove(from);
                }
                else if (open.Count > 0)
                {
                    var done = open[random.Next(open.Count)];
                    watermark.Close(done.Hold);
                    open.Remove(done);
                }

                if (watermark.Committable is not { } committable)
                    continue;
                Assert.True(open.Count == 0 || committable <= open.Min(o => o.Offsets.Min));
                Assert.True(committable >= highest);
                highest = committable;
            }
        }).QuickCheckThrowOnFailure();
    }
}
