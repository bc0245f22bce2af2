using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.State;

/// <summary>
/// Checkpoints in a local file, for the embedded broker, which knows no transactions, and for recordings. One process; the mark in the file is
/// the offset that counts. A disk that takes nothing is waited for without end.
/// </summary>
public sealed class FileShardLog(SnapshotStore store, ILogger<FileShardLog> log, TimeProvider time) : IShardLog
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200), LongestRetry = TimeSpan.FromSeconds(10);

    private readonly ShardLeases _leases = new();

    /// <inheritdoc/>
    public async Task<ShardRestore> AssignAsync(int shard, IProgress<double>? progress, CancellationToken stop)
    {
        var lease = _leases.Begin(shard);
        var (mark, snapshots) = await RetryAsync(() => store.Read(shard), stop).ConfigureAwait(false);
        var restore = SnapshotDecoding.Decode(lease, snapshots, mark);
        progress?.Report(1);
        return restore;
    }

    /// <inheritdoc/>
    public async Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return await RetryAsync(() =>
        {
            if (!_leases.IsStanding(checkpoint.Lease))
                return CommitOutcome.Fenced;
            store.Apply(
                checkpoint.Lease.Shard, checkpoint.Changed.Select(s => (s.Patient.Value, SnapshotCodec.Encode(s))), checkpoint.Forgotten,
                SnapshotCodec.EncodeMark(checkpoint.Through));
            return CommitOutcome.Committed;
        }, stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Revoke(ShardLease lease) => _leases.End(lease);

    /// <summary>The store stays the caller's.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> RetryAsync<T>(Func<T> work, CancellationToken stop)
    {
        for (var delay = FirstRetry; ; delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry)
        {
            try
            {
                // The disk blocks.
                return await Task.Run(work, stop).ConfigureAwait(false);
            }
            catch (IOException fault)
            {
                log.Waiting(fault.Message, delay);
            }
            await Task.Delay(delay, time, stop).ConfigureAwait(false);
        }
    }
}

/// <summary>What the local checkpoints say.</summary>
internal static partial class StateLog
{
    [LoggerMessage(2100, LogLevel.Error, "Checkpoints cannot be kept: {Detail} Tried again in {Delay}; nothing is dropped")]
    public static partial void Waiting(this ILogger log, string detail, TimeSpan delay);
}
