using Pipeline.Models.Packages;

namespace Pipeline.Actors.Inference;

/// <summary>
/// The only owner of a session. In: batches of <see cref="InferenceQueue"/>. Out: answers. Rows are copied from the requests into the
/// network's own memory and back, and nowhere else.
/// </summary>
internal sealed class InferenceWorker(InferenceQueue queue, IModelSession session, TimeProvider time, ModelMetrics metrics)
{
    private readonly MicroBatch _batch = queue.NewBatch(session.BatchSizes);
    private readonly List<InferenceOwner> _answered = [];

    /// <summary>Works until the queue is stopped and empty. Blocks its thread.</summary>
    public void Run()
    {
        while (queue.Wait())
            TryStep();
    }

    /// <summary>The same, a batch at a time on the scheduler of whoever calls.</summary>
    public async Task RunAsync()
    {
        while (await queue.WaitAsync())
            TryStep();
    }

    /// <summary>Computes one batch if one is due; false when none is. Never waits.</summary>
    public bool TryStep()
    {
        if (!queue.TryTake(_batch))
            return false;
        var requests = _batch.Requests;
        try
        {
            if (Forward(requests) is { } failure)
                RetryOneByOne(requests, failure);
            else
                Answer(requests);
            WakeOwners();
        }
        finally
        {
            queue.Finish(_batch);
        }
        return true;
    }

    /// <summary>Computes the requests together; what the network threw, or null.</summary>
    private Exception? Forward(ReadOnlySpan<InferenceRequest> requests)
    {
        var input = session.Input;
        var state = session.State;
        for (var i = 0; i < requests.Length; i++)
        {
            requests[i].Input.CopyTo(input[(i * session.InputLength)..]);
            requests[i].State.CopyTo(state[(i * session.StateLength)..]);
        }
        try
        {
            session.Run(requests.Length);
            return null;
        }
        catch (Exception e)
        {
            // The boundary of a poisoned row: whatever a network throws is that row's failure, and its neighbours are computed all the same.
            return e;
        }
    }

    private void RetryOneByOne(ReadOnlySpan<InferenceRequest> requests, Exception failure)
    {
        metrics.CountRetry();
        if (requests.Length == 1)
        {
            Fail(requests[0], failure);
            return;
        }
        for (var i = 0; i < requests.Length; i++)
        {
            if (Forward(requests.Slice(i, 1)) is { } alone)
                Fail(requests[i], alone);
            else
                Answer(requests.Slice(i, 1));
        }
    }

    private void Answer(ReadOnlySpan<InferenceRequest> requests)
    {
        var now = time.GetTimestamp();
        metrics.Record(requests, now);
        var output = session.Output;
        var state = session.NextState;
        for (var i = 0; i < requests.Length; i++)
        {
            output.Slice(i * session.OutputLength, session.OutputLength).CopyTo(requests[i].Output);
            state.Slice(i * session.StateLength, session.StateLength).CopyTo(requests[i].State);
        }
        // Only now: an answer may post the request again, and the next batch of another worker may take it.
        foreach (var request in requests)
        {
            Note(request.Owner);
            request.Answer(InferenceOutcome.Answered, null, now);
        }
    }

    private void Fail(InferenceRequest request, Exception failure)
    {
        metrics.CountFailed(failure);
        Note(request.Owner);
        request.Answer(InferenceOutcome.Failed, failure, time.GetTimestamp());
    }

    /// <summary>Its owner is to be woken at the end of the batch.</summary>
    private void Note(InferenceOwner owner)
    {
        if (_answered.Count == 0 || (_answered[^1] != owner && !_answered.Contains(owner)))
            _answered.Add(owner);
    }

    private void WakeOwners()
    {
        foreach (var owner in _answered)
            owner.Wake();
        _answered.Clear();
    }
}
