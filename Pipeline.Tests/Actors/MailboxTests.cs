using Pipeline.Actors;
using Xunit;

namespace Pipeline.Tests.Actors;

public class MailboxTests
{
    [Fact]
    public void A_full_mailbox_refuses_and_keeps_the_order()
    {
        var mailbox = new Mailbox<int>(4);
        var taken = new int[3];
        Assert.All(Enumerable.Range(0, 4), i => Assert.True(mailbox.TryPost(i)));
        Assert.False(mailbox.TryPost(4));

        Assert.Equal(3, mailbox.Take(taken));
        Assert.Equal([0, 1, 2], taken);
        Assert.True(mailbox.TryPost(5) && mailbox.TryPost(6));
        Assert.Equal(3, mailbox.Take(taken));
        Assert.Equal([3, 5, 6], taken);
        Assert.Equal(0, mailbox.Take(taken));
    }

    [Fact]
    public async Task Space_is_announced_when_half_of_it_is_free()
    {
        var mailbox = new Mailbox<int>(4);
        for (var i = 0; i < 4; i++)
            mailbox.TryPost(i);
        var space = mailbox.WaitForSpaceAsync(default).AsTask();

        mailbox.Take(new int[1]);
        Assert.False(space.IsCompleted);
        mailbox.Take(new int[1]);
        await space;
    }

    [Fact]
    public async Task A_reader_is_woken_by_a_message_by_a_wake_and_by_the_end()
    {
        var mailbox = new Mailbox<int>(4);
        var waiting = mailbox.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        mailbox.TryPost(1);
        await waiting;
        mailbox.Take(new int[4]);

        mailbox.Wake();
        await mailbox.WaitAsync();      // a wake before the wait is not lost
        mailbox.Take(new int[4]);
        waiting = mailbox.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        mailbox.Complete();
        await waiting;
        Assert.False(mailbox.TryPost(2));
    }

    [Fact]
    public async Task A_reader_that_has_no_room_for_messages_is_woken_by_a_wake_alone()
    {
        var mailbox = new Mailbox<int>(4);
        var waiting = mailbox.WaitForWakeAsync().AsTask();
        mailbox.TryPost(1);
        mailbox.Complete();
        Assert.False(waiting.IsCompleted);
        mailbox.Wake();
        await waiting;

        mailbox.Wake();
        await mailbox.WaitForWakeAsync();       // a wake before the wait is not lost
        Assert.False(mailbox.WaitForWakeAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_writer_to_an_ended_mailbox_waits_for_its_own_stop_and_does_not_spin()
    {
        var mailbox = new Mailbox<int>(4);
        mailbox.Complete();
        using var stop = new CancellationTokenSource();

        var space = mailbox.WaitForSpaceAsync(stop.Token).AsTask();
        Assert.False(space.IsCompleted);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => space);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_between_writers_and_the_reader()
    {
        const int PerWriter = 20_000;
        var mailbox = new Mailbox<int>(64);
        var writers = Enumerable.Range(0, 3).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < PerWriter; i++)
                while (!mailbox.TryPost(w * PerWriter + i))
                    await mailbox.WaitForSpaceAsync(default);
        })).ToArray();
        var last = new[] { -1, -1, -1 };
        var buffer = new int[32];

        for (var total = 0; total < 3 * PerWriter;)
        {
            await mailbox.WaitAsync();
            var count = mailbox.Take(buffer);
            foreach (var item in buffer.AsSpan(0, count))
            {
                Assert.Equal(last[item / PerWriter] + 1, item % PerWriter);
                last[item / PerWriter]++;
            }
            total += count;
        }

        await Task.WhenAll(writers);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(5, 1000)]
    public void Delays_double_up_to_the_longest(int failedCount, int milliseconds)
    {
        var policy = new RestartPolicy(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), 6);

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), policy.DelayAfter(failedCount));
        Assert.Null(policy.DelayAfter(6));
    }
}
