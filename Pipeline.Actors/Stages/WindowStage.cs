using Akka.Streams;
using Akka.Streams.Stage;
using Pipeline.Models.Signals;

namespace Pipeline.Actors.Stages;

/// <summary>
/// A partition's records become windows of its patients. In: batches of records, barriers. Out: batches of windows, barriers. All that is
/// done per chunk is in here: windower, detectors, spectra, features. It waits for three things only: the snapshot of a passive patient
/// (whose records wait alone), before a barrier for all such patients, and behind a barrier that changes networks for the checkpoint that
/// names them to be committed.
/// </summary>
internal sealed class WindowStage(PartitionContext partition) : GraphStage<FlowShape<PartitionElement, PartitionElement>>
{
    private readonly Inlet<PartitionElement> _in = new("windows.in");
    private readonly Outlet<PartitionElement> _out = new("windows.out");

    public override FlowShape<PartitionElement, PartitionElement> Shape => field ??= new FlowShape<PartitionElement, PartitionElement>(_in, _out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, partition);

    private sealed class Logic : TimerGraphStageLogic, IInHandler, IOutHandler
    {
        private const int MostStashed = 256;    // records that wait for snapshots before no more are taken
        private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100), LongestRetry = TimeSpan.FromSeconds(10);

        private readonly WindowStage _stage;
        private readonly PartitionContext _partition;
        private readonly RecordWindows _records;
        private readonly PassiveDisk _disk;
        private readonly Queue<PartitionElement> _ready = new();
        private Action<Loaded> _loaded = null!;                     // these are set before the first element
        private Action<(Barrier Barrier, Exception? Failure)> _kept = null!;
        private Action<IReadOnlyList<PatientId>> _forgotten = null!;
        private Barrier? _barrier;          // waits for snapshots that are being read
        private RecordBatch? _held;         // waits for the networks to change
        private Barrier? _changing;         // the barrier that has to be committed first
        private long _through;              // last record of the last barrier, or of what was restored
        private NetworkNames _networks;     // of the last barrier
        private bool _isLeaving;
        private int _passiveCount;
        private int _stashedCount;
        private long _stashedBytes;

        public Logic(WindowStage stage, PartitionContext partition) : base(stage.Shape)
        {
            (_stage, _partition) = (stage, partition);
            _records = new RecordWindows(partition);
            partition.HeldBytes = () => _records.Table.HeldBytes;
            _disk = new PassiveDisk(partition.Settings.Passive, partition.Number, partition.Scheduler);
            var restore = partition.Restore;
            _through = restore?.NextOffset(partition.TopicId) is { } next && restore.Through?.Partition == partition.Number ? next - 1 : -1;
            _networks = restore?.Networks ?? default;
            _passiveCount = restore is null ? 0 : restore.Patients.Count + restore.KeptCount;
            SetHandler(stage._in, this);
            SetHandler(stage._out, this);
        }

        public override void PreStart()
        {
            _loaded = GetAsyncCallback<Loaded>(OnLoaded);
            _kept = GetAsyncCallback<(Barrier, Exception?)>(OnKept);
            _forgotten = GetAsyncCallback<IReadOnlyList<PatientId>>(OnForgotten);
            _partition.Told = GetAsyncCallback<BarrierOutcome>(OnOutcome);
            Interlocked.MemoryBarrier();    // who gives the partition up writes the one and reads the other: one of both sides sees it
            _isLeaving = _partition.IsLeaving;
            if (_partition.Restore is { Patients: { Count: > 0 } patients })
                _disk.Keep(patients, GetAsyncCallback<Exception?>(failure =>
                {
                    if (failure is not null)
                        FailStage(failure);     // nobody may go on without them
                }));
            ShowCounts();
        }

        public override void PostStop()
        {
            _records.Table.Clear();
            _disk.Clear();
            _partition.DiskEnded = _disk.Ended;
            _partition.WindowsStopped.TrySetResult();
        }

        public void OnPush()
        {
            switch (Grab(_stage._in))
            {
                case RecordBatch batch when IsChangeDue:
                    _held = batch;
                    if (_records.HandledOffset is null && _through < 0)
                        ChangeNetworks(batch.Records[0].Offset);    // nothing depends on the ones before
                    else
                        BeginBarrier(new Barrier(isLast: false));
                    break;
                case RecordBatch batch:
                    Handle(batch);
                    break;
                case Barrier barrier:
                    BeginBarrier(barrier);
                    break;
            }
            GoOn();
        }

        public void OnPull() => GoOn();

        public void OnUpstreamFinish() => GoOn();

        public void OnUpstreamFailure(Exception e) => FailStage(e);

        public void OnDownstreamFinish(Exception cause) => InternalOnDownstreamFinish(cause);

        protected override void OnTimer(object timerKey) => _disk.Load([(PatientId)timerKey], _loaded);

        private bool IsChangeDue => _partition.Networks.IsBehind && _changing is null && _held is null && !_isLeaving;

        private void Handle(RecordBatch batch)
        {
            var windows = _records.Handle(batch, _passiveCount > 0, out var unknown);
            if (unknown.Count > 0)
                _disk.Load([.. unknown.Select(patient => patient.Id)], _loaded);
            var stashed = _records.TakeStashed();
            (_stashedCount, _stashedBytes) = (_stashedCount + stashed.Count, _stashedBytes + stashed.Bytes);
            Add(windows);
            if (_records.Table.IsSweepDue && _barrier is null)
                Sweep();
            ShowCounts();
        }

