using Pipeline.Actors.Inference;
using Xunit;

namespace Pipeline.Tests.Inference;

/// <summary>Real threads, gated by the fake network: no test here depends on how fast they are.</summary>
public sealed class InferenceWorkersTests : IDisposable
{
    private readonly InferenceTelemetry _telemetry = new();
    private readonly InferenceOwner _owner = new();
    private readonly SemaphoreSlim _started = new(0);
    private readonly SemaphoreSlim _mayEnd = new(0);
    private readonly SemaphoreSlim _answered = new(0);
    private readonly List<GatedSession> _sessions = [];

    public void Dispose()
    {
        _telemetry.Dispose();
        _started.Dispose();
        _mayEnd.Dispose();
        _answered.Dispose();
    }

    [Fact]
    public async Task A_request_comes_back_with_the_networks_answer_and_its_next_state()
    {
        await using var workers = Open(new InferenceOptions());
        var request = Request(workers, input: 7, state: 2);

        Assert.True(workers.TryPost(request));
        await _answered.WaitAsync();

        Assert.Equal(InferenceOutcome.Answered, request.Outcome);
        Assert.Equal((69f, 69f, 7f), (request.State[0], request.Output[0], request.Output[1]));
        Assert.True(request.PostedAt > 0 && request.PostedAt <= request.StartedAt && request.StartedAt <= request.AnsweredAt);
        Assert.False(request.IsInFlight);
    }

