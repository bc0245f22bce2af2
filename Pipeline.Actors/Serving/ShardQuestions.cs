using Pipeline.Actors.Inference;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Serving;

/// <summary>
/// A shard's windows on their way to the networks' workers and back. In: the points that a handled record left waiting. Out: points, in the order of
/// each patient's windows, and dead letters (stage <c>inference</c>) about rows on which a network throws, whose points get the classical
/// estimate. At most one question of a patient is under way. What is asked and what comes of it follows from the records; load, batches and
/// other patients change when, and nothing else. The shard's loop only.
/// </summary>
internal sealed class ShardQuestions
{
    // A patient's other points wait, too, behind its questions: of ECG and pressure, and of every device.
    private const int PointsPerWindow = 8;

    private readonly TopologyOptions _options;
    private readonly Delivery _delivery;
    private readonly Counts _counts;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending;
    private readonly Action _wake;
    private readonly ShardNetworks _networks;
    private readonly AnswerBox _answers = new();
    private readonly InferenceOwner _owner;
    private readonly Queue<WaitingPoint> _unposted = new();     // the workers had no room
    private Task _space = Task.CompletedTask;                   // ends when they have
    private volatile bool _isWaitingForSpace;                   // no longer when the loop is woken for it, which is before that task has ended
    private int _open;
    private int _crowded;                                       // patients with as much waiting as may be

    public ShardQuestions(TopologyOptions options, ShardNetworks networks, Delivery delivery, Counts counts, TimeProvider time, Action wake, CancellationToken stop)
    {
        (_options, _networks, _delivery, _counts, _time, _wake) = (options, networks, delivery, counts, time, wake);
        _owner = new InferenceOwner(wake);      // once a batch: a wake for every answer costs half as much as computing it
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    /// <summary>Questions without an answer. Any thread; may lag.</summary>
    public int OpenCount => Volatile.Read(ref _open);

    /// <summary>Whether further records may be handled. Answers are taken in any case, so room comes back whatever else waits.</summary>
    public bool HasRoom => _open < _options.MaxWaitingWindows && _crowded == 0 && _unposted.Count == 0;

    /// <summary>Whether <see cref="Settle"/> has something to do.</summary>
    public bool HasAnswers => !_answers.IsEmpty;

    /// <summary>Takes on what <paramref name="record"/> left waiting in <paramref name="points"/> behind the <paramref name="earlier"/> that did before.</summary>
    public void Admit(WaitingPoints points, int earlier, in ShardRecord record, long enteredAt)
    {
        if (points.Count == earlier)
            return;
        var served = _networks.Rate ?? throw new InvalidOperationException("A stage asks a network, and the topology was given none.");
        var priority = PriorityOf(record.Chunk);
        var questions = 0;
        for (var i = earlier; i < points.Count; i++)
        {
            var point = points[i];
            (point.Patient, point.Served, point.Priority, point.EnteredAt, point.Payload) = (points, served, priority, enteredAt, record.Payload);
            point.Hold = _delivery.Open(record.Offset);
            questions += point.Question is null ? 0 : 1;
        }
        _counts.Add(Count.Questions, questions);
        points.QuestionCount += questions;
        _open += questions;
        Recount(points);
        if (earlier == 0)
            Post(points[0]);
    }

    /// <summary>Gives out the points whose answers came, and asks the questions behind them. Questions go back to <paramref name="scratch"/>.</summary>
    public void Settle(ShardOutput output, StageOutput scratch)
    {
        for (var left = _unposted.Count; left > 0; left--)
            Post(_unposted.Dequeue());
        for (var answered = _answers.TakeAll(); answered is not null;)
        {
            var next = answered.Next;
            GiveOut(answered, output, scratch);
            answered = next;
        }
    }

    /// <summary>The shard ends: what is still open is dropped, and what comes of it is ignored.</summary>
    public async Task EndAsync()
    {
        _counts.Add(Count.QuestionsDropped, _open);
        if (_networks.Rate is { } served)
            await served.Workers.CancelAsync(_owner);
        _networks.Clear();
        _ending.Cancel();
        await _space.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);    // cancelled
        _ending.Dispose();
    }

    private InferencePriority PriorityOf(SampleChunk? chunk)
    {
        if (chunk is null)
            return InferencePriority.CatchUp;
        var end = chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz);
        var age = Timestamp.From(_time.GetUtcNow()).SecondsSince(end);
        return age < _options.LiveWithin.TotalSeconds ? InferencePriority.Live : InferencePriority.CatchUp;
    }

    private void Post(WaitingPoint point)
    {
        var question = point.Question!;     // the first that waits has one
        if (point.Request is null)
        {
            question.Begin();
            point.Request = new InferenceRequest(_owner, question.Input, question.Memory.State, question.Output, _ => _answers.Add(point)) { Priority = point.Priority };
        }
        if (point.Served!.Workers.TryPost(point.Request))   // admitted, so it has one
            return;
        _unposted.Enqueue(point);
        if (_isWaitingForSpace)
            return;
        _isWaitingForSpace = true;
        _space = WakeWhenSpaceAsync(point.Served.Workers, point.Priority);
    }

    private async Task WakeWhenSpaceAsync(InferenceWorkers workers, InferencePriority priority)
    {
        await workers.WaitForSpaceAsync(priority, _ending.Token);
        _isWaitingForSpace = false;
        _wake();
    }

    private void GiveOut(WaitingPoint answered, ShardOutput output, StageOutput scratch)
    {
        var points = answered.Patient!;     // admitted, so it has one
        Emit(points.Dequeue(), EstimateOf(answered, output.Batch), output);
        scratch.Return(answered.Question!);
        _counts.Add(Count.Answers);
        points.QuestionCount--;
        _open--;
        while (points.Count > 0 && points[0].Question is null)
            Emit(points.Dequeue(), null, output);
        Recount(points);
        if (points.Count > 0)
            Post(points[0]);
    }

    private static void Emit(WaitingPoint waiting, Estimate? estimate, ShardOutput output)
    {
        output.Join(waiting.Hold!, waiting.EnteredAt);  // admitted, so it has one
        output.Add(estimate is { } known ? waiting.Point with { Estimate = known } : waiting.Point);
    }

    private Estimate EstimateOf(WaitingPoint answered, OutputBatch batch)
    {
        var (request, question) = (answered.Request!, answered.Question!);  // it was asked
        switch (request.Outcome)
        {
            case InferenceOutcome.Answered:
                return question.Answered();
            case InferenceOutcome.Failed:
                var point = answered.Point;
                var reason = $"{question.Model.Identity} throws on window {point.WindowId} of device {point.Device}, epoch {point.Epoch}: {request.Failure?.GetType().Name}: {request.Failure?.Message}";
                batch.DeadLetters.Add(new DeadLetter(
                    "inference", reason, point.Origin, System.Text.Encoding.UTF8.GetBytes(point.Patient.Value), answered.Payload));
                _counts.Add(Count.AnswersFailed);
                return question.Unanswered();
            default:
                throw new InvalidOperationException($"The workers of {question.Model.Identity} ended before the shard that asks them.");
        }
    }

    private void Recount(WaitingPoints points)
    {
        var isCrowded = points.QuestionCount >= _options.MaxWaitingWindowsPerPatient || points.Count >= PointsPerWindow * _options.MaxWaitingWindowsPerPatient;
        if (isCrowded != points.IsCrowded)
            _crowded += isCrowded ? 1 : -1;
        points.IsCrowded = isCrowded;
    }
}
