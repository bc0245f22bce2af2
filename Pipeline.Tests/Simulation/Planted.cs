using Pipeline.Actors;
using Pipeline.Actors.Stages;
using Pipeline.Models.Packages;
using Pipeline.Models.State;

namespace Pipeline.Tests.Simulation;

/// <summary>Bugs that could have been made, put into the simulated parts around the product: each has to be found.</summary>
internal enum PlantedBug
{
    None,
    CommitsBeforeAcknowledge,
    CapturesAfterTheBarrier,
    SnapshotsWithoutPosition,
    NoFence,
    AnswersAfterARestart,
    BarrierPassesAnOpenAnswer,
    GraphStartsBeforeItsShard,
    LostAcknowledgementIsTakenForOne,
    TakesSkippedRecordsForAHole,
    LeavesOutMoreThanWhatDoesNotFit,
}

/// <summary>Does not count the messages whose answer is open: barriers pass them.</summary>
internal sealed class UncountedQuestions(TimeProvider time, TimeSpan patience) : OpenMessages(time, patience)
{
    public override int Count => All.Count(message => message is not PatientWindows { QuestionCount: > 0 });
}

/// <summary>Takes a message that was lost for one that was acknowledged.</summary>
internal sealed class ForgottenMessages(TimeProvider time, TimeSpan patience) : OpenMessages(time, patience)
{
    public override IForPatient? FindLost()
    {
        if (base.FindLost() is PatientWindows lost)
        {
            Remove(lost);
            lost.Link.OpenCount--;
        }
        return null;
    }
}

/// <summary>Acknowledges what it has only begun to write.</summary>
internal sealed class HastySink(IPatientSink sink) : IPatientSink
{
    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        _ = sink.WriteAsync(batch, CancellationToken.None);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => sink.DisposeAsync();
}

/// <summary>Restores the patients without saying of which record their state is.</summary>
internal sealed class PositionlessLog(IShardLog log) : IShardLog
{
    public async Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop)
    {
        var restored = await log.AssignAsync(shard, committed, progress, stop);
        return restored with { Through = null, Patients = [.. restored.Patients.Select(patient => patient with { Applied = default })] };
    }

    public Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop) => log.CommitAsync(checkpoint, stop);

    public void Revoke(ShardLease lease) => log.Revoke(lease);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}

/// <summary>
/// Commits, under the last checkpoint's position, the snapshots of the next one before that: as if the state were captured when the partition had
/// gone on behind its barrier.
/// </summary>
internal sealed class LateCapture(IShardLog log) : IShardLog
{
    private readonly Dictionary<int, RecordPosition> _last = [];

    public async Task<ShardRestore> AssignAsync(int shard, long? committed, IProgress<double>? progress, CancellationToken stop)
    {
        var restored = await log.AssignAsync(shard, committed, progress, stop);
        if (restored.Through is { } through)
            _last[shard] = through;
        return restored;
    }

    public async Task<CommitOutcome> CommitAsync(ShardCheckpoint checkpoint, CancellationToken stop)
    {
        var shard = checkpoint.Lease.Shard;
        if (_last.TryGetValue(shard, out var before) && before.Offset < checkpoint.Through.Offset)
            await log.CommitAsync(checkpoint with { Through = before, Changed = [.. checkpoint.Changed.Select(patient => patient with { Applied = before })] }, stop);
        var outcome = await log.CommitAsync(checkpoint, stop);
        if (outcome == CommitOutcome.Committed)
            _last[shard] = checkpoint.Through;
        return outcome;
    }

    public void Revoke(ShardLease lease) => log.Revoke(lease);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}

/// <summary>Answers of a process that reach a patient which has been restored since.</summary>
internal sealed class LateAnswers
{
    private readonly Dictionary<int, (float[] Output, float[] State)> _last = [], _late = [];

    /// <summary>Shards begin again: the first answer to each of their patients is one from before.</summary>
    public void Restart()
    {
        foreach (var (patient, answer) in _last)
            _late[patient] = answer;
    }

    public IModelSession Through(IModelSession session) => new Session(session, this);

    private sealed class Session(IModelSession session, LateAnswers answers) : IModelSession
    {
        private readonly float[] _output = new float[session.Output.Length], _nextState = new float[session.NextState.Length];

        public int InputLength => session.InputLength;

        public int StateLength => session.StateLength;

        public int OutputLength => session.OutputLength;

        public IReadOnlyList<int> BatchSizes => session.BatchSizes;

        public Span<float> Input => session.Input;

        public Span<float> State => session.State;

        public ReadOnlySpan<float> Output => _output;

        public ReadOnlySpan<float> NextState => _nextState;

        public void Run(int rows)
        {
            session.Run(rows);
            session.Output.CopyTo(_output);
            session.NextState.CopyTo(_nextState);
            for (var row = 0; row < rows; row++)
            {
                var patient = (int)session.Input[row * InputLength + SimulatedStage.PatientInput];
                var output = _output.AsSpan(row * OutputLength, OutputLength);
                var state = _nextState.AsSpan(row * StateLength, StateLength);
                if (answers._late.Remove(patient, out var late))
                {
                    late.Output.CopyTo(output);
                    late.State.CopyTo(state);
                }
                answers._last[patient] = (output.ToArray(), state.ToArray());
            }
        }

        public void Dispose() => session.Dispose();
    }
}
