namespace Pipeline.Actors.Inference;

/// <summary>Which requests go first. Catch-up still gets one row in eight while both wait.</summary>
public enum InferencePriority
{
    /// <summary>Somebody watches: first.</summary>
    Live,

    /// <summary>What an outage or a replay left to be done.</summary>
    CatchUp,
}

/// <summary>How a request came back.</summary>
public enum InferenceOutcome
{
    /// <summary>Not yet.</summary>
    None,

    /// <summary><see cref="InferenceRequest.Output"/> and the next <see cref="InferenceRequest.State"/> are there.</summary>
    Answered,

    /// <summary>The network threw on this row, alone in its batch: <see cref="InferenceRequest.Failure"/>. The state is as it was
    /// posted.</summary>
    Failed,

    /// <summary>Its owner left, or the workers stopped, before it was computed. The state is as it was posted.</summary>
    Cancelled,
}

/// <summary>On whose behalf requests are posted, usually a shard: the unit of <see cref="InferenceWorkers.CancelAsync"/>. Once it left it
/// stays so.</summary>
/// <param name="wake">
/// Called after the last of the owner's answers of one batch, on the same thread: lets the owner look once for all of them, because waking
/// a thread costs as much as computing a small row. Never blocks and never throws. Null: every answer wakes by itself.
/// </param>
public sealed class InferenceOwner(Action? wake = null)
{
    private volatile bool _hasLeft;

    /// <summary>Whether it was cancelled. Any thread.</summary>
    public bool HasLeft => _hasLeft;

    internal void Leave() => _hasLeft = true;

    internal void Wake() => wake?.Invoke();
}

/// <summary>
/// One row asked of a network. It belongs to its stream, which re-uses it window after window: at most one is in flight per patient and
/// model, so the order of a stream's answers is the order of its windows. While <see cref="IsInFlight"/> nobody but the workers touches it.
/// </summary>
public sealed class InferenceRequest
{
    private readonly Action<InferenceRequest> _answer;
    private volatile bool _isInFlight;

    /// <summary>A request for a network of the given row lengths; <see cref="InferenceWorkers.NewRequest"/> knows them.</summary>
    /// <param name="owner">On whose behalf it is posted.</param>
    /// <param name="inputLength">Floats of input.</param>
    /// <param name="stateLength">Floats of state; they begin as zeros, which is a stream's start.</param>
    /// <param name="outputLength">Floats of output.</param>
    /// <param name="answer">
    /// Called exactly once for each post that was accepted, on a worker's thread (of a cancelled one: on the canceller's or the poster's).
    /// It never blocks and never throws: the place for the answer was reserved together with the request. It may post the request again.
    /// </param>
    public InferenceRequest(InferenceOwner owner, int inputLength, int stateLength, int outputLength, Action<InferenceRequest> answer)
        : this(owner, new float[inputLength], new float[stateLength], new float[outputLength], answer)
    {
    }

    /// <summary>A request in rows that are there already, which nobody touches while it is in flight.</summary>
    public InferenceRequest(InferenceOwner owner, float[] input, float[] state, float[] output, Action<InferenceRequest> answer)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(answer);
        (Owner, Input, State, Output, _answer) = (owner, input, state, output, answer);
    }

    /// <summary>On whose behalf it is posted.</summary>
    public InferenceOwner Owner { get; }

    /// <summary>The row's input, written before it is posted; the workers leave it as it is.</summary>
    public float[] Input { get; }

    /// <summary>The stream's state before the window; when the request comes back answered, after it.</summary>
    public float[] State { get; }

    /// <summary>What the network says, when it comes back answered.</summary>
    public float[] Output { get; }

    /// <summary>Which requests it waits behind; set before it is posted.</summary>
    public InferencePriority Priority { get; set; }

    /// <summary>How it came back.</summary>
    public InferenceOutcome Outcome { get; private set; }

    /// <summary>What the network threw; null unless <see cref="Outcome"/> is <see cref="InferenceOutcome.Failed"/>.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Timestamp (of the workers' <see cref="TimeProvider"/>) at which it entered the queue.</summary>
    public long PostedAt { get; private set; }

    /// <summary>Timestamp at which its batch left the queue; 0 when it was cancelled before.</summary>
    public long StartedAt { get; internal set; }

    /// <summary>Timestamp at which its batch was computed; 0 when it was cancelled before.</summary>
    public long AnsweredAt { get; private set; }

    /// <summary>Whether it was posted and has not come back.</summary>
    public bool IsInFlight => _isInFlight;

    internal void BeginFlight(long now)
    {
        (Outcome, Failure, PostedAt, StartedAt, AnsweredAt) = (InferenceOutcome.None, null, now, 0, 0);
        _isInFlight = true;
    }

    internal void Answer(InferenceOutcome outcome, Exception? failure, long now)
    {
        (Outcome, Failure, AnsweredAt) = (outcome, failure, now);
        _isInFlight = false;
        _answer(this);
    }
}
