using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Stage;
using Pipeline.Models;
using Pipeline.Models.State;

namespace Pipeline.Actors.Stages;

/// <summary>
/// Tells windows to their patients' entities and gives out what they acknowledge. In: batches of windows, barriers. Out: output, in which a
/// patient's points stand in the order of its windows; a barrier when no window before it is open and the patients' state is in it. One
/// message a patient and record, each acknowledged once; at most <see cref="TopologyOptions.MaxWaitingWindows"/> windows are open. An
/// acknowledgement that does not come (a message that was lost) fails the graph, which then goes on from the last checkpoint.
/// </summary>
internal sealed class PatientStage(PartitionContext partition) : GraphStage<FlowShape<PartitionElement, PartitionElement>>
{
    private readonly Inlet<PartitionElement> _in = new("patients.in");
    private readonly Outlet<PartitionElement> _out = new("patients.out");

    public override FlowShape<PartitionElement, PartitionElement> Shape => field ??= new FlowShape<PartitionElement, PartitionElement>(_in, _out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, partition);

    private sealed class Logic : TimerGraphStageLogic, IInHandler, IOutHandler
    {
        private readonly PatientStage _stage;
        private readonly PartitionContext _partition;
        private readonly PatientReplies _replies;
        private readonly OpenMessages _open;
        private List<IForPatient> _taken = [];
        private OutputBatch _batch;
        private Barrier? _barrier;
        private long _openBytes;        // of the records' values that open windows keep for a dead letter
        private bool _isCaptured;       // whether the entities were asked for the barrier's snapshots

        public Logic(PatientStage stage, PartitionContext partition) : base(stage.Shape)
        {
            (_stage, _partition, _replies) = (stage, partition, partition.Replies);
            _open = partition.Settings.OpenMessages(partition.Time, partition.Options.AcknowledgeWithin);
            _batch = NewBatch(-1);
            SetHandler(stage._in, this);
            SetHandler(stage._out, this);
        }

        public override void PreStart()
        {
            _replies.Attach(GetAsyncCallback(OnReplies));
            ScheduleRepeatedly(nameof(OpenMessages), _partition.Options.AcknowledgeWithin, _partition.Options.AcknowledgeWithin);
        }

        public override void PostStop()
        {
            _partition.Counts.Add(Count.QuestionsDropped, _partition.QuestionCount);
            _partition.PatientsStopped.TrySetResult();
        }

        public void OnPush()
        {
            switch (Grab(_stage._in))
            {
                case WindowBatch windows:
                    Tell(windows);
                    break;
                case Barrier barrier:
                    (_barrier, _isCaptured) = (barrier, false);
                    break;
            }
            OnReplies();
        }

        public void OnPull() => GoOn();

        public void OnUpstreamFinish() => GoOn();

        public void OnUpstreamFailure(Exception e) => FailStage(e);

        public void OnDownstreamFinish(Exception cause) => InternalOnDownstreamFinish(cause);

        /// <summary>A window that an entity holds for long is asked about: it waits for a network, or it was lost.</summary>
        protected override void OnTimer(object timerKey)
        {
            if (_open.FindLost() is { } lost)
                FailStage(new LostMessageException(lost.Partition, lost.Patient));
            else if (_open.FindOld() is { } old)
                Region.Tell(new ProbePatient(old.Partition, old.Patient, old, _replies), ActorRefs.NoSender);
        }

        private IActorRef Region => _partition.Settings.Region.Patients;

        private void Tell(WindowBatch windows)
        {
            _taken = _replies.TakeAll(_taken);      // until it sleeps no entity wakes this stage
            var output = windows.Output;
            _batch.LastOffset = output.LastOffset;
            _batch.EnteredAt = Math.Max(_batch.EnteredAt, output.EnteredAt);
            _batch.Beats.AddRange(output.Beats);
            _batch.DeadLetters.AddRange(output.DeadLetters);
            foreach (var one in windows.Windows)
            {
                _partition.QuestionCount += one.QuestionCount;
                _partition.Counts.Add(Count.Questions, one.QuestionCount);
                _openBytes += one.Payload.Length;
                Tell(one, one.Link);
            }
            foreach (var link in windows.Left)
                (link.Entity ?? Region).Tell(new LeavePatient(_partition.Number, link.Patient), ActorRefs.NoSender);
            Deal();
        }