    [Fact]
    public async Task A_batch_grows_while_the_worker_is_busy()
    {
        await using var workers = Open(new InferenceOptions { MaxBatch = 8 }, gated: true);
        workers.TryPost(Request(workers, 0));
        await _started.WaitAsync();

        for (var i = 1; i <= 8; i++)
            workers.TryPost(Request(workers, i));
        _mayEnd.Release(2);
        for (var i = 0; i <= 8; i++)
            await _answered.WaitAsync();

        Assert.Equal([1, 8], _sessions[0].Runs);
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7, 8], _sessions[0].Computed);
    }

    [Fact]
    public async Task A_row_that_throws_fails_alone_and_its_neighbours_are_answered()
    {
        await using var workers = Open(new InferenceOptions { MaxBatch = 4 }, gated: true);
        workers.TryPost(Request(workers, 9));
        await _started.WaitAsync();
        var rows = new[] { Request(workers, 1), Request(workers, GatedSession.Poison, state: 5), Request(workers, 3), Request(workers, 4) };
        foreach (var row in rows)
            workers.TryPost(row);

        _mayEnd.Release(6);
        for (var i = 0; i <= rows.Length; i++)
            await _answered.WaitAsync();

        Assert.Equal([InferenceOutcome.Answered, InferenceOutcome.Failed, InferenceOutcome.Answered, InferenceOutcome.Answered], rows.Select(r => r.Outcome));
        Assert.Equal([1, 4, 1, 1, 1, 1], _sessions[0].Runs);
        Assert.Equal("row 0 of 1 is poison", rows[1].Failure?.Message);
        Assert.Equal(5, rows[1].State[0]);
        Assert.Equal([1f, 3, 4], rows.Where(r => r.Failure is null).Select(r => r.Output[0]));
    }

    [Fact]
    public async Task An_owner_who_leaves_gets_what_waits_cancelled_at_once_and_what_is_computed_before_the_task_ends()
    {
        await using var workers = Open(new InferenceOptions { MaxBatch = 1 }, gated: true);
        var (computed, waiting, other) = (Request(workers, 1), Request(workers, 2), Request(workers, 3, owner: new InferenceOwner()));
        workers.TryPost(computed);
        await _started.WaitAsync();
        workers.TryPost(waiting);
        workers.TryPost(other);

        var left = workers.CancelAsync(_owner);

        Assert.Equal(InferenceOutcome.Cancelled, waiting.Outcome);
        Assert.True(computed.IsInFlight && other.IsInFlight);
        Assert.False(left.IsCompleted);
        _mayEnd.Release(2);
        await left;
        Assert.Equal(InferenceOutcome.Answered, computed.Outcome);
        Assert.True(workers.TryPost(waiting));
        Assert.Equal(InferenceOutcome.Cancelled, waiting.Outcome);
    }

    [Fact]
    public async Task What_waits_is_computed_when_the_workers_are_disposed_and_what_comes_later_is_cancelled()
    {
        var workers = Open(new InferenceOptions { MaxBatch = 2, Workers = 2 }, gated: true);
        var requests = Enumerable.Range(0, 9).Select(i => Request(workers, i)).ToArray();
        foreach (var request in requests)
            workers.TryPost(request);

        var disposing = workers.DisposeAsync();
        _mayEnd.Release(requests.Length);
        await disposing;

        Assert.All(requests, r => Assert.Equal(InferenceOutcome.Answered, r.Outcome));
        Assert.All(_sessions, s => Assert.True(s.IsDisposed));
        Assert.True(workers.TryPost(requests[0]));
        Assert.Equal(InferenceOutcome.Cancelled, requests[0].Outcome);
        await workers.WaitForSpaceAsync(InferencePriority.Live, CancellationToken.None);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_says_when_half_of_it_is_free()
    {
        await using var workers = Open(new InferenceOptions { MaxBatch = 8, QueueCapacity = 16 }, gated: true);
        workers.TryPost(Request(workers, 0));
        await _started.WaitAsync();
        for (var i = 0; i < 16; i++)
            Assert.True(workers.TryPost(Request(workers, i)));

        var late = Request(workers, 17);
        Assert.False(workers.TryPost(late));
        Assert.False(late.IsInFlight);
        Assert.True(workers.TryPost(Request(workers, 18, priority: InferencePriority.CatchUp)));
        var space = workers.WaitForSpaceAsync(InferencePriority.Live, CancellationToken.None);
        Assert.False(space.IsCompleted);

        _mayEnd.Release(16);     // more than there are batches, so that disposing does not wait for the gate
        await space;
        Assert.True(workers.TryPost(late));
    }

    [Fact]
    public async Task An_owner_is_woken_once_for_all_its_answers_of_a_batch()
    {
        using var woken = new SemaphoreSlim(0);
        var answers = 0;
        var answersAtWake = new List<int>();
        var owner = new InferenceOwner(() =>
        {
            answersAtWake.Add(answers);
            woken.Release();
        });
        await using var workers = Open(new InferenceOptions { MaxBatch = 8 }, gated: true);
        workers.TryPost(Request(workers, 0));
        await _started.WaitAsync();

        for (var i = 0; i < 3; i++)
        {
            var request = workers.NewRequest(owner, _ => answers++);
            request.Input[0] = i == 1 ? GatedSession.Poison : i;
            workers.TryPost(request);
            workers.TryPost(Request(workers, i));
        }
        _mayEnd.Release(16);
        await woken.WaitAsync();
        await workers.DisposeAsync();

        Assert.Equal([3], answersAtWake);
    }

    private InferenceWorkers Open(InferenceOptions options, bool gated = false) => new(
        "test@1",
        sizes =>
        {
            var session = new GatedSession(sizes)
            {
                Running = _ =>
                {
                    _started.Release();
                    if (gated)
                        _mayEnd.Wait();
                },
            };
            _sessions.Add(session);
            return session;
        },
        options, TimeProvider.System, _telemetry);

    private InferenceRequest Request(
        InferenceWorkers workers, float input, float state = 0, InferenceOwner? owner = null, InferencePriority priority = InferencePriority.Live)
    {
        var request = workers.NewRequest(owner ?? _owner, _ => _answered.Release());
        request.Input[0] = input;
        request.State[0] = state;
        request.Priority = priority;
        return request;
    }
}
