using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Xunit;

namespace Pipeline.Tests.Kafka;

public sealed class PartitionProgressTests
{
    private static readonly ShardRestore Nothing = new(new ShardLease(3, 1), null, [], []);

    private readonly OwnedPartition _owned = new(3, new RevokedLeases());

    [Fact]
    public void A_record_that_comes_before_the_graph_runs_is_passed_over_and_read_again()
    {
        var progress = new PartitionProgress(3, expected: 40) { Owned = _owned };

        Assert.True(progress.PassOver(40, out var isFirst));
        Assert.True(isFirst);
        Assert.True(progress.PassOver(41, out isFirst));
        Assert.False(isFirst);
        _owned.TryShowReady(Nothing, nextOffset: 38);
        Assert.True(progress.IsToBegin);
        progress.Begin();
        Assert.True(progress.PassOver(41, out _));      // the graph has not started yet
        Assert.False(progress.IsToBegin);
        Assert.False(progress.IsToSeek);
        _owned.ShowRunning(null!);      // what runs does not matter here
        Assert.True(progress.IsToSeek);
        Assert.Equal(38, progress.SeekTo);
        progress.NoteSought();

        Assert.False(progress.PassOver(38, out _));
        Assert.Null(progress.PassedOver);
        Assert.Equal(38, progress.Expected);
        Assert.Null(progress.SeekTo);
    }

    [Fact]
    public void A_consumer_that_stands_where_the_state_ends_does_not_move()
    {
        var progress = new PartitionProgress(3, expected: 40) { Owned = _owned };

        Run(progress, nextOffset: 40, sought: null);

        Assert.Equal(40, progress.Expected);
    }

    [Fact]
    public void A_graph_that_starts_again_without_a_checkpoint_begins_with_the_first_record_that_was_read()
    {
        var progress = new PartitionProgress(3, expected: null) { Owned = _owned };
        Run(progress, nextOffset: null, sought: null);
        for (var offset = 12; offset < 20; offset++)
            progress.NoteRead(offset);

        _owned.ShowRestoring("a message was lost", []);
        progress.Held.Enqueue(new ShardRecord(20, null));

        Run(progress, nextOffset: null, sought: 12);
        Assert.Empty(progress.Held);
        Assert.Equal(12, progress.Expected);
    }

    [Theory]
    [InlineData(7, 0, 10, nameof(RecordGap.None))]
    [InlineData(9, 0, 10, nameof(RecordGap.Doubtful))]
    [InlineData(9, 7, 10, nameof(RecordGap.Doubtful))]
    [InlineData(9, 8, 10, nameof(RecordGap.Retention))]
    [InlineData(5, 0, 10, nameof(RecordGap.WentBack))]
    [InlineData(5, 0, 7, nameof(RecordGap.WentBack))]
    [InlineData(0, 0, 6, nameof(RecordGap.NewTopic))]
    public void A_record_that_is_not_the_seventh_is_judged_by_what_the_topic_holds(long found, long low, long high, string gap) =>
        Assert.Equal(Enum.Parse<RecordGap>(gap), new PartitionProgress(3, expected: 7).FindGap(found, () => (low, high)));

    [Fact]
    public void A_hole_is_one_when_it_shows_again_and_no_record_in_it_could_not_be_read()
    {
        var progress = new PartitionProgress(3, expected: 7);
        RecordGap Find(long found) => progress.FindGap(found, () => (0, 20));

        Assert.Equal(RecordGap.Doubtful, Find(9));
        Assert.Equal(RecordGap.Doubtful, Find(12));     // another record than the first time
        progress.NoteFault("no memory", 0);
        Assert.Equal(RecordGap.Doubtful, Find(12));
        Assert.Equal(RecordGap.Hole, Find(12));

        progress.NoteRead(12);
        Assert.Null(progress.Fault);
        Assert.Equal(RecordGap.Doubtful, Find(14));
        Assert.Equal(RecordGap.None, Find(13));
    }

    [Fact]
    public void A_repetition_is_judged_once()
    {
        var progress = new PartitionProgress(3, expected: 7);

        Assert.Equal(RecordGap.WentBack, progress.FindGap(3, () => (0, 7)));
        for (var offset = 4; offset < 7; offset++)
            Assert.Equal(RecordGap.Repeated, progress.FindGap(offset, () => throw new InvalidOperationException("asked again")));
        Assert.Equal(RecordGap.None, progress.FindGap(7, () => throw new InvalidOperationException("asked again")));
    }

    private void Run(PartitionProgress progress, long? nextOffset, long? sought)
    {
        _owned.TryShowReady(Nothing, nextOffset);
        progress.Begin();
        _owned.ShowRunning(null!);      // as above
        Assert.True(progress.IsToSeek);
        Assert.Equal(sought, progress.SeekTo);
        progress.NoteSought();
        Assert.False(progress.IsToSeek);
    }

    private sealed class RevokedLeases : IShardLog
    {
        public Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop) => throw new NotSupportedException();

        public Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop) => throw new NotSupportedException();

        public void Revoke(ShardLease lease)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
