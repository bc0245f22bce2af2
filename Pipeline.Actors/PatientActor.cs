using System.Text;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Pipeline.Actors.Inference;
using Pipeline.Models;
using Pipeline.Models.Estimators;

namespace Pipeline.Actors;

/// <summary>
/// A patient: the entity that holds what networks' answers change (<see cref="PatientState"/>, where the logic is). In:
/// <see cref="PatientWindows"/>, one message a record that completed windows; <see cref="InferenceRequest"/>, a network's answer;
/// <see cref="CapturePatient"/>, <see cref="ProbePatient"/>, <see cref="LeavePatient"/>. Out: each of the first three back through
/// <see cref="PatientReplies"/>, windows in their order when all their estimates are known. At most one question is under way. The first
/// message of a partition's graph brings the state to begin with.
/// </summary>
internal sealed class PatientActor : UntypedActor
{
    private PatientState _state = new();
    private PatientLink? _link;                 // whose messages are taken: a graph's to the patient
    private long _next;                         // number of the next one of them
    private Queue<PatientWindows>? _waiting;    // behind the present message
    private PatientWindows? _present;           // the message whose question is under way
    private InferenceRequest? _asked;
    private int _at;                            // the point in it that is asked about
    private bool _isLeaving;
    private bool _isStopping;

    /// <summary>How an entity is made, in every region.</summary>
    public static Props Props { get; } = Props.Create<PatientActor>().WithDispatcher(ActorConfiguration.PatientDispatcher).WithMailbox(ActorConfiguration.PatientMailbox);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PatientWindows windows when _isLeaving:
                Context.Parent.Forward(windows);    // for the entity that comes after this one
                break;
            case PatientWindows windows:
                Take(windows);
                break;
            case InferenceRequest answered when ReferenceEquals(answered, _asked):
                TakeAnswer(answered);
                break;
            case InferenceRequest:
                break;      // of a graph that has ended
            case CapturePatient capture when ReferenceEquals(capture.Captured.Link, _link):
                capture.Captured.Snapshot = _state.Complete(capture.Captured.Snapshot, Models.State.StateTransfer.OfThread);
                capture.Replies.Add(capture);
                break;
            case CapturePatient:
                break;      // this is not the entity that the graph's windows went to
            case ProbePatient probe:
                if (ReferenceEquals(probe.Asked, _present) || _waiting?.Any(one => ReferenceEquals(one, probe.Asked)) == true)
                    probe.Replies.Add(probe);
                break;
            case LeavePatient:
                _isLeaving = true;
                Context.Parent.Tell(new Passivate(StopWhenIdle.Instance));
                break;
            case StopWhenIdle:
                _isStopping = true;
                StopIfIdle();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>
    /// Takes the graph's next message. One behind a message that was lost stays unanswered, as its estimates would be of a state that has a
    /// gap: the graph then goes on from its last checkpoint.
    /// </summary>
    private void Take(PatientWindows windows)
    {
        if (windows.Number == 0 && !ReferenceEquals(windows.Link, _link))
            (_link, _next, _present, _asked, _waiting) = (windows.Link, 0, null, null, null);
        if (!ReferenceEquals(windows.Link, _link) || windows.Number != _next)
            return;
        _next++;
        if (_present is not null)
        {
            (_waiting ??= new Queue<PatientWindows>()).Enqueue(windows);
            return;
        }
        Begin(windows);
        GoOn();
    }

    private void Begin(PatientWindows windows)
    {
        (_present, _at) = (windows, -1);
        _state = windows.Start ?? _state;
        if (windows.Start?.Alarms is { } alarms)
            windows.Standing = AlarmPoints.Standing(alarms, windows);
    }

    /// <summary>Asks about the next point that has a question; where there is none left the message is acknowledged, and the next one is
    /// begun.</summary>
    private void GoOn()
    {
        while (_present is { } present)
        {
            while (++_at < present.Points.Count)
                if (present.Points[_at].Question is { } question)
                {
                    Ask(present, question);
                    return;
                }
            if (_state.Alarms is { } alarms)
                AlarmPoints.Judge(alarms, present);
            else if (present.Command is not null)
                AlarmPoints.Refuse(present, "there are no alarms (Alarms:Enabled)");
            _present = null;
            present.By = Self;
            present.Replies.Add(present);
            if (_waiting?.TryDequeue(out var next) == true)
                Begin(next);
        }
        StopIfIdle();
    }

    private void StopIfIdle()
    {
        if (_isStopping && _present is null)
            Context.Stop(Self);
    }

    private void Ask(PatientWindows present, NetworkQuestion question)
    {
        var memory = _state.MemoryOf(present.Points[_at].Point.Device, question.Model);
        question.Begin(memory);
        var self = Self;
        _asked = new InferenceRequest(present.Replies.Owner, question.Input, memory.State, question.Output, answer => self.Tell(answer, ActorRefs.NoSender)) { Priority = present.Priority };
        present.Replies.Post(present.Points[_at].Workers!, _asked);     // whoever has a question has a network
    }

    private void TakeAnswer(InferenceRequest answered)
    {
        _asked = null;
        if (answered.Outcome == InferenceOutcome.Cancelled)
            return;     // the graph has ended
        var present = _present!;    // there is one while something is asked
        var (point, question, _) = present.Points[_at];
        present.Points[_at] = present.Points[_at] with { Point = point with { Estimate = EstimateOf(answered, present, point, question!), Beats = question!.Beats } };
        GoOn();
    }

    /// <summary>
    /// The estimate that an answer gives. Where the network or its answer is of no use the classical estimate stands, and a dead letter
    /// says so.
    /// </summary>
    private Estimate EstimateOf(InferenceRequest answered, PatientWindows present, VitalPoint point, NetworkQuestion question)
    {
        var memory = _state.MemoryOf(point.Device, question.Model);
        var (stage, failure) = ("inference", answered.Failure);
        if (answered.Outcome == InferenceOutcome.Answered)
            try
            {
                return question.Answered(memory);
            }
#pragma warning disable CA1031 // The boundary: what one patient's answer throws must not stop its neighbours. It would throw again: it depends on the answer alone.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                (stage, failure) = ("patient", thrown);
            }
        var reason = $"{question.Model.Identity} throws on window {point.WindowId} of device {point.Device}, epoch {point.Epoch}: "
            + $"{failure?.GetType().Name}: {failure?.Message}";
        (present.DeadLetters ??= []).Add(new DeadLetter(stage, reason, point.Origin, Encoding.UTF8.GetBytes(point.Patient.Value), present.Payload));
        return question.Unanswered(memory);
    }
}

/// <summary>Stops an entity when nothing is open.</summary>
internal sealed class StopWhenIdle
{
    public static StopWhenIdle Instance { get; } = new();

    private StopWhenIdle()
    {
    }
}
