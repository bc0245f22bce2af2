using Pipeline.Models.Packages;

namespace Pipeline.Actors.Inference;

/// <summary>
/// One model, served in batches to any number of shards by <see cref="InferenceOptions.Workers"/> threads, each with a session of its own.
/// A free worker takes what waits; while it computes, the next batch grows. Every request that was accepted comes back exactly once:
/// answered, failed, or cancelled. A row's numbers depend on that row alone, not on its batch. Thread-safe.
/// </summary>
public sealed class InferenceWorkers : IAsyncDisposable
{
    private readonly InferenceQueue _queue;
    private readonly ModelMetrics _metrics;
    private readonly InferenceTelemetry _telemetry;
    private readonly List<IModelSession> _sessions = [];
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended;
    private int _isDisposed;

    /// <summary>Opens the sessions, which warms them up, and starts the threads.</summary>
    /// <param name="model">Name and version, as estimates and metrics carry it.</param>
    /// <param name="open">Opens a session for the given batch sizes; called once for each worker. The sessions become the workers'.</param>
    /// <param name="options">Validated here.</param>
    /// <param name="time">For stamps and <see cref="InferenceOptions.MaxDelay"/>.</param>
    /// <param name="telemetry">Stays the caller's, and outlives the workers.</param>
    /// <param name="scheduler">Runs the workers, a batch at a time; null: each has a thread of its own, which a real session
    /// blocks.</param>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">The options are out of range.</exception>
    /// <exception cref="InvalidDataException">A session cannot be opened.</exception>
    public InferenceWorkers(string model, Func<IReadOnlyList<int>, IModelSession> open, InferenceOptions options, TimeProvider time, InferenceTelemetry telemetry, TaskScheduler? scheduler = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(telemetry);
        options.Validate();
        Model = model;
        _queue = new InferenceQueue(options, time);
        _metrics = new ModelMetrics(telemetry, model, _queue, time);
        _telemetry = telemetry;
        OpenSessions(open, options);
        _ended = Task.WhenAll(_sessions.Select((session, i) => Start(new InferenceWorker(_queue, session, time, _metrics), i, scheduler)).ToArray());
        telemetry.Add(_metrics);
    }

    /// <summary>Name and version of the model.</summary>
    public string Model { get; }

    /// <summary>Floats of a request's input.</summary>
    public int InputLength => _sessions[0].InputLength;

    /// <summary>Floats of a request's state.</summary>
    public int StateLength => _sessions[0].StateLength;

    /// <summary>Floats of a request's output.</summary>
    public int OutputLength => _sessions[0].OutputLength;

    /// <summary>Fails when a worker fails, which only an <c>answer</c> that breaks its promise can cause; never completes
    /// otherwise.</summary>
    public Task Failure => _failed.Task;

    /// <summary>A request of this model's row lengths; see
    /// <see cref="InferenceRequest(InferenceOwner, int, int, int, Action{InferenceRequest})"/>.</summary>
    public InferenceRequest NewRequest(InferenceOwner owner, Action<InferenceRequest> answer) => new(owner, InputLength, StateLength, OutputLength, answer);

    /// <summary>
    /// Places a request; false when there is no room for its priority (see <see cref="WaitForSpaceAsync"/>). One whose owner has left, or
    /// that comes after <see cref="DisposeAsync"/>, is accepted and comes back cancelled before this returns.
    /// </summary>
    /// <exception cref="InvalidOperationException">The request is in flight.</exception>
    /// <exception cref="ArgumentException">It has other row lengths than the model.</exception>
    public bool TryPost(InferenceRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Input.Length != InputLength || request.State.Length != StateLength || request.Output.Length != OutputLength)
            throw new ArgumentException(
                $"{Model} takes {InputLength} floats of input and {StateLength} of state and gives {OutputLength}; the request has {request.Input.Length}, {request.State.Length} and {request.Output.Length}.",
                nameof(request));
        var posted = _queue.TryPost(request);
        if (posted is null)
        {
            _metrics.CountCancelled(1, request.Owner.HasLeft);
            request.Answer(InferenceOutcome.Cancelled, null, 0);
            request.Owner.Wake();
        }
        if (posted == false)
            _metrics.CountRejected();
        return posted != false;
    }

    /// <summary>Completes when half of the places of <paramref name="priority"/> are free, or no request will wait any more. A hint:
    /// another may be faster.</summary>
    public ValueTask WaitForSpaceAsync(InferencePriority priority, CancellationToken stop) => _queue.WaitForSpaceAsync(priority, stop);

    /// <summary>
    /// The owner leaves: its waiting requests come back cancelled before this returns, and so does whatever it still posts, here or to the
    /// workers of another model. The task completes when those that were being computed have come back as well: from then on no answer
    /// reaches the owner but to its own posts.
    /// </summary>
    public Task CancelAsync(InferenceOwner owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        var cancelled = new List<InferenceRequest>();
        var computed = _queue.Cancel(owner, cancelled);
        _metrics.CountCancelled(cancelled.Count, ownerLeft: true);
        foreach (var request in cancelled)
            request.Answer(InferenceOutcome.Cancelled, null, 0);
        if (cancelled.Count > 0)
            owner.Wake();
        return Awaiting.AllAsync(computed);
    }

    /// <summary>Computes what waits, then ends the threads and the sessions. What is posted from now on comes back cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Stop();
        await _ended;
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        var left = _queue.TakeLeft();
        _metrics.CountCancelled(left.Count, ownerLeft: false);
        foreach (var request in left)
        {
            request.Answer(InferenceOutcome.Cancelled, null, 0);
            request.Owner.Wake();
        }
        _telemetry.Remove(_metrics);
        DisposeSessions();
        _queue.Dispose();
    }

    private void OpenSessions(Func<IReadOnlyList<int>, IModelSession> open, InferenceOptions options)
    {
        try
        {
            for (var i = 0; i < options.Workers; i++)
                _sessions.Add(open(options.BatchSizes));
        }
        catch
        {
            DisposeSessions();
            _queue.Dispose();
            throw;
        }
    }

    private Task Start(InferenceWorker worker, int number, TaskScheduler? scheduler)
    {
        if (scheduler is not null)
            return Task.Factory.StartNew(() => SuperviseAsync(worker.RunAsync), CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            // Ends here and now: a thread that is its own waits for nothing.
            _ = SuperviseAsync(() =>
            {
                worker.Run();
                return Task.CompletedTask;
            });
            ended.SetResult();
        })
        { IsBackground = true, Name = $"{Model} {number}" };
        thread.Start();
        return ended.Task;
    }

    private async Task SuperviseAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            // The supervisor's boundary: an answer threw, so its stream is lost; the topology ends.
            _failed.TrySetException(e);
        }
    }

    private void DisposeSessions()
    {
        foreach (var session in _sessions)
            session.Dispose();
    }
}
