using System.Threading.Channels;
using Pipeline.Actors;
using Pipeline.Host.Wire;
using Polly;
using Polly.Retry;

namespace Pipeline.Host.State;

/// <summary>
/// Checkpoints in a local file (<see cref="CheckpointFile"/>), for a broker without transactions: the embedded one, whose memory ends with
/// the process. One process a folder; within it any number of consumers may share the log, as a lease fences the earlier owner of a shard.
/// Reading and writing run one after the other in the background: checkpoints that wait at the same time share a transaction. Storage that
/// fails is retried without end, with back-off; <see cref="Fault"/> says why meanwhile. Thread-safe; nothing blocks the caller.
/// </summary>
public sealed class FileShardLog : IShardLog
{
    private const int MaxWaiting = 256;
    private const int MaxBatch = 64;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250), MaxRetryDelay = TimeSpan.FromSeconds(10);

    private readonly CheckpointFolder _folder;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly ShardLeases _leases = new();
    private readonly Channel<Request> _requests =
        Channel.CreateBounded<Request>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly ResiliencePipeline _untilDone;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private volatile string? _fault;
    private long _faultSince;

    private FileShardLog(CheckpointFolder folder, IPassivePatients passive, ILogger log, TimeProvider time)
    {
        (_folder, Passive, _log, _time) = (folder, passive, log, time);
        _untilDone = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<IOException>().Handle<InvalidDataException>(),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = RetryDelay,
                MaxDelay = MaxRetryDelay,
                OnRetry = attempt => NoteFailure(attempt.Outcome.Exception!),   // set: only failures are retried
            })
            .Build();
        _running = Task.Run(RunAsync);
    }

    /// <summary>Where the snapshots of an assigned shard are put. Stays the caller's.</summary>
    public IPassivePatients Passive { get; }

    /// <summary>Why the storage cannot be used at present, for a person; null while it can.</summary>
    public string? Fault => _fault;

    /// <summary>Opens the checkpoints in <paramref name="folder"/>, which is created when it is missing.</summary>
    /// <exception cref="IOException">The folder cannot be used, another process has it, or its file cannot be read.</exception>
    public static FileShardLog Open(string folder, IPassivePatients passive, ILogger log, TimeProvider time) =>
        Open(new CheckpointFolder(folder), passive, log, time);

    /// <summary>The same; the log owns <paramref name="folder"/>.</summary>
    internal static FileShardLog Open(CheckpointFolder folder, IPassivePatients passive, ILogger log, TimeProvider time) =>
        new(folder, passive, log, time);

    /// <summary>
    /// The marks in <paramref name="folder"/>, of all shards that have one; empty when there are no checkpoints. Not while a log is open on
    /// it. A mark that cannot be read is left out: the log refuses it when its shard is assigned.
    /// </summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static IReadOnlyDictionary<int, ShardMark> ReadMarks(string folder)
    {
        var marks = new Dictionary<int, ShardMark>();
        if (!CheckpointFolder.Exists(folder))
            return marks;
        using var opened = new CheckpointFolder(folder);
        try
        {
            opened.Use(file =>
            {
                foreach (var (shard, bytes) in file.ReadMarks())
                    if (SnapshotCodec.DecodeMark(bytes, out _) is { } mark)
                        marks[shard] = mark;
            });
        }
        catch (InvalidDataException fault)
        {
            throw new IOException(fault.Message, fault);
        }
        return marks;
    }

    /// <inheritdoc/>
    /// <remarks>A file shows a checkpoint as soon as it is committed: <paramref name="committed"/> is of no use here.</remarks>
    public async Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop)
    {
        var reading = new Reading(_leases.Begin(shard), progress, stop);
        await _requests.Writer.WriteAsync(reading, stop).ConfigureAwait(false);
        return await reading.Restored.Task.WaitAsync(stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Through.Partition != checkpoint.Lease.Shard)
            throw new ArgumentException(
                $"A checkpoint of shard {checkpoint.Lease.Shard} through partition {checkpoint.Through.Partition}.", nameof(checkpoint));
        if (!_leases.IsStanding(checkpoint.Lease))
            return CommitOutcome.Fenced;
        var writing = new Writing(checkpoint);
        await _requests.Writer.WriteAsync(writing, stop).ConfigureAwait(false);
        return await writing.Outcome.Task.WaitAsync(stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Revoke(ShardLease lease) => _leases.End(lease);

    /// <summary>Ends: a transaction under way is completed, what waits is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_requests.Writer.TryComplete())
            return;
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_requests.Reader.TryRead(out var left))
            left.Fail(new OperationCanceledException());
        _folder.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Writing>(MaxBatch);
        while (await _requests.Reader.WaitToReadAsync(_end.Token).ConfigureAwait(false))
        {
            batch.Clear();
            while (batch.Count < MaxBatch && _requests.Reader.TryPeek(out var next) && next is Writing writing)
            {
                batch.Add(writing);
                _ = _requests.Reader.TryRead(out _);    // the one that was seen: this is the only reader
            }
            if (batch.Count > 0)
                await WriteAsync(batch).ConfigureAwait(false);
            else if (_requests.Reader.TryRead(out var request) && request is Reading reading)
                await ReadAsync(reading).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(List<Writing> batch)
    {
        try
        {
            await _untilDone.ExecuteAsync(_ => OnOwnThread(() => Write(batch)), _end.Token).ConfigureAwait(false);
        }
        catch (Exception fault)     // supervisor: who waits learns of it, the loop goes on
        {
            foreach (var writing in batch)
                writing.Fail(fault);
        }
    }

    /// <summary>
    /// One transaction. A lease may end while it runs: that counts as an end after the commit, and is safe, since the reading of the next
    /// owner waits behind it in the queue.
    /// </summary>
    private void Write(List<Writing> batch)
    {
        foreach (var fenced in batch.Where(writing => !_leases.IsStanding(writing.Checkpoint.Lease)))
            fenced.Outcome.TrySetResult(CommitOutcome.Fenced);
        batch.RemoveAll(writing => writing.Outcome.Task.IsCompleted);
        if (batch.Count > 0)
            Use(file => file.Write([.. batch.Select(writing => writing.Checkpoint)]));
        foreach (var writing in batch)
            writing.Outcome.TrySetResult(CommitOutcome.Committed);
    }

    private async Task ReadAsync(Reading reading)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(reading.Stop, _end.Token);
        try
        {
            await _untilDone.ExecuteAsync(stop => OnOwnThread(() => reading.Restored.TrySetResult(Read(reading, stop))), either.Token)
                .ConfigureAwait(false);
        }
        catch (Exception fault)     // supervisor, as above
        {
            reading.Fail(fault);
        }
    }

    private ShardRestore Read(Reading reading, CancellationToken stop)
    {
        try
        {
            ShardRestore? restored = null;
            Use(file =>
            {
                var restore = new PassiveRestore(reading.Lease, Passive);
                var mark = file.Read(reading.Lease.Shard, (patient, snapshot, part) =>
                {
                    stop.ThrowIfCancellationRequested();
                    if (!_leases.IsStanding(reading.Lease))
                        throw new OperationCanceledException($"Shard {reading.Lease.Shard} has left before its state was read.");
                    restore.Take(patient, snapshot);
                    reading.Progress?.Report(part);
                });
                restored = restore.End(mark);
            });
            return restored!;   // set, or Use has thrown
        }
        catch (InvalidDataException fault)
        {
            // Trying again would not mend it, and the shard is not to run without its patients.
            return new ShardRestore(reading.Lease, null, [], [new RefusedSnapshot("the shard's patients", fault.Message)]);
        }
    }

    private void Use(Action<CheckpointFile> work)
    {
        _folder.Use(work);
        if (_fault is null)
            return;
        _fault = null;
        _log.CheckpointsGoOn(_folder.Path, _time.GetElapsedTime(_faultSince).TotalSeconds);
    }

    private ValueTask NoteFailure(Exception fault)
    {
        if (_fault is null)
        {
            _faultSince = _time.GetTimestamp();
            _log.CheckpointsWait(_folder.Path, fault.Message);
        }
        _fault = $"The checkpoints in '{_folder.Path}' cannot be used: {fault.Message}";
        return ValueTask.CompletedTask;
    }

    /// <summary>Disk work blocks: it has a thread of its own, so that it takes none of the pool's.</summary>
    private static ValueTask OnOwnThread(Action work) =>
        new(Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    private abstract record Request
    {
        public abstract void Fail(Exception fault);

        protected static void Fail<T>(TaskCompletionSource<T> waiting, Exception fault) =>
            _ = fault is OperationCanceledException ? waiting.TrySetCanceled(CancellationToken.None) : waiting.TrySetException(fault);
    }

    private sealed record Reading(ShardLease Lease, IProgress<double>? Progress, CancellationToken Stop) : Request
    {
        public TaskCompletionSource<ShardRestore> Restored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Fail(Exception fault) => Fail(Restored, fault);
    }

    private sealed record Writing(ShardCheckpoint Checkpoint) : Request
    {
        public TaskCompletionSource<CommitOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Fail(Exception fault) => Fail(Outcome, fault);
    }
}
