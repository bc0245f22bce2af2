using Akka.Actor;
using Pipeline.Actors.Stages;

namespace Pipeline.Actors;

/// <summary>
/// The life of a partition that keeps its state. Restoring: the state is read and the shard claimed. Ready: the source seeks. Running: the
/// graph runs; each <c>interval</c> a barrier is sent through it, and what comes out is committed, one checkpoint at a time. Draining: a
/// last barrier, a last commit. A graph that lost a message is restored from its last checkpoint. In: <see cref="Begin"/>,
/// <see cref="Drain"/>, <see cref="GiveUp"/> of the source; results of its own tasks. Out: what <see cref="OwnedPartition"/> shows.
/// </summary>
#pragma warning disable CA1001 // PostStop disposes of what it owns.
internal sealed class PartitionActor : UntypedActor, IWithTimers
#pragma warning restore CA1001
{
    private readonly PartitionAssignment _assignment;
    private readonly OwnedPartition _view;
    private readonly Partitions _partitions;
    private readonly CancellationTokenSource _end = new();
    private readonly CheckpointPlan _plan = new();
    private ShardRestore? _restored;
    private Guid _topicId;
    private Partition? _partition;
    private long _number;           // of the graph: what an earlier one says is passed over
    private bool _isGraphEnded;
    private bool _isLastTried;

    public PartitionActor(PartitionAssignment assignment, OwnedPartition view, Partitions partitions) =>
        (_assignment, _view, _partitions) = (assignment, view, partitions);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;    // set by the actor system

    /// <inheritdoc/>
    protected override void PreStart() => Restore();

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _end.Cancel();
        _end.Dispose();
        _view.ShowEnded();      // also when the actor system ends beneath it
        _partitions.Forget(_view);
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        _partitions.Fail(reason);       // nothing in here throws
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Restoring(message);

    private void Restoring(object message)
    {
        switch (message)
        {
            case Restored { Failure: { } failure }:
                _partitions.Fail(failure);
                End();
                break;
            case Restored { State: { } state } restored:
                (_restored, _topicId) = (state, restored.TopicId);
                _view.ShowRestoring(null, state.Refused);
                if (state.Refused.Count == 0 && _view.TryShowReady(state, state.NextOffset(_topicId)))
                    Become(Ready);
                else if (state.Refused.Count == 0)
                    End();
                break;
            case Drain or GiveUp:
                End();
                break;
        }
    }

    private void Ready(object message)
    {
        switch (message)
        {
            case Begin:
                Start();
                break;
            case Drain or GiveUp:
                End();
                break;
        }
    }

    private void Running(object message)
    {
        switch (message)
        {
            case Tick:
                _view.NoteTick();
                _partition!.RequestCheckpoint();        // there is one while it runs
                Commit(_plan.Next());
                break;
            case Passed passed when passed.Graph == _number:
                Commit(_plan.Take(passed.Checkpoint));
                break;
            case CommitEnded ended when ended.Graph == _number:
                NoteOutcome(ended);
                if (_plan.HasUntried)
                    Commit(_plan.Next());
                break;
            case GraphEnded { Failure: LostMessageException lost } ended when ended.Graph == _number:
                _plan.Forget();
                _partitions.Retire(_partition!);
                _partition = null;
                Timers.CancelAll();
                _view.ShowRestoring(lost.Message, []);
                Become(Restoring);
                Restore();
                break;
            case GraphEnded ended when ended.Graph == _number:
                _isGraphEnded = true;
                if (ended.Failure is { } failure)
                    _partitions.Fail(failure);
                EndWhenCommitted();
                break;
            case Drain:
                Timers.CancelAll();
                _view.ShowDraining();
                Become(Draining);
                _partition!.Complete();
                break;
            case GiveUp:
                CutOff();
                break;
        }
    }

    private void Draining(object message)
    {
        switch (message)
        {
            case Passed passed when passed.Graph == _number:
                Commit(_plan.Take(passed.Checkpoint));
                break;
            case CommitEnded ended when ended.Graph == _number:
                NoteOutcome(ended);
                if (_plan.HasUntried)
                    Commit(_plan.Next());
                EndWhenCommitted();
                break;
            case GraphEnded ended when ended.Graph == _number:
                _isGraphEnded = true;
                if (ended.Failure is { } failure and not LostMessageException)
                    _partitions.Fail(failure);
                EndWhenCommitted();
                break;
            case GiveUp:
                CutOff();
                break;
        }
    }

    /// <summary>The graph was cut off; its end is waited for, so that nothing of it writes beneath another owner in this process.</summary>
    private void Ending(object message)
    {
        if (message is GraphEnded ended && ended.Graph == _number)
            End();
    }

    private void Restore()
    {
        var (self, restoring) = (Self, RestoreAsync(_view.Committed));
        restoring.ContinueWith(
            done => self.Tell(done.IsCompletedSuccessfully
                ? new Restored(done.Result.State, done.Result.TopicId, null)
                : new Restored(null, default, done.Exception?.InnerException ?? new TaskCanceledException(done)), ActorRefs.NoSender),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, _partitions.Settings.Scheduler);
    }

    private async Task<(ShardRestore State, Guid TopicId)> RestoreAsync(long? committed)
    {
        var claim = _partitions.Settings.Region.ClaimAsync(_assignment.Number, _end.Token);
        var restored = await _assignment.RestoreAsync(committed, _end.Token);
        await claim;
        return restored;
    }

    private void Start()
    {
        var (self, number) = (Self, ++_number);
        _isGraphEnded = false;
        _partition = Partition.Start(
            new PartitionPlace(_assignment.Number, _assignment.Topic, _topicId, _assignment.Decoder), _restored, _partitions, passed => self.Tell(new Passed(number, passed), ActorRefs.NoSender));
        _restored = null;
        _partition.Completion.ContinueWith(
            ended => self.Tell(new GraphEnded(number, ended.Exception?.InnerException), ActorRefs.NoSender),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, _partitions.Settings.Scheduler);
        _view.ShowRunning(_partition);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _assignment.Interval);
        Become(Running);
    }

    private void Commit(ShardCheckpoint? next)
    {
        if (next is null)
            return;
        var (self, number) = (Self, _number);
        _assignment.Log.CommitAsync(next, _end.Token).ContinueWith(
            done => self.Tell(new CommitEnded(number, done.IsCompletedSuccessfully && done.Result == CommitOutcome.Committed), ActorRefs.NoSender),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, _partitions.Settings.Scheduler);
    }

    private void NoteOutcome(CommitEnded ended)
    {
        if (_plan.End(ended.IsCommitted) is not { } committed)
            return;
        _view.ShowCommitted(committed.Through.Offset + 1);
        _partition?.NoteCommitted(committed);
        Commit(_plan.Next());
    }

    /// <summary>After the graph's end one that was refused is tried a last time; refused then, it stays so, as the group has another
    /// owner.</summary>
    private void EndWhenCommitted()
    {
        if (!_isGraphEnded || _plan.Committing is not null)
            return;
        if (!_isLastTried && _plan.Next() is { } last)
        {
            _isLastTried = true;
            Commit(last);
        }
        else
            End();
    }

    private void CutOff()
    {
        Timers.CancelAll();
        _view.ShowDraining();
        if (_isGraphEnded)
        {
            End();
            return;
        }
        _partition!.Cancel();
        Become(Ending);
    }

    private void End()
    {
        _view.ShowEnded();
        if (_partition is not null)
            _partitions.Retire(_partition);
        _partitions.Forget(_view);
        Context.Stop(Self);
    }

    /// <summary>The source stands where the state ends: the graph starts.</summary>
    internal sealed class Begin
    {
        public static Begin Instance { get; } = new();
    }

    /// <summary>No record follows.</summary>
    internal sealed class Drain
    {
        public static Drain Instance { get; } = new();
    }

    /// <summary>The ownership has ended, or the time to drain has.</summary>
    internal sealed class GiveUp
    {
        public static GiveUp Instance { get; } = new();
    }

    /// <summary>A checkpoint is due.</summary>
    internal sealed class Tick
    {
        public static Tick Instance { get; } = new();
    }

    private sealed record Restored(ShardRestore? State, Guid TopicId, Exception? Failure);

    private sealed record Passed(long Graph, ShardCheckpoint Checkpoint);

    private sealed record CommitEnded(long Graph, bool IsCommitted);

    private sealed record GraphEnded(long Graph, Exception? Failure);
}
