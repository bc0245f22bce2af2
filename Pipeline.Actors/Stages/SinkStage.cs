using System.Diagnostics;
using Akka.Streams;
using Akka.Streams.Stage;

namespace Pipeline.Actors.Stages;

/// <summary>
/// Hands a partition's output to every sink at once and waits for their acknowledgement. In: output and barriers. Out: a barrier when all
/// output before it is acknowledged. At most <see cref="TopologyOptions.MaxBatchesInFlight"/> batches are under way; with as many there is
/// no demand. A sink that fails fails the graph.
/// </summary>
internal sealed class SinkStage(PartitionContext partition) : GraphStage<FlowShape<PartitionElement, Barrier>>
{
    private readonly Inlet<PartitionElement> _in = new("sinks.in");
    private readonly Outlet<Barrier> _out = new("sinks.out");

    public override FlowShape<PartitionElement, Barrier> Shape => field ??= new FlowShape<PartitionElement, Barrier>(_in, _out);

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, partition);

    private sealed class Logic : InAndOutGraphStageLogic
    {
        private readonly SinkStage _stage;
        private readonly PartitionContext _partition;
        private readonly int _maxInFlight;
        private Action<(OutputBatch Batch, Exception? Failure)> _ended = null!;     // set before the first element
        private Barrier? _barrier;
        private int _inFlight;
        private long _bytesInFlight;        // of dead letters, which carry whole records

        public Logic(SinkStage stage, PartitionContext partition) : base(stage.Shape)
        {
            (_stage, _partition, _maxInFlight) = (stage, partition, partition.Options.MaxBatchesInFlight);
            SetHandler(stage._in, this);
            SetHandler(stage._out, this);
        }

        public override void PreStart()
        {
            _ended = GetAsyncCallback<(OutputBatch, Exception?)>(OnEnded);
            Pull(_stage._in);
        }

        public override void OnPush()
        {
            switch (Grab(_stage._in))
            {
                case OutputElement { Batch: var batch }:
                    HandOver(batch);
                    break;
                case Barrier barrier:
                    _barrier = barrier;
                    break;
            }
            GoOn();
        }

        public override void OnPull() => GoOn();

        public override void OnUpstreamFinish() => GoOn();

        private void HandOver(OutputBatch batch)
        {
            _partition.Counts.Add(Count.Batches);
            _inFlight++;
            _bytesInFlight += batch.LetterBytes;
            var written = WriteAsync(batch);
            if (written.IsCompletedSuccessfully)
                Acknowledge(batch);
            else
                _ = written.ContinueWith(
                    (task, of) => _ended(((OutputBatch)of!, task.IsCompletedSuccessfully ? null : task.Exception?.InnerException ?? new TaskCanceledException(task))),
                    batch, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, _partition.Scheduler);
            _partition.InFlightCount = _inFlight;
        }

        private async Task WriteAsync(OutputBatch batch)
        {
            var sinks = _partition.Sinks;
            if (sinks.Count == 1)
                await sinks[0].WriteAsync(batch, _partition.Stop);
            else
                await Awaiting.AllAsync([.. sinks.Select(sink => sink.WriteAsync(batch, _partition.Stop))]);
        }

        private void OnEnded((OutputBatch Batch, Exception? Failure) ended)
        {
            if (ended.Failure is { } failure)
            {
                FailStage(failure);
                return;
            }
            Acknowledge(ended.Batch);
            _partition.InFlightCount = _inFlight;
            GoOn();
        }

        private void Acknowledge(OutputBatch batch)
        {
            _inFlight--;
            _bytesInFlight -= batch.LetterBytes;
            _partition.Counts.Add(Count.BatchesAcknowledged);
            _partition.RecordLatency(Stopwatch.GetElapsedTime(batch.EnteredAt).TotalSeconds);
        }

        private void GoOn()
        {
            if (_barrier is { } barrier && _inFlight == 0 && IsAvailable(_stage._out))
            {
                _barrier = null;
                Push(_stage._out, barrier);
            }
            if (_barrier is not null)
                return;
            if (IsClosed(_stage._in))
            {
                if (_inFlight == 0)
                    CompleteStage();
            }
            else if (_inFlight < _maxInFlight && _bytesInFlight < _partition.Options.MaxMailboxBytes && !HasBeenPulled(_stage._in))
                Pull(_stage._in);
        }
    }
}
