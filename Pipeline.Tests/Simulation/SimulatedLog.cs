using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.State;
using Pipeline.Models.State;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// A process's way to the changelog, step by step as the one to Kafka: one transaction at a time for all checkpoints that wait, fenced by lease
/// and by the group's generation, both looked at in one moment.
/// </summary>
internal sealed class SimulatedLog(SimulatedProcess process, SimulatedBroker broker, Func<GroupMember> membership) : IShardLog
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), Retry = TimeSpan.FromMilliseconds(200);

    private readonly SnapshotLimit _limit = new(new KafkaOptions(), NullLogger.Instance, null, null);
    private readonly ShardLeases _leases = new();
    private readonly Queue<WaitingCheckpoint> _waiting = new();
    private bool _isCommitting;

    /// <summary>Checkpoints that wait for their transaction.</summary>
    public int WaitingCount => _waiting.Count;

    public async Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop)
    {
        var lease = _leases.Begin(shard);
        var (end, last) = (new ChangelogEnd(process.Clock), new Awaited(committed, null));
        while (true)
        {
            var (rest, writer, patients, isAll) = await process.CallAsync(() => broker.ReadState(shard)).WaitAsync(stop);
            if (end.IsReached(rest is not null && last.Is(rest.Through, rest.Through.TopicId), isAll))
                return new ShardRestore(lease, rest?.Through, patients, [], rest?.Time, rest?.Networks ?? default);
            await Task.Delay(Look, process.Clock, stop);
            if (end.IsAbandoned() && writer is not null && writer != this)
                await EndAsync(writer).WaitAsync(stop);
        }
    }

    public async Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
    {
        if (!IsStanding(checkpoint.Lease))
            return CommitOutcome.Fenced;
        var waiting = new WaitingCheckpoint(checkpoint);
        _waiting.Enqueue(waiting);
        if (!_isCommitting)
        {
            _isCommitting = true;
            _ = process.Start(CommitAllAsync);
        }
        await Awaiting.AllAsync(waiting.Outcome.Task).WaitAsync(stop);
        return await waiting.Outcome.Task;
    }

    public void Revoke(ShardLease lease)
    {
        if (!broker.IsUnfenced)
            _leases.End(lease);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool IsStanding(ShardLease lease) => broker.IsUnfenced || _leases.IsStanding(lease);

    private async Task CommitAllAsync()
    {
        while (_waiting.Count > 0)
        {
            var some = _waiting.ToList();
            _waiting.Clear();
            await CommitAsync(some);
        }
        _isCommitting = false;
    }

    private async Task CommitAsync(List<WaitingCheckpoint> waiting)
    {
        var round = new CommitRound(_leases, waiting);
        while (round.Next() is { Length: > 0 } checkpoints)
        {
            var attempt = await TryCommitAsync(checkpoints);
            round.Note(attempt);
            if (attempt == CommitAttempt.Failed)
                await Task.Delay(Retry, process.Clock);
        }
    }

    private async Task<CommitAttempt> TryCommitAsync(ShardCheckpoint[] checkpoints)
    {
        var transaction = await process.CallAsync(() => broker.Begin(process.Name, this));
        foreach (var checkpoint in checkpoints)
        {
            PatientSnapshot[] changed = [.. checkpoint.Changed.Where(snapshot => _limit.Takes(snapshot, broker.SizeOf(snapshot)))];
            if (broker.LeavesOutTooMuch && changed.Length < checkpoint.Changed.Count)
                changed = [];
            var half = changed.Length / 2;
            var shard = checkpoint.Lease.Shard;
            if (!await process.CallAsync(() => broker.Write(transaction, shard, changed.Take(half), null))
                || !await process.CallAsync(() => broker.Write(transaction, shard, changed.Skip(half), checkpoint)))
                return CommitAttempt.Failed;
            foreach (var snapshot in changed.Where(snapshot => !broker.Fits(snapshot)))
                _limit.Report(snapshot, broker.SizeOf(snapshot));
        }
        if (_limit.TakeReports())
        {
            await AbortAsync(transaction);
            return CommitAttempt.Failed;
        }
        ShardLease[] held = [.. checkpoints.Select(c => c.Lease)];
        var member = broker.IsUnfenced ? membership() : _leases.While(held, membership);
        if (member is not null)
        {
            if (!await process.CallAsync(() => broker.AddOffsets(transaction, member.Name, member.Generation)))
            {
                await AbortAsync(transaction);
                return CommitAttempt.Fenced;
            }
            if (held.All(IsStanding))
                return await process.CallAsync(() => broker.Commit(transaction)) ? CommitAttempt.Committed : CommitAttempt.Failed;
        }
        await AbortAsync(transaction);
        return CommitAttempt.LeaseEnded;
    }

    private Task<bool> EndAsync(object writer) => process.CallAsync(() =>
    {
        broker.End(writer);
        return true;
    });

    private Task<bool> AbortAsync(Transaction transaction) => process.CallAsync(() =>
    {
        broker.Abort(transaction);
        return true;
    });
}

/// <summary>Who a process is in the group.</summary>
internal sealed record GroupMember(string Name, int Generation);
