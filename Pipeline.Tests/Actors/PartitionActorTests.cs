using Akka.Actor;
using Pipeline.Actors;
using Pipeline.Tests.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Actors;

/// <summary>The life of a partition that keeps its state, against a log that answers as a test says.</summary>
public sealed class PartitionActorTests : IAsyncDisposable
{
    private static readonly Guid TopicId = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly AnsweringLog _log = new();
    private readonly HeldSink _sink = new();
    private readonly LossyRegion _region;
    private readonly Partitions _partitions;

    public PartitionActorTests() =>
        (_partitions, _region) = TestPartitions.Lossy(new TopologyOptions { AcknowledgeWithin = TimeSpan.FromMilliseconds(20) }, [_sink], TimeProvider.System, PatientRun.Stages);

    public ValueTask DisposeAsync() => _partitions.DisposeAsync();

    [Fact]
    public async Task A_checkpoint_that_was_refused_is_committed_although_no_further_record_comes()
    {
        _log.Answers.Enqueue(CommitOutcome.Fenced);
        var owned = await BeginAsync();
        Assert.Equal(1, owned.Offer([new ShardRecord(7, SimulatedChunks.Of(beds: 1, seconds: 1)[0])]));

        for (var patience = new Patience(_partitions); owned.Committed is null; await patience.WaitAsync())
            owned.RequestCheckpoint();

        Assert.Equal(8, owned.Committed);
        Assert.Equal([7, 7], _log.Commits.Select(checkpoint => checkpoint.Through.Offset));
        Assert.Single(_log.Commits[1].Changed);
    }

    [Fact]
    public async Task A_partition_that_is_lost_while_its_state_is_read_never_runs()
    {
        var reading = new TaskCompletionSource<(ShardRestore, Guid)>();
        var owned = _partitions.Assign(new PartitionAssignment(0, "t", _log, TimeSpan.FromDays(1), (_, _) => reading.Task));

        owned.Revoke();
        reading.SetResult((new ShardRestore(new ShardLease(0, 1), null, [], []), TopicId));
        await owned.Ended;

        Assert.Equal(PartitionPhase.Ended, owned.Phase);
        Assert.Empty(_partitions.Assigned);
    }

    [Fact]
    public async Task Nothing_begins_before_the_shard_answers_in_this_process()
    {
        var claimed = _region.HoldClaims();
        var owned = Assign();
        await _log.Assigned.Task;

        Assert.Equal(PartitionPhase.Restoring, owned.Phase);
        Assert.Equal(0, owned.Offer([new ShardRecord(0, SimulatedChunks.Of(beds: 1, seconds: 1)[0])]));

        claimed.SetResult();
        await UntilAsync(owned, PartitionPhase.Ready);
    }

    [Fact]
    public async Task A_patients_message_that_is_lost_lets_the_partition_go_on_from_its_last_checkpoint()
    {
        var chunks = SimulatedChunks.Of(beds: 1, seconds: 30).Where(chunk => chunk.Device == "ecg").ToList();
        var owned = await BeginAsync();
        for (var i = 0; i < 5; i++)     // no window yet: the patient has no entity
            Assert.Equal(1, owned.Offer([new ShardRecord(i, chunks[i])]));
        for (var patience = new Patience(_partitions); owned.Committed != 5; await patience.WaitAsync())
            owned.RequestCheckpoint();
        _region.LosesMessages = true;
        for (var i = 5; i < 12; i++)
            Assert.Equal(1, owned.Offer([new ShardRecord(i, chunks[i])]));

        await _region.LostAsync();
        await UntilAsync(owned, PartitionPhase.Ready);

        Assert.Equal(5, owned.NextOffset);
        _region.LosesMessages = false;
        owned.Begin();
        await UntilAsync(owned, PartitionPhase.Running);
        for (var i = 5; i < chunks.Count; i++)
            Assert.Equal(1, owned.Offer([new ShardRecord(i, chunks[i])]));
        await owned.DrainAsync(CancellationToken.None);
        Assert.Equal(chunks.Count, owned.Committed);
    }

    private OwnedPartition Assign() => _partitions.Assign(new PartitionAssignment(
        0, "t", _log, TimeSpan.FromDays(1), async (committed, stop) => (await _log.AssignAsync(0, committed, null, stop), TopicId)));

    private async Task<OwnedPartition> BeginAsync()
    {
        var owned = Assign();
        await UntilAsync(owned, PartitionPhase.Ready);
        owned.Begin();
        await UntilAsync(owned, PartitionPhase.Running);
        return owned;
    }

    private async Task UntilAsync(OwnedPartition owned, PartitionPhase phase)
    {
        for (var patience = new Patience(_partitions); owned.Phase != phase; await patience.WaitAsync())
        {
            // asked again
        }
    }

    /// <summary>Keeps the last checkpoint in memory; answers as it is told, and else commits.</summary>
    private sealed class AnsweringLog : IShardLog
    {
        private ShardCheckpoint? _last;

        public Queue<CommitOutcome> Answers { get; } = new();

        public List<ShardCheckpoint> Commits { get; } = [];

        public TaskCompletionSource Assigned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop)
        {
            Assigned.TrySetResult();
            return Task.FromResult(new ShardRestore(new ShardLease(shard, 1), _last?.Through, _last?.Changed ?? [], [], _last?.Time));
        }

        public Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
        {
            Commits.Add(checkpoint);
            var outcome = Answers.TryDequeue(out var answer) ? answer : CommitOutcome.Committed;
            _last = outcome == CommitOutcome.Committed ? checkpoint : _last;
            return Task.FromResult(outcome);
        }

        public void Revoke(ShardLease lease)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A local region that can lose messages and let claims wait.</summary>
internal sealed class LossyRegion : IPatientRegion
{
    private readonly LocalPatientRegion _region;
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _claims = Task.CompletedTask;

    public LossyRegion(ActorSystem system)
    {
        _region = new LocalPatientRegion(system);
        Patients = system.ActorOf(Props.Create(() => new Router(this)));
    }

    public bool LosesMessages { get; set; }

    public IActorRef Patients { get; }

    public TaskCompletionSource HoldClaims()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _claims = held.Task;
        return held;
    }

    /// <summary>Completes when a message was lost.</summary>
    public Task LostAsync() => _lost.Task;

    public async Task ClaimAsync(int partition, CancellationToken stop)
    {
        await _claims;
        await _region.ClaimAsync(partition, stop);
    }

    public Task ReleaseAsync(int partition, CancellationToken stop) => _region.ReleaseAsync(partition, stop);

    private sealed class Router(LossyRegion owner) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (!owner.LosesMessages)
                owner._region.Patients.Forward(message);
            else
                owner._lost.TrySetResult();
        }
    }
}
