using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Xunit;

namespace Pipeline.Tests.Actors;

public sealed class MailboxRunTests
{
    [Fact]
    public void Messages_posted_in_runs_come_out_once_and_in_order_whatever_the_runs() => Prop.ForAll(
        Gen.Choose(-20, 40).ListOf().ToArbitrary(), steps =>
        {
            // A positive step posts a run of so many, a negative one takes so many.
            var mailbox = new Mailbox<int>(16);
            List<int> taken = [];
            var next = 0;
            foreach (var step in steps)
            {
                if (step < 0)
                {
                    var buffer = new int[-step];
                    taken.AddRange(buffer.AsSpan(0, mailbox.Take(buffer)));
                    continue;
                }
                var room = 16 - mailbox.Count;
                var posted = mailbox.Post([.. Enumerable.Range(next, step)]);
                Assert.Equal(Math.Min(step, room), posted);
                next += posted;
            }
            var rest = new int[16];
            taken.AddRange(rest.AsSpan(0, mailbox.Take(rest)));
            Assert.Equal(Enumerable.Range(0, next), taken);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_reader_that_waits_is_woken_by_a_run_and_a_completed_mailbox_takes_none()
    {
        var mailbox = new Mailbox<int>(16);
        var waiting = mailbox.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);

        Assert.Equal(3, mailbox.Post([1, 2, 3]));
        Assert.True(waiting.IsCompletedSuccessfully);

        mailbox.Complete();
        Assert.Equal(0, mailbox.Post([4]));
    }
}