        /// <summary>
        /// By the region, or straight to the entity once it has answered. Never by both ways at a time: a message by the region could then
        /// come after one that was told later.
        /// </summary>
        private void Tell(IForPatient message, PatientLink link)
        {
            if (link.OpenCount++ > 0 && !link.IsDirect)
                Region.Tell(message, ActorRefs.NoSender);
            else if (link.Entity is { } entity)
            {
                link.IsDirect = true;
                entity.Tell(message, ActorRefs.NoSender);
            }
            else
                Region.Tell(message, ActorRefs.NoSender);
            _open.Add(message);
        }

        private void OnReplies()
        {
            do
            {
                _taken = _replies.TakeAll(_taken);
                Deal();
            }
            while (!_replies.Sleep());
            GoOn();
        }

        private void Deal()
        {
            foreach (var reply in _taken)
                switch (reply)
                {
                    case PatientWindows windows:
                        Close(windows, windows.Link, windows.By);
                        GiveOut(windows);
                        break;
                    case CapturePatient capture:
                        Close(capture, capture.Captured.Link, null);
                        break;
                    case ProbePatient probe:
                        _open.NoteHeld(probe.Asked);
                        break;
                }
            _taken.Clear();
        }

        private void Close(IForPatient message, PatientLink link, IActorRef? by)
        {
            link.OpenCount--;
            link.Entity ??= by;
            _open.Remove(message);
        }

        private void GiveOut(PatientWindows windows)
        {
            var counts = _partition.Counts;
            foreach (var (point, question, _) in windows.Points)
            {
                _batch.Points.Add(point);
                counts.Add(Count.Values, point.Estimate.Status == EstimateStatus.Ok ? 1 : 0);
                if (question is not null)
                    _partition.Scratch.Return(question);
            }
            if (windows.Standing is { } standing)
                _batch.Standing.Add(standing);
            _batch.EnteredAt = Math.Max(_batch.EnteredAt, windows.EnteredAt);
            counts.Add(Count.Estimates, windows.Points.Count);
            counts.Add(Count.Answers, windows.QuestionCount);
            if (windows.DeadLetters is { } letters)
            {
                _batch.DeadLetters.AddRange(letters);
                counts.Add(Count.AnswersFailed, windows.Command is null ? letters.Count : 0);
            }
            _openBytes -= windows.Payload.Length;
            _partition.QuestionCount -= windows.QuestionCount;
        }

        private void GoOn()
        {
            _partition.OpenCount = _open.Count;
            if (IsAvailable(_stage._out) && HasOutput)
            {
                var full = _batch;
                _batch = NewBatch(full.LastOffset);
                Push(_stage._out, new OutputElement(full));
            }
            if (_barrier is not null)
                PassBarrier();
            else if (IsClosed(_stage._in))
            {
                if (_open.Count == 0 && !HasOutput)
                    CompleteStage();
            }
            else if (!HasBeenPulled(_stage._in) && HasRoom)
                Pull(_stage._in);
        }

        /// <summary>The barrier goes on when nothing before it is open or waits to be given out, and every snapshot in it is
        /// complete.</summary>
        private void PassBarrier()
        {
            if (_open.Count > 0 || HasOutput)
                return;
            if (!_isCaptured)
            {
                _isCaptured = true;
                Capture(_barrier!);     // only called with one
                if (_open.Count > 0)
                    return;
            }
            if (!IsAvailable(_stage._out))
                return;
            var passed = _barrier!;
            _barrier = null;
            Push(_stage._out, passed);
        }

        private void Capture(Barrier barrier)
        {
            foreach (var captured in barrier.Captured)
                if (captured.Unsent is { } unsent)
                    captured.Snapshot = unsent.Complete(captured.Snapshot, StateTransfer.OfThread);
                else if (captured.IsWithEntity)
                    Tell(new CapturePatient(_partition.Number, captured, _replies), captured.Link);
            do
            {
                _taken = _replies.TakeAll(_taken);
                Deal();
            }
            while (!_replies.Sleep());
        }

        private bool HasOutput => _batch.Points.Count + _batch.Beats.Count + _batch.DeadLetters.Count > 0;

        private bool HasRoom => _open.Count < _partition.Options.MaxWaitingWindows && !_replies.IsCrowded
            && _batch.Points.Count + _batch.DeadLetters.Count < _partition.Options.MaxBatchPoints
            && _openBytes + _batch.LetterBytes < _partition.Options.MaxMailboxBytes;

        private OutputBatch NewBatch(long lastOffset) => new() { Shard = _partition.Number, LastOffset = lastOffset };
    }
}

/// <summary>A message to a patient was not acknowledged, and its entity does not hold it.</summary>
public sealed class LostMessageException : Exception
{
    internal LostMessageException(int partition, Models.Signals.PatientId patient)
        : base($"a message to patient {patient} of partition {partition} was lost: the partition goes on from its last checkpoint")
    {
    }
}
