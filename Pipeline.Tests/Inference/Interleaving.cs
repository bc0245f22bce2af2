using Pipeline.Actors.Inference;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Inference;

/// <summary>
/// Patients, owners and workers on one thread, moved by a list of numbers: each is one step of somebody. What happens while a network computes
/// (posts, cancellations, other workers' batches) happens inside its run, so every order that threads could bring about at these borders can come up.
/// Each patient's expected series is that of the patient alone.
/// </summary>
internal sealed class Interleaving
{
    private const int PatientCount = 10, OwnerCount = 3, Capacity = 16;
    private static readonly InferenceTelemetry Telemetry = new();

    private readonly ManualTimeProvider _time = new();
    private readonly InferenceOptions _options;
    private readonly InferenceQueue _queue;
    private readonly InferenceWorker[] _workers;
    private readonly bool[] _isRunning;
    private readonly InferenceOwner[] _owners = [.. Enumerable.Range(0, OwnerCount).Select(_ => new InferenceOwner())];
    private readonly Patient[] _patients;
    private readonly Queue<int> _steps;
    private readonly List<(InferenceOwner Owner, Task[] Left)> _leaving = [];

    public Interleaving(int[] steps)
    {
        _steps = new Queue<int>(steps);
        var shape = steps.Length == 0 ? 0 : steps[0];
        _options = new InferenceOptions { MaxBatch = 1 + shape % 9, QueueCapacity = Capacity, MaxDelay = TimeSpan.FromMilliseconds(shape % 2 * 5) };
        _queue = new InferenceQueue(_options, _time);
        var metrics = new ModelMetrics(Telemetry, "test@1", _queue, _time);
        _isRunning = new bool[1 + shape % 3];
        _workers = [.. _isRunning.Select((_, i) => new InferenceWorker(_queue, new GatedSession(_options.BatchSizes) { Running = _ => WhileRunning(i) }, _time, metrics))];
        _patients = [.. Enumerable.Range(0, PatientCount).Select(i => new Patient(i, _owners[i % OwnerCount], this))];
    }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Fault { get; private set; }

    /// <summary>Runs all steps, then lets everything end. Returns what went wrong, or null.</summary>
    public string? Run()
    {
        while (_steps.Count > 0)
            Step();
        _queue.Stop();
        for (var i = 0; i < _workers.Length; i++)
            while (_workers[i].TryStep())
            {
            }
        foreach (var (owner, left) in _leaving)
            Check(Array.TrueForAll(left, l => l.IsCompletedSuccessfully), $"owner {Array.IndexOf(_owners, owner)} left, and the task never ends");
        foreach (var patient in _patients)
            patient.CheckEnd();
        _queue.Dispose();
        return Fault;
    }

    private void Step()
    {
        var step = _steps.Dequeue();
        var who = step / 16;
        switch (step % 16)
        {
            case < 8:
                _patients[who % PatientCount].Post(poison: step % 16 == 0 && who % 3 == 0);
                break;
            case < 13:
                var worker = who % _workers.Length;
                if (!_isRunning[worker])
                    RunWorker(worker);
                break;
            case < 15:
                _time.Advance(TimeSpan.FromMilliseconds(who % 4));
                break;
            default:
                if (who % 4 == 0)
                    Leave(_owners[who / 4 % OwnerCount]);
                break;
        }
        Check(_queue.CountOf(InferencePriority.Live) <= Capacity && _queue.CountOf(InferencePriority.CatchUp) <= Capacity, "the queue holds more than its capacity");
    }

    private void RunWorker(int worker)
    {
        _isRunning[worker] = true;
        _workers[worker].TryStep();
        _isRunning[worker] = false;
        if (Array.TrueForAll(_isRunning, r => !r))
            foreach (var (_, left) in _leaving)
                Check(Array.TrueForAll(left, l => l.IsCompleted), "an owner waits though nothing is computed");
    }

    private void WhileRunning(int worker)
    {
        if (_steps.Count == 0)
            return;
        for (var left = _steps.Peek() % 4; left > 0 && _steps.Count > 0; left--)
            Step();
        Check(_isRunning[worker], "a worker runs twice at once");
    }

    private void Leave(InferenceOwner owner)
    {
        if (owner.HasLeft)
            return;
        var cancelled = new List<InferenceRequest>();
        _leaving.Add((owner, _queue.Cancel(owner, cancelled)));
        foreach (var request in cancelled)
        {
            Check(request.Owner == owner, "another owner's request was cancelled");
            request.Answer(InferenceOutcome.Cancelled, null, 0);
        }
    }

    private void Check(bool holds, string fault)
    {
        if (!holds)
            Fault ??= fault;
    }

    private sealed class Patient
    {
        private readonly Interleaving _world;
        private readonly InferenceRequest _request;
        private readonly int _number;
        private float _state;           // of the patient alone
        private int _window;
        private int _posted;
        private int _back;

        public Patient(int number, InferenceOwner owner, Interleaving world)
        {
            (_number, _world) = (number, world);
            _request = new InferenceRequest(owner, 1, 1, 2, Answer) { Priority = number % 4 == 0 ? InferencePriority.CatchUp : InferencePriority.Live };
        }

        public InferenceOwner Owner => _request.Owner;

        public bool IsInFlight => _request.IsInFlight;

        public void Post(bool poison)
        {
            if (_request.IsInFlight)
                return;
            _request.Input[0] = poison ? GatedSession.Poison : _number * 1_000 + _window;
            var hadLeft = Owner.HasLeft;
            var posted = _world._queue.TryPost(_request);
            if (posted == false)
                return;
            _posted++;
            _world.Check(posted == true || hadLeft || _world._steps.Count == 0, "a request is refused for no reason");
            if (posted is null)
                _request.Answer(InferenceOutcome.Cancelled, null, 0);
        }

        public void CheckEnd()
        {
            _world.Check(_posted == _back && !_request.IsInFlight, $"patient {_number}: {_posted} posted, {_back} came back");
            _world.Check(_request.State[0] == _state, $"patient {_number} ends in another state than alone");
        }

        private void Answer(InferenceRequest request)
        {
            _back++;
            _world.Check(_back == _posted, $"patient {_number} has an answer that it did not ask for");
            var input = request.Input[0];
            switch (request.Outcome)
            {
                case InferenceOutcome.Answered:
                    _state = GatedSession.Step(_state, input);
                    _world.Check(input != GatedSession.Poison, "poison was answered");
                    _world.Check(request.Output[0] == _state && request.Output[1] == input, $"patient {_number}: another answer than alone");
                    _window++;
                    break;
                case InferenceOutcome.Failed:
                    _world.Check(input == GatedSession.Poison && request.Failure is InvalidOperationException, "a good row failed");
                    break;
                default:
                    _world.Check(Owner.HasLeft || _world._steps.Count == 0, "cancelled though its owner stayed");
                    break;
            }
            _world.Check(request.State[0] == _state, $"patient {_number}: another state than alone");
            // Some ask again from within their answer.
            if (_number % 2 == 1 && _world._steps.Count > 0 && !Owner.HasLeft)
                Post(poison: false);
        }
    }
}
