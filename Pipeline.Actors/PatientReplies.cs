using Pipeline.Actors.Inference;

namespace Pipeline.Actors;

/// <summary>
/// The way of acknowledgements from the patients' entities to their partition's graph, and of their questions to the networks. An
/// acknowledgement always finds a place; the graph is woken once for all that came since it last looked, because a wake-up costs more than
/// most acknowledgements. Thread-safe.
/// </summary>
/// <param name="scheduler">Runs what waits for room in a network's queue.</param>
internal sealed class PatientReplies(TaskScheduler scheduler) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<(InferenceWorkers Network, InferenceRequest Request)> _unposted = new();
    private readonly CancellationTokenSource _ending = new();
    private List<IForPatient> _replies = [];
    private Task _room = Task.CompletedTask;
    private Action _wake = () => { };
    private bool _isAwake;
    private bool _isIgnored;
    private bool _isWaitingForRoom;

    /// <summary>On whose behalf networks are asked.</summary>
    public InferenceOwner Owner { get; } = new();

    /// <summary>Whether questions wait for room in a network's queue.</summary>
    public bool IsCrowded
    {
        get
        {
            lock (_lock)
                return _unposted.Count > 0;
        }
    }

    /// <summary>The graph's stage is there; <paramref name="wake"/> is called when replies came, by any thread.</summary>
    public void Attach(Action wake)
    {
        lock (_lock)
            _wake = wake;
    }

    /// <summary>An entity acknowledges a message; any thread.</summary>
    public void Add(IForPatient acknowledged)
    {
        lock (_lock)
        {
            if (_isIgnored)
                return;
            _replies.Add(acknowledged);
            if (_isAwake)
                return;
            _isAwake = true;
        }
        _wake();
    }

    /// <summary>The graph is being cut off: acknowledgements that come from now on are nobody's.</summary>
    public void Ignore()
    {
        lock (_lock)
        {
            _isIgnored = true;
            _replies.Clear();
        }
    }

    /// <summary>Takes all replies, in exchange for an empty list. Until <see cref="Sleep"/> nobody is woken.</summary>
    public List<IForPatient> TakeAll(List<IForPatient> empty)
    {
        lock (_lock)
        {
            _isAwake = true;
            (empty, _replies) = (_replies, empty);
            return empty;
        }
    }

    /// <summary>The stage has dealt with everything; false when more has come meanwhile.</summary>
    public bool Sleep()
    {
        lock (_lock)
            return !(_isAwake = _replies.Count > 0);
    }

    /// <summary>Asks a network; where its queue is full the request waits here for room, in order. Any thread.</summary>
    public void Post(InferenceWorkers network, InferenceRequest request)
    {
        lock (_lock)
        {
            if (_unposted.Count > 0)
            {
                _unposted.Enqueue((network, request));
                return;
            }
        }
        if (!network.TryPost(request))
            Wait(network, request);
    }

    /// <summary>No answer is wanted any more. Completes when none is under way.</summary>
    public async Task EndAsync(IReadOnlyList<InferenceWorkers> networks)
    {
        lock (_lock)
            _unposted.Clear();
        _ending.Cancel();       // here and now: CancelAsync would call back on the thread pool
        foreach (var network in networks)
            await network.CancelAsync(Owner);
        await _room.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public void Dispose() => _ending.Dispose();

    private void Wait(InferenceWorkers network, InferenceRequest request)
    {
        lock (_lock)
        {
            _unposted.Enqueue((network, request));
            if (_isWaitingForRoom)
                return;
            _isWaitingForRoom = true;
            _room = Task.Factory.StartNew(PostWhenRoomAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
        }
    }

    private async Task PostWhenRoomAsync()
    {
        while (TryPeek(out var next))
        {
            await next.Network.WaitForSpaceAsync(next.Request.Priority, _ending.Token);
            while (TryPeek(out next) && next.Network.TryPost(next.Request))
                lock (_lock)
                    _unposted.TryDequeue(out _);
        }
    }

    private bool TryPeek(out (InferenceWorkers Network, InferenceRequest Request) next)
    {
        lock (_lock)
            return (_isWaitingForRoom = _unposted.TryPeek(out next)) && !_ending.IsCancellationRequested;
    }
}
