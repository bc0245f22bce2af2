using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors.Inference;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Inference;

/// <summary>The queue and its batches, without threads: time moves by hand.</summary>
public sealed class InferenceQueueTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly InferenceOwner _owner = new();

    [Fact]
    public void Without_a_delay_a_batch_is_due_as_soon_as_something_waits()
    {
        var (queue, batch) = Open(new InferenceOptions { MaxBatch = 8 });

        Assert.False(queue.TryTake(batch));
        queue.TryPost(Request());

        Assert.True(queue.TryTake(batch));
        Assert.Equal(1, batch.Count);
    }

    [Fact]
    public void With_a_delay_a_batch_closes_when_its_oldest_request_is_old_enough_or_when_it_is_full()
    {
        var (queue, batch) = Open(new InferenceOptions { MaxBatch = 4, MaxDelay = TimeSpan.FromMilliseconds(10) });

        queue.TryPost(Request());
        _time.Advance(TimeSpan.FromMilliseconds(9));
        queue.TryPost(Request(priority: InferencePriority.CatchUp));
        Assert.False(queue.TryTake(batch));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(queue.TryTake(batch));
        Assert.Equal(2, batch.Count);

        queue.Finish(batch);
        for (var i = 0; i < 4; i++)
            queue.TryPost(Request());
        Assert.True(queue.TryTake(batch));
        Assert.Equal(4, batch.Count);
    }

    [Fact]
    public void A_queue_that_stops_gives_out_what_waits_without_delay()
    {
        var (queue, batch) = Open(new InferenceOptions { MaxBatch = 4, MaxDelay = TimeSpan.FromMilliseconds(10) });
        queue.TryPost(Request());

        queue.Stop();

        Assert.True(queue.TryTake(batch));
        Assert.Null(queue.TryPost(Request()));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]      // padded to 4
    [InlineData(5, 5)]      // padded to 6
    [InlineData(17, 16)]    // 24 would be padded by more than a quarter
    [InlineData(18, 18)]
    [InlineData(33, 32)]
    [InlineData(36, 36)]
    [InlineData(63, 63)]
    [InlineData(65, 64)]
    [InlineData(4_000, 64)]
    public void All_that_wait_are_taken_unless_padding_would_waste_more_than_a_quarter(int waiting, int taken) =>
        Assert.Equal(taken, MicroBatch.RowsToTake(waiting, new InferenceOptions { MaxBatch = 64 }.BatchSizes));

    [Fact]
    public void Whatever_waits_a_batch_is_taken_that_fits_a_size_and_leaves_no_more_than_it_takes_while_there_is_room()
    {
        Prop.ForAll(Gen.Choose(1, 300).ToArbitrary(), Gen.Choose(1, 128).ToArbitrary(), (waiting, maxBatch) =>
        {
            var sizes = new InferenceOptions { MaxBatch = maxBatch }.BatchSizes;
            var taken = MicroBatch.RowsToTake(waiting, sizes);
            var size = sizes.First(s => s >= taken);
            return taken >= 1 && taken <= waiting && taken <= maxBatch && (waiting >= maxBatch || 2 * taken >= waiting) && (4 * taken >= 3 * size);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Live_requests_go_first_and_catch_up_still_gets_one_row_in_eight()
    {
        var (queue, batch) = Open(new InferenceOptions { MaxBatch = 16, QueueCapacity = 64 });
        for (var i = 0; i < 40; i++)
            queue.TryPost(Request(priority: InferencePriority.CatchUp));
        for (var i = 0; i < 30; i++)
            queue.TryPost(Request());

        var order = Drain(queue, batch);

        var live = order.Take(34).Count(p => p == InferencePriority.Live);
        Assert.Equal(30, live);
        Assert.Equal([7, 15, 23, 31], order.Take(34).Index().Where(o => o.Item == InferencePriority.CatchUp).Select(o => o.Index));
        Assert.All(order.Skip(34), p => Assert.Equal(InferencePriority.CatchUp, p));
    }

    [Fact]
    public void Whatever_waits_requests_of_one_priority_keep_their_order_and_no_catch_up_waits_behind_more_than_seven_live()
    {
        Prop.ForAll(Gen.Elements(true, false).ArrayOf().ToArbitrary(), Gen.Choose(1, 16).ToArbitrary(), (isLive, maxBatch) =>
        {
            var (queue, batch) = Open(new InferenceOptions { MaxBatch = maxBatch, QueueCapacity = 128 });
            var posted = isLive.Select(live => Request(priority: live ? InferencePriority.Live : InferencePriority.CatchUp)).ToArray();
            foreach (var request in posted)
                queue.TryPost(request);
            var taken = new List<InferenceRequest>();
            while (queue.TryTake(batch))
            {
                taken.AddRange(batch.Requests);
                queue.Finish(batch);
            }
            var waiting = posted.Count(r => r.Priority == InferencePriority.CatchUp);
            var run = 0;
            var isFair = true;
            foreach (var request in taken)
            {
                run = request.Priority == InferencePriority.Live && waiting > 0 ? run + 1 : 0;
                waiting -= request.Priority == InferencePriority.CatchUp ? 1 : 0;
                isFair &= run <= InferenceQueue.LivePerCatchUp;
            }
            return isFair && new[] { InferencePriority.Live, InferencePriority.CatchUp }.All(p => posted.Where(r => r.Priority == p).SequenceEqual(taken.Where(r => r.Priority == p)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_request_in_flight_cannot_be_posted_again()
    {
        var (queue, _) = Open(new InferenceOptions());
        var request = Request();
        queue.TryPost(request);

        Assert.Throws<InvalidOperationException>(() => queue.TryPost(request));
    }

    [Fact]
    public void Each_priority_has_its_own_places()
    {
        var (queue, _) = Open(new InferenceOptions { MaxBatch = 16, QueueCapacity = 16 });
        for (var i = 0; i < 16; i++)
            Assert.True(queue.TryPost(Request(priority: InferencePriority.CatchUp)));

        Assert.False(queue.TryPost(Request(priority: InferencePriority.CatchUp)));
        Assert.True(queue.TryPost(Request()));
    }

    [Fact]
    public void A_window_through_the_worker_allocates_nothing()
    {
        var options = new InferenceOptions { MaxBatch = 8 };
        using var telemetry = new InferenceTelemetry();
        var queue = new InferenceQueue(options, _time);
        var session = new GatedSession(options.BatchSizes);
        session.Runs.Capacity = session.Computed.Capacity = 100_000;
        var worker = new InferenceWorker(queue, session, _time, new ModelMetrics(telemetry, "test@1", queue, _time));
        var requests = Enumerable.Range(0, 8).Select(_ => Request()).ToArray();
        void Round()
        {
            foreach (var request in requests)
                queue.TryPost(request);
            while (worker.TryStep())
            {
            }
        }
        Round();

        Assert.Equal(0, Allocation.Least(() =>
        {
            for (var i = 0; i < 100; i++)
                Round();
        }));
    }

    private static List<InferencePriority> Drain(InferenceQueue queue, MicroBatch batch)
    {
        var order = new List<InferencePriority>();
        while (queue.TryTake(batch))
        {
            foreach (var request in batch.Requests)
                order.Add(request.Priority);
            queue.Finish(batch);
        }
        return order;
    }

    private (InferenceQueue Queue, MicroBatch Batch) Open(InferenceOptions options)
    {
        var queue = new InferenceQueue(options, _time);
        return (queue, queue.NewBatch(options.BatchSizes));
    }

    private InferenceRequest Request(InferencePriority priority = InferencePriority.Live) => new(_owner, 1, 1, 2, _ => { }) { Priority = priority };
}
