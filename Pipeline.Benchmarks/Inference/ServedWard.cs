using Pipeline.Actors.Inference;

namespace Pipeline.Benchmarks.Inference;

/// <summary>
/// Patients with one request each and a loop that applies their answers, as a shard's does: the answer is put into a box where the request has
/// its place, and the loop, woken once a batch, takes all, applies them, and posts the patients' next windows.
/// </summary>
internal sealed class ServedWard
{
    private readonly InferenceWorkers _workers;
    private readonly InferenceRequest[] _requests;
    private readonly Lock _lock = new();
    private InferenceRequest[] _answers;
    private InferenceRequest[] _taken;
    private int _answerCount;
    private TaskCompletionSource? _reader;

    public ServedWard(InferenceWorkers workers, int patients)
    {
        _workers = workers;
        (_answers, _taken) = (new InferenceRequest[patients], new InferenceRequest[patients]);
        var owner = new InferenceOwner(Wake);
        var rows = BenchNetwork.Rows(patients, workers.InputLength);
        _requests = [.. rows.Select(row =>
        {
            var request = workers.NewRequest(owner, Answer);
            row.CopyTo(request.Input, 0);
            return request;
        })];
    }

    /// <summary>Sum of the applied answers, so that nothing is left out.</summary>
    public double Applied { get; private set; }

    /// <summary>Each patient posts its next window as soon as its answer is applied, until <paramref name="windows"/> are applied.</summary>
    public async Task RunClosedAsync(int windows, CancellationToken stop)
    {
        var posted = 0;
        for (; posted < _requests.Length && posted < windows; posted++)
            Post(_requests[posted]);
        for (var applied = 0; applied < windows;)
        {
            await WaitAsync();
            stop.ThrowIfCancellationRequested();
            foreach (var request in TakeAll())
            {
                Apply(request);
                applied++;
                if (posted < windows)
                {
                    posted++;
                    Post(request);
                }
            }
        }
    }

    /// <summary>
    /// Every patient posts a window each <paramref name="hop"/>, at phases spread evenly over it or all at once. Seconds from post to computed
    /// answer (queue + compute) of every window; a patient whose answer is not there yet when its next window is due counts as late.
    /// </summary>
    public async Task<(List<double> Seconds, int Late)> RunOpenAsync(TimeSpan hop, int hops, bool allAtOnce, CancellationToken stop)
    {
        var seconds = new List<double>(_requests.Length * hops);
        var (late, inFlight) = (0, 0);
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var next = 0; next < _requests.Length * hops || inFlight > 0;)
        {
            await timer.WaitForNextTickAsync(stop);
            var now = clock.GetElapsedTime(start);
            for (; next < _requests.Length * hops && DueOf(next, hop, allAtOnce) <= now; next++)
            {
                var request = _requests[next % _requests.Length];
                if (request.IsInFlight)
                {
                    late++;
                    continue;
                }
                Post(request);
                inFlight++;
            }
            foreach (var request in TakeAll())
            {
                Apply(request);
                inFlight--;
                seconds.Add(clock.GetElapsedTime(request.PostedAt, request.AnsweredAt).TotalSeconds);
            }
        }
        return (seconds, late);
    }

    private TimeSpan DueOf(int window, TimeSpan hop, bool allAtOnce) =>
        hop * (window / _requests.Length) + (allAtOnce ? TimeSpan.Zero : hop * (window % _requests.Length / (double)_requests.Length));

    private void Post(InferenceRequest request)
    {
        if (!_workers.TryPost(request))
            throw new InvalidOperationException("The queue is smaller than the ward.");
    }

    private void Answer(InferenceRequest request)
    {
        lock (_lock)
            _answers[_answerCount++] = request;
    }

    private void Wake()
    {
        TaskCompletionSource? reader;
        lock (_lock)
            (reader, _reader) = (_reader, null);
        reader?.SetResult();
    }

    private Task WaitAsync()
    {
        lock (_lock)
        {
            if (_answerCount > 0)
                return Task.CompletedTask;
            _reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reader.Task;
        }
    }

    private ArraySegment<InferenceRequest> TakeAll()
    {
        lock (_lock)
        {
            (_answers, _taken) = (_taken, _answers);
            var count = _answerCount;
            _answerCount = 0;
            return new ArraySegment<InferenceRequest>(_taken, 0, count);
        }
    }

    private void Apply(InferenceRequest request)
    {
        if (request.Outcome != InferenceOutcome.Answered)
            throw new InvalidOperationException($"A request came back {request.Outcome}.", request.Failure);
        Applied += request.Output[0];
    }
}
