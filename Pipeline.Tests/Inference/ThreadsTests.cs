using Pipeline.Actors.Inference;
using Xunit;

namespace Pipeline.Tests.Inference;

/// <summary>Real threads: what they do differs from run to run, what comes of it must not.</summary>
public sealed class ThreadsTests
{
    private const int Patients = 48, Owners = 4, Windows = 300;

    [Fact]
    public async Task Three_workers_give_every_patient_the_series_of_that_patient_alone_while_an_owner_leaves()
    {
        using var telemetry = new InferenceTelemetry();
        using var leaves = new SemaphoreSlim(0);
        await using var workers = new InferenceWorkers(
            "threads@1", sizes => new GatedSession(sizes), new InferenceOptions { MaxBatch = 12, Workers = 3, QueueCapacity = 64 }, TimeProvider.System, telemetry);
        var owners = Enumerable.Range(0, Owners).Select(_ => new InferenceOwner()).ToArray();
        var patients = Enumerable.Range(0, Patients).Select(i => new Patient(i, owners[i % Owners], workers, leaves)).ToArray();

        foreach (var patient in patients)
            patient.Begin();
        await leaves.WaitAsync();
        await workers.CancelAsync(owners[0]);
        var left = patients.Where(p => p.Owner == owners[0]).Select(p => p.AnswerCount).ToArray();
        await Task.WhenAll(patients.Select(p => p.Ended));

        Assert.All(patients, p => Assert.Null(p.Fault));
        Assert.All(patients.Where(p => p.Owner != owners[0]), p => Assert.Equal(Windows, p.AnswerCount));
        // After the task ended, what it still posted came back at once and nothing else did.
        Assert.Equal(left, patients.Where(p => p.Owner == owners[0]).Select(p => p.AnswerCount));
        Assert.Null(workers.Failure.Exception);
    }

    private sealed class Patient
    {
        private readonly int _number;
        private readonly InferenceWorkers _workers;
        private readonly SemaphoreSlim _leaves;
        private readonly InferenceRequest _request;
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private float _alone;

        public Patient(int number, InferenceOwner owner, InferenceWorkers workers, SemaphoreSlim leaves)
        {
            (_number, _workers, _leaves) = (number, workers, leaves);
            _request = workers.NewRequest(owner, Answered);
            _request.Priority = number % 3 == 0 ? InferencePriority.CatchUp : InferencePriority.Live;
        }

        public InferenceOwner Owner => _request.Owner;

        public Task Ended => _ended.Task;

        public int AnswerCount { get; private set; }

        public string? Fault { get; private set; }

        public void Begin()
        {
            _request.Input[0] = _number;
            if (!_workers.TryPost(_request))
                Fault = "no room though there is";
        }

        private void Answered(InferenceRequest request)
        {
            if (request.Outcome == InferenceOutcome.Answered)
            {
                _alone = GatedSession.Step(_alone, _number + AnswerCount);
                AnswerCount++;
                Fault ??= request.Output[0] == _alone && request.State[0] == _alone ? null : $"patient {_number}, window {AnswerCount}: another answer than alone";
            }
            if (request.Outcome != InferenceOutcome.Answered || AnswerCount == Windows)
            {
                _ended.TrySetResult();
                return;
            }
            if (AnswerCount == Windows / 3 && _number == 0)
                _leaves.Release();
            request.Input[0] = _number + AnswerCount;
            if (!_workers.TryPost(request))
                Fault ??= "no room though there is";
        }
    }
}
