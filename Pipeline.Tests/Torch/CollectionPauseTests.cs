using Pipeline.Tests.Training;
using Pipeline.Training.Torch;
using Xunit;

namespace Pipeline.Tests.Torch;

/// <summary>The pause is of the process, so no other test runs meanwhile.</summary>
[Collection(nameof(SeededTraining))]
public sealed class CollectionPauseTests
{
    [Fact]
    public void Nothing_is_collected_during_a_pause_though_other_threads_allocate()
    {
        using (CollectionPause.Begin())
        {
            var before = GC.CollectionCount(0);

            Parallel.For(0, 4, _ => Allocate(megabytes: 20));

            Assert.Equal(before, GC.CollectionCount(0));
        }
    }

    [Fact]
    public void Many_pauses_in_a_row_collect_between_them_and_not_inside()
    {
        var (inside, first) = (0, GC.CollectionCount(0));
        for (var i = 0; i < 20; i++)
        {
            using var pause = CollectionPause.Begin();
            var before = GC.CollectionCount(0);
            Allocate(megabytes: 40);
            inside += GC.CollectionCount(0) - before;
        }

        Assert.Equal(0, inside);
        Assert.True(GC.CollectionCount(0) > first);
    }

    [Fact]
    public void A_pause_that_a_forced_collection_ended_is_begun_again_by_the_next()
    {
        using (CollectionPause.Begin())
            GC.Collect();
        using (CollectionPause.Begin())
        {
            var before = GC.CollectionCount(0);

            Allocate(megabytes: 50);

            Assert.Equal(before, GC.CollectionCount(0));
        }
    }

    private static void Allocate(int megabytes)
    {
        for (var i = 0; i < megabytes * 16; i++)
            GC.KeepAlive(new byte[1 << 16]);
    }
}