        private void Add(WindowBatch windows)
        {
            if (windows.Windows.Count > 0 || windows.Output.Beats.Count > 0 || windows.Output.DeadLetters.Count > 0)
                _ready.Enqueue(windows);
        }

        /// <summary>Idle patients leave the memory by way of a barrier, here one of the stage's own.</summary>
        private void Sweep()
        {
            if (_records.Table.ForgottenBefore is { } seen && _passiveCount > 0)
                _disk.Forget(seen, _forgotten);
            if (_records.Table.EndSweep())
                BeginBarrier(new Barrier(isLast: false));
        }

        private void BeginBarrier(Barrier barrier)
        {
            if (_records.Table.LoadingCount > 0)
                _barrier = barrier;
            else
                Pass(barrier);
        }

        private void Pass(Barrier barrier)
        {
            _barrier = null;
            if (!barrier.IsLast && !_isLeaving && _partition.Networks.IsBehind && _changing is null)
            {
                _partition.Networks.Prepare();
                barrier.ChangesNetworks = true;
                _changing = barrier;
            }
            barrier.Through = Math.Max(_records.HandledOffset ?? -1, _through);
            barrier.Networks = _partition.Networks.Names;
            barrier.HasNews = barrier.Through > _through || (barrier.Through >= 0 && barrier.Networks != _networks);
            (_through, _networks) = (barrier.Through, barrier.Networks);
            _records.Table.Capture(barrier);
            _ready.Enqueue(barrier);
        }

        private void OnLoaded(Loaded loaded)
        {
            if (_records.Table.Find(loaded.Patient) is not { IsLoading: true } patient)
                return;
            if (loaded.Failure is { } failure)
            {
                _partition.Stalled = $"the snapshot of a patient cannot be read: {failure.Message}";
                var wait = FirstRetry * Math.Pow(2, Math.Min(patient.FailedLoadCount++, 20));
                ScheduleOnce(loaded.Patient, wait < LongestRetry ? wait : LongestRetry);
                return;
            }
            _partition.Stalled = null;
            if (loaded.Snapshot is not null)
                _passiveCount--;
            var waiting = _records.Table.EndLoading(patient, loaded.Snapshot);
            _stashedCount -= waiting.Count;
            _stashedBytes -= waiting.Sum(one => (long)one.Record.Payload.Length);
            Add(_records.HandleWaiting(patient, waiting));
            if (_barrier is { } barrier && _records.Table.LoadingCount == 0)
                Pass(barrier);
            GoOn();
        }

        private void OnOutcome(BarrierOutcome outcome)
        {
            _isLeaving |= outcome.IsLeaving;
            if (outcome.Passed is { } passed)
                Passivate(passed);
            if (_changing is { } changing
                && (ReferenceEquals(outcome.Passed, changing) && (_partition.Restore is null || !changing.HasNews)
                    || outcome.Committed is { } committed && committed.Through.Offset >= changing.Through && committed.Networks == changing.Networks))
                ChangeNetworks(changing.Through + 1);
            GoOn();
        }

        private void ChangeNetworks(long offset)
        {
            if (!_partition.Networks.IsChanging)
                _partition.Networks.Prepare();
            _partition.Networks.Change(offset);
            _changing = null;
        }

        private void Passivate(Barrier passed)
        {
            var idle = passed.Captured.Where(captured => captured.IsIdle).Select(captured => captured.Snapshot).ToList();
            if (idle.Count > 0)
                _disk.Keep(idle, failure => _kept((passed, failure)));
        }

        private void OnKept((Barrier Barrier, Exception? Failure) kept)
        {
            var left = new WindowBatch { Output = new OutputBatch { Shard = _partition.Number } };
            foreach (var captured in kept.Barrier.Captured.Where(captured => captured.IsIdle))
                if (kept.Failure is not null)
                    _partition.Counts.Add(Count.PatientsNotPassivated);     // it stays in memory; tried again with a later barrier
                else if (_records.Table.TryPassivate(captured))
                {
                    left.Left.Add(captured.Link);
                    _passiveCount++;
                }
            if (left.Left.Count > 0)
                _ready.Enqueue(left);
            ShowCounts();
            GoOn();
        }

        private void OnForgotten(IReadOnlyList<PatientId> forgotten)
        {
            foreach (var patient in forgotten)
                if (_records.Table.TryForget(patient))
                    _passiveCount--;
            ShowCounts();
        }

        private void GoOn()
        {
            if (_held is { } held && _changing is null && _barrier is null)
            {
                _held = null;
                Handle(held);
            }
            if (IsAvailable(_stage._out) && _ready.TryDequeue(out var next))
                Push(_stage._out, next);
            if (_isLeaving && _changing is not null && _partition.Restore is not null && _ready.Count == 0 && _barrier is null)
                CompleteStage();
            else if (_ready.Count > 0 || _barrier is not null || _held is not null || _changing is not null || _stashedCount >= MostStashed || _stashedBytes >= _partition.Options.MaxMailboxBytes)
                return;
            else if (IsClosed(_stage._in))
            {
                if (_records.Table.LoadingCount == 0)
                    CompleteStage();
            }
            else if (IsAvailable(_stage._out) && !HasBeenPulled(_stage._in))
                Pull(_stage._in);
        }

        private void ShowCounts() => (_partition.PatientCount, _partition.PassiveCount) = (_records.Table.Count, Math.Max(0, _passiveCount));
    }
}
