using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.State;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>The decisions about transactions and about the end of a changelog, without a broker.</summary>
public sealed class CommitRoundTests
{
    private readonly ShardLeases _leases = new();

    [Fact]
    public async Task Checkpoints_are_tried_until_they_are_committed()
    {
        List<WaitingCheckpoint> waiting = [Of(0), Of(1)];
        WaitingCheckpoint[] all = [.. waiting];
        var round = new CommitRound(_leases, waiting);

        Assert.Equal(2, round.Next().Length);
        round.Note(CommitAttempt.Failed);
        Assert.Equal(2, round.Next().Length);
        Assert.All(all, one => Assert.False(one.Outcome.Task.IsCompleted));
        round.Note(CommitAttempt.Committed);

        Assert.Empty(round.Next());
        foreach (var one in all)
            Assert.Equal(CommitOutcome.Committed, await one.Outcome.Task);
    }

    [Fact]
    public async Task A_checkpoint_whose_lease_has_ended_is_fenced_and_the_others_go_without_it()
    {
        List<WaitingCheckpoint> waiting = [Of(0), Of(1)];
        WaitingCheckpoint[] all = [.. waiting];
        var round = new CommitRound(_leases, waiting);
        Assert.Equal(2, round.Next().Length);

        _leases.End(all[0].Checkpoint.Lease);
        round.Note(CommitAttempt.LeaseEnded);

        Assert.Equal([1], round.Next().Select(checkpoint => checkpoint.Lease.Shard));
        Assert.Equal(CommitOutcome.Fenced, await all[0].Outcome.Task);
        Assert.False(all[1].Outcome.Task.IsCompleted);
    }

    [Fact]
    public async Task What_the_group_refuses_is_fenced_and_not_tried_again()
    {
        List<WaitingCheckpoint> waiting = [Of(0)];
        var one = waiting[0];
        var round = new CommitRound(_leases, waiting);
        round.Next();

        round.Note(CommitAttempt.Fenced);

        Assert.Equal(CommitOutcome.Fenced, await one.Outcome.Task);
        Assert.Empty(round.Next());
    }

    [Fact]
    public void A_reader_waits_behind_an_open_transaction_unless_it_has_the_last_checkpoint_and_ends_one_that_stays_open()
    {
        var time = new ManualTimeProvider();
        var end = new ChangelogEnd(time);

        Assert.True(end.IsReached(isLast: true, isAll: false));
        Assert.False(end.IsReached(isLast: false, isAll: false));
        Assert.False(end.IsAbandoned());
        time.Advance(TimeSpan.FromMilliseconds(301));
        Assert.True(end.IsAbandoned());
        Assert.False(end.IsAbandoned());        // it has been ended a moment ago
        end.NoteRecord();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(end.IsAbandoned());        // it reads
        Assert.True(end.IsReached(isLast: false, isAll: true));
    }

    [Theory]
    [InlineData(6, 7L, true)]
    [InlineData(5, 7L, false)]
    [InlineData(-1, 0L, true)]
    [InlineData(6, null, false)]
    public void The_last_checkpoint_reaches_up_to_the_groups_offset(long through, long? committed, bool isLast) =>
        Assert.Equal(isLast, new Awaited(committed, null).Is(new RecordPosition(Guid.Empty, 0, through), null));

    private WaitingCheckpoint Of(int shard) =>
        new(new ShardCheckpoint(_leases.Begin(shard), new RecordPosition(Guid.Empty, shard, 5), [], []));
}
