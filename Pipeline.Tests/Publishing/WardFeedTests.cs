using Pipeline.Host.Publishing;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Publishing;

/// <summary>When a ward's chunks are published, on a clock that jumps over every wait.</summary>
public sealed class WardFeedTests
{
    private readonly List<double> _published = [];
    private int _waits;
    private WardFeed? _feed;

    [Fact]
    public async Task A_chunk_is_published_when_ward_time_has_reached_its_last_sample()
    {
        await FeedAsync(speed: 4, count: 5, (_, _) => { });

        Close([0.25, 0.5, 0.75, 1, 1.25], _published);
    }

    [Fact]
    public async Task A_ward_hurries_and_stands_still_from_what_it_has_published_on()
    {
        await FeedAsync(speed: 1, count: 9, (feed, chunk) =>
        {
            if (chunk == 3)
                feed.RunAt(10);
            else if (chunk == 6)
                feed.RunAt(0);
        });

        // After the sixth chunk it stands for nine naps of half a second; in the tenth it goes on, with a second until the next is due.
        Close([1, 2, 3, 3.1, 3.2, 3.3, 8.8, 9.8, 10.8], _published);
        Assert.Equal(Chunks.Start.AddSeconds(9), _feed!.Reached);
    }

    private static void Close(double[] expected, List<double> found)
    {
        Assert.Equal(expected.Length, found.Count);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 0.01);
    }

    private async Task FeedAsync(double speed, int count, Action<WardFeed, int> published)
    {
        InstantDelays time = null!;
        time = new InstantDelays(_ =>
        {
            if (_published.Count == 6 && ++_waits == 10)
                _feed!.RunAt(1);
            return true;
        });
        var began = time.GetTimestamp();
        var chunks = Enumerable.Range(0, count).Select(i => Chunks.Of(10 * i, 10, end: i == count - 1));
        _feed = new WardFeed([chunks], Chunks.Start, speed, (_, _) =>
        {
            _published.Add(time.GetElapsedTime(began).TotalSeconds);
            published(_feed!, _published.Count);
            return ValueTask.CompletedTask;
        }, new ProductionClock(time), time);
        await _feed.RunAsync(CancellationToken.None, CancellationToken.None);
    }
}
