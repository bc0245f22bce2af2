using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors.Serving;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

public sealed class WaitingPointsTests
{
    [Fact]
    public void They_are_a_queue_whose_newest_can_be_taken_back() => Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
    {
        var random = new Random(seed);
        var (points, naive, number) = (new WaitingPoints(), new List<long>(), 0L);
        for (var step = 0; step < 200; step++)
        {
            switch (random.Next(5))
            {
                case 0 when naive.Count > 0:
                    Assert.Equal(naive[0], points.Dequeue().Point.WindowId);
                    naive.RemoveAt(0);
                    break;
                case 1:
                    var kept = random.Next(naive.Count + 1);
                    points.Truncate(kept);
                    naive.RemoveRange(kept, naive.Count - kept);
                    break;
                default:
                    points.Add(Points.Of(number), null);
                    naive.Add(number++);
                    break;
            }
            Assert.Equal(naive, Enumerable.Range(0, points.Count).Select(i => points[i].Point.WindowId));
        }
    }).QuickCheckThrowOnFailure();
}
