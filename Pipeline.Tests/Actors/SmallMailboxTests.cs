using Akka.Actor;
using Pipeline.Actors;
using Xunit;

namespace Pipeline.Tests.Actors;

public sealed class SmallMailboxTests
{
    [Fact]
    public void Messages_come_out_in_the_order_in_which_they_came_in_whatever_is_taken_in_between()
    {
        var (mailbox, random, expected) = (new SmallMailboxMessages(), new Random(1), new Queue<int>());
        for (var i = 0; i < 10_000; i++)
            if (random.Next(2) == 0)
            {
                mailbox.Enqueue(ActorRefs.Nobody, new Envelope(i, ActorRefs.NoSender));
                expected.Enqueue(i);
            }
            else
            {
                Assert.Equal(expected.TryDequeue(out var next), mailbox.TryDequeue(out var envelope));
                if (envelope.Message is int message)
                    Assert.Equal(next, message);
                Assert.Equal((expected.Count, expected.Count > 0), (mailbox.Count, mailbox.HasMessages));
            }
    }

    [Fact]
    public void What_is_left_of_an_actor_that_ended_goes_to_the_dead_letters()
    {
        var (mailbox, left) = (new SmallMailboxMessages(), new SmallMailboxMessages());
        for (var i = 0; i < 3; i++)
            mailbox.Enqueue(ActorRefs.Nobody, new Envelope(i, ActorRefs.NoSender));

        mailbox.CleanUp(ActorRefs.Nobody, left);

        Assert.Equal((0, 3), (mailbox.Count, left.Count));
    }
}
