using System.Runtime.CompilerServices;
using Pipeline.Actors;
using Pipeline.Models.Packages;

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
/// Commits, under the last checkpoint's position, snapshots that hold what was handled after it: as if the state were captured when the shard had
/// gone on behind its barrier.
/// </summary>
internal sealed class LateCapture(Partitions shards, IShardLog log)
{
    private readonly Dictionary<int, ShardCheckpoint> _seen = [];

    /// <summary>To be called often; <paramref name="committed"/>: the offset behind the last checkpoint of the shard.</summary>
    public void Look(int number, long committed, CancellationToken stop)
    {
        var shard = shards.Snapshot().First(one => one.Number == number);
        if (CapturedOf(CheckpointsOf(shard)!) is not { } captured || ReferenceEquals(_seen.GetValueOrDefault(number), captured))
            return;
        _seen[number] = captured;
        var before = captured.Through with { Offset = committed - 1 };
        _ = log.CommitAsync(captured with { Through = before, Changed = [.. captured.Changed.Select(patient => patient with { Applied = before })] }, stop);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_checkpoints")]
    private static extern ref ShardCheckpoints? CheckpointsOf(Shard shard);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_captured")]
    private static extern ref ShardCheckpoint? CapturedOf(ShardCheckpoints checkpoints);
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
