using System.Threading.Channels;
using Confluent.Kafka;
using Pipeline.Actors;
using Pipeline.Host.State;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Checkpoints in Kafka: snapshots and a mark in the compacted changelog, under the shard's own partition number, and the group's offset, in one
/// transaction. A process that has lost its shard is kept out twice: by the lease, which ends before its consumer joins the next generation,
/// and by the generation that goes with the offset (KIP-447), so what a frozen owner writes late is never visible. One producer a process,
/// one transaction at a time for all shards that wait.
/// </summary>
public sealed class KafkaShardLog : IShardLog
{
    /// <summary>An open transaction of a process that died ends after this, unless a new owner ends it: until then readers see nothing behind it.</summary>
    public static readonly TimeSpan TransactionTimeout = TimeSpan.FromSeconds(10);

    private const int MaxWaiting = 256;

    // More than this waits for the next transaction, so that none comes near the time-out.
    private const long MaxBytes = 64 << 20;

    private readonly KafkaOptions _options;
    private readonly IPassivePatients _passive;
    private readonly ILogger _log;
    private readonly ShardLeases _leases = new();
    private readonly Changelog _changelog;
    private readonly CheckpointTransactions _transactions;
    private readonly Channel<WaitingCheckpoint> _waiting =
        Channel.CreateBounded<WaitingCheckpoint>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly Dictionary<int, (CancellationTokenSource Stop, Task Reading)> _reads = [];    // of each shard the last; locked
    private readonly CancellationTokenSource _end = new();
    private readonly Task _committing;

    /// <summary>
    /// <paramref name="membership"/>: the consumer's present membership of the group. It is asked under the leases, which the consumer ends
    /// (<see cref="Revoke"/>) in its rebalance handlers: so a lease that stands and the generation that is committed with belong together.
    /// <paramref name="passive"/>, the caller's, takes the snapshots of a shard that is assigned.
    /// </summary>
    public KafkaShardLog(KafkaOptions options, Func<IConsumerGroupMetadata> membership, IPassivePatients passive, ILogger log, TimeProvider time)
        : this(options, membership, passive, log, time, null)
    {
    }

    /// <summary>The same, measured.</summary>
    internal KafkaShardLog(
        KafkaOptions options, Func<IConsumerGroupMetadata> membership, IPassivePatients passive, ILogger log, TimeProvider time, StateMetrics? metrics,
        StandbyReader? standby = null, Action<DeadLetter>? letters = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _passive = passive;
        _log = log;
        Health = new ClientHealth("checkpoints", options, log, time);
        // Unique to the process: the group's generation fences, not the id. It goes with each mark, so that a new owner can end what this process leaves open.
        var transactionalId = $"{options.GroupId}-{Guid.NewGuid():N}";
        _changelog = new Changelog(options, Health, log, time, metrics, standby, new AbandonedTransactions(options, transactionalId, Health, log, time));
        _transactions = new CheckpointTransactions(options, transactionalId, _leases, membership, Health, log, time, metrics, letters);
        _committing = Task.Factory.StartNew(Commit, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Where the snapshots of its shards are put.</summary>
    public IPassivePatients Passive => _passive;

    /// <summary>What the brokers say to reader and producer.</summary>
    public ClientHealth Health { get; }

    /// <inheritdoc/>
    public Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop) =>
        AssignAsync(shard, committed, SamplesTopic?.Invoke(), progress, stop);

    /// <summary>Gives the id of the samples topic that a shard is assigned of.</summary>
    internal Func<Task<Guid>>? SamplesTopic { get; init; }

    /// <summary>The same, for a samples topic with the id <paramref name="topic"/>: a checkpoint of that topic may be the first of its shard.</summary>
    internal async Task<ShardRestore> AssignAsync(int shard, long? committed, Task<Guid>? topic, IProgress<double>? progress, CancellationToken stop)
    {
        var lease = _leases.Begin(shard);
        var read = CancellationTokenSource.CreateLinkedTokenSource(stop, _end.Token);
        Task<ShardRestore> reading;
        lock (_reads)
        {
            // An earlier ownership's reading, of a shard that left before it was there, is not to write beneath this one.
            var earlier = _reads.TryGetValue(shard, out var one) ? one : default;
            earlier.Stop?.Cancel();
            reading = ReadAsync(lease, earlier, new Awaited(committed, topic), progress, read.Token);
            _reads[shard] = (read, reading);
        }
        return await reading.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Through.Partition != checkpoint.Lease.Shard)
            throw new ArgumentException($"A checkpoint of shard {checkpoint.Lease.Shard} through partition {checkpoint.Through.Partition}.", nameof(checkpoint));
        if (!_leases.IsStanding(checkpoint.Lease))
            return CommitOutcome.Fenced;
        var waiting = new WaitingCheckpoint(checkpoint);
        await _waiting.Writer.WriteAsync(waiting, stop).ConfigureAwait(false);
        return await waiting.Outcome.Task.WaitAsync(stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Revoke(ShardLease lease) => _leases.End(lease);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_waiting.Writer.TryComplete())
            return;
        await _end.CancelAsync().ConfigureAwait(false);
        Task[] readings;
        lock (_reads)
            readings = [.. _reads.Values.Select(read => read.Reading)];
        await Task.WhenAll(readings).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _committing.ConfigureAwait(false);
        _transactions.Dispose();
        _end.Dispose();
    }

    private async Task<ShardRestore> ReadAsync(
        ShardLease lease, (CancellationTokenSource? Stop, Task? Reading) earlier, Awaited last, IProgress<double>? progress, CancellationToken stop)
    {
        if (earlier.Reading is { } ending)
            await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        earlier.Stop?.Dispose();
        return await Task.Factory.StartNew(
            () => _changelog.Read(lease, _passive, last, progress, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>The committing thread: the producer's calls block.</summary>
    private void Commit()
    {
        var some = new List<WaitingCheckpoint>();
        try
        {
            while (_waiting.Reader.WaitToReadAsync(_end.Token).AsTask().GetAwaiter().GetResult())
            {
                for (var bytes = 0L; bytes < MaxBytes && _waiting.Reader.TryRead(out var waiting); bytes += waiting.Bytes)
                    some.Add(waiting);
                _transactions.Commit(some, _end.Token);
                some.Clear();
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // What is not committed stays as it was.
        }
        finally
        {
            _waiting.Writer.TryComplete();      // nobody waits for a thread that has ended
            while (_waiting.Reader.TryRead(out var left))
                some.Add(left);
            foreach (var waiting in some)
                waiting.Outcome.TrySetCanceled(CancellationToken.None);
        }
    }
}

/// <summary>A checkpoint that waits for its transaction.</summary>
internal sealed record WaitingCheckpoint(ShardCheckpoint Checkpoint)
{
    /// <summary>About as much as its snapshots take on the wire.</summary>
    public long Bytes { get; } = Checkpoint.Changed.Sum(patient => patient.Devices.Sum(device => device.Stream.Blocks.Sum(block => (long)block.Bytes.Length)));

    public TaskCompletionSource<CommitOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
