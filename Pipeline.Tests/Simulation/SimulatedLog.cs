using Pipeline.Actors;
using Pipeline.Host.State;

namespace Pipeline.Tests.Simulation;

/// <summary>
/// A process's way to the changelog, step by step as the one to Kafka: one transaction at a time for all checkpoints that wait, fenced by lease
/// and by the group's generation, both looked at in one moment.
/// </summary>
internal sealed class SimulatedLog(SimulatedProcess process, SimulatedBroker broker, Func<GroupMember> membership) : IShardLog
{
    private const int LooksUntilAbandoned = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly ShardLeases _leases = new();
    private readonly Queue<(ShardCheckpoint Checkpoint, TaskCompletionSource<CommitOutcome> Outcome)> _waiting = new();
    private bool _isCommitting;

    /// <summary>Checkpoints that wait for their transaction.</summary>
    public int WaitingCount => _waiting.Count;

    public async Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop)
    {
        var lease = _leases.Begin(shard);
        for (var looks = 1; ; looks++)
        {
            var (rest, writer, patients, isAll) = await process.CallAsync(() => broker.ReadState(shard)).WaitAsync(stop);
            if (isAll || rest?.Through.Offset + 1 >= committed)
                return new ShardRestore(lease, rest?.Through, patients, [], rest?.Time, rest?.Networks ?? default);
            await Task.Delay(Look, process.Clock, stop);
            if (looks == LooksUntilAbandoned && writer is not null && writer != this)
                await EndAsync(writer).WaitAsync(stop);
        }
    }

    public async Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
    {
        if (!IsStanding(checkpoint.Lease))
            return CommitOutcome.Fenced;
        var outcome = new TaskCompletionSource<CommitOutcome>();
        _waiting.Enqueue((checkpoint, outcome));
        if (!_isCommitting)
        {
            _isCommitting = true;
            _ = process.Start(CommitAllAsync);
        }
        return await outcome.Task.WaitAsync(stop);
    }

    public void Revoke(ShardLease lease) => _leases.End(lease);

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

    private async Task CommitAsync(List<(ShardCheckpoint Checkpoint, TaskCompletionSource<CommitOutcome> Outcome)> waiting)
    {
        while (true)
        {
            foreach (var gone in waiting.Where(w => !IsStanding(w.Checkpoint.Lease)))
                gone.Outcome.TrySetResult(CommitOutcome.Fenced);
            waiting.RemoveAll(w => w.Outcome.Task.IsCompleted);
            if (waiting.Count == 0)
                return;
            if (await TryCommitAsync([.. waiting.Select(w => w.Checkpoint)]) is not { } outcome)
                continue;
            foreach (var (_, told) in waiting)
                told.TrySetResult(outcome);
            return;
        }
    }

    /// <summary>Null: nothing is committed, and it is to be tried again with the leases that stand.</summary>
    private async Task<CommitOutcome?> TryCommitAsync(ShardCheckpoint[] checkpoints)
    {
        var transaction = await process.CallAsync(() => broker.Begin(process.Name, this));
        foreach (var checkpoint in checkpoints)
        {
            var half = checkpoint.Changed.Count / 2;
            var shard = checkpoint.Lease.Shard;
            if (!await process.CallAsync(() => broker.Write(transaction, shard, checkpoint.Changed.Take(half), null))
                || !await process.CallAsync(() => broker.Write(transaction, shard, checkpoint.Changed.Skip(half), checkpoint)))
                return null;
        }
        ShardLease[] held = [.. checkpoints.Select(c => c.Lease)];
        var member = broker.IsUnfenced ? membership() : _leases.While(held, membership);
        if (member is not null)
        {
            if (!await process.CallAsync(() => broker.AddOffsets(transaction, member.Name, member.Generation)))
            {
                await AbortAsync(transaction);
                return CommitOutcome.Fenced;
            }
            if (held.All(IsStanding))
                return await process.CallAsync(() => broker.Commit(transaction)) ? CommitOutcome.Committed : null;
        }
        await AbortAsync(transaction);
        return null;
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
