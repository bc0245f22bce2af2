using Pipeline.Actors;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>What a source does about the state of a shard, against storage that answers as a test says.</summary>
public sealed class KeptShardTests : IAsyncDisposable
{
    private static readonly Guid TopicId = new("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ManualTimeProvider _time = new();
    private readonly AnsweringLog _log = new();
    private readonly HeldSink _sink = new();
    private readonly Partitions _shards;
    private readonly KeptShard _kept;

    public KeptShardTests()
    {
        _shards = TestPartitions.Of(new TopologyOptions(), [_sink], _time, PatientRun.Stages);
        _kept = new KeptShard(0, _shards, _log, Interval, _time);
    }

    public ValueTask DisposeAsync() => _shards.DisposeAsync();

    [Fact]
    public async Task A_checkpoint_that_was_refused_is_committed_although_no_further_record_comes()
    {
        Begin();
        Assert.True(_shards.TryPost(0, new ShardRecord(7, SimulatedChunks.Of(beds: 1, seconds: 1)[0])));
        _log.Answers.Enqueue(CommitOutcome.Fenced);
        _log.Answers.Enqueue(CommitOutcome.Committed);

        while (_kept.Committed is null)
        {
            _time.Advance(Interval);
            _kept.Keep(CancellationToken.None);
            await Task.Yield();
        }

        Assert.Equal(8, _kept.Committed);
        Assert.Equal([7, 7], _log.Commits.Select(checkpoint => checkpoint.Through.Offset));
        Assert.Single(_log.Commits[1].Changed);
    }

    [Fact]
    public void A_shard_that_is_lost_while_its_state_is_read_has_not_begun()
    {
        _kept.BeginRestore(new TaskCompletionSource<ShardRestore>().Task);

        _kept.Revoke();

        Assert.False(_kept.IsRestoring);
        Assert.False(_kept.HasBegun);
        Assert.Empty(_shards.Assigned);
    }

    private void Begin()
    {
        _kept.BeginRestore(_log.AssignAsync(0, 0, null, CancellationToken.None));
        Assert.NotNull(_kept.Restored);
        _kept.Begin("t", TopicId);
    }

    private sealed class AnsweringLog : IShardLog
    {
        public Queue<CommitOutcome> Answers { get; } = new();

        public List<ShardCheckpoint> Commits { get; } = [];

        public Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop) =>
            Task.FromResult(new ShardRestore(new ShardLease(shard, 1), null, [], []));

        public Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
        {
            Commits.Add(checkpoint);
            return Task.FromResult(Answers.Dequeue());
        }

        public void Revoke(ShardLease lease)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
