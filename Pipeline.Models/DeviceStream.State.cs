using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models;

/// <content>Capture and restore.</content>
public sealed partial class DeviceStream
{
    private const int StateVersion = 1;

    /// <summary>
    /// The stream's whole state, between two chunks (<see cref="TryNext"/> has said false). <paramref name="state"/> is only worked with.
    /// </summary>
    /// <exception cref="InvalidOperationException">A chunk is being taken.</exception>
    public DeviceSnapshot Capture(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var blocks = new StateBlock[1 + _stages.Length];
        state.BeginWriting(StateVersion);
        Transfer(state);
        blocks[0] = new StateBlock(StateBlock.Stream, StateVersion, "", state.EndWriting());
        for (var i = 0; i < _stages.Length; i++)
        {
            var stage = _stages[i];
            state.BeginWriting(stage.StateVersion);
            stage.Transfer(state);
            blocks[1 + i] = new StateBlock(stage.StateName, stage.StateVersion, stage.StateModel, state.EndWriting());
        }
        return new DeviceSnapshot(Device, Epoch, RateHz, _format, Channels, _windower.Shape, blocks);
    }

    /// <summary>
    /// A stream that goes on where <paramref name="snapshot"/> was captured; null when it cannot be used, and then <paramref name="told"/>
    /// is why. Otherwise <paramref name="told"/> is null, or names the stages that begin anew because the snapshot has nothing of them
    /// (another estimator, another network).
    /// </summary>
    public static DeviceStream? Restore(
        WindowShape shape, StageFactory stages, PatientId patient, DeviceSnapshot snapshot, StateTransfer state, out string? told)
    {
        ArgumentNullException.ThrowIfNull(stages);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(state);
        var empty = snapshot.EmptyChunk(patient);
        told = FindFault(shape, empty);
        if (told is null && snapshot.Shape != shape)
            told = $"windows of {snapshot.Shape.Length} every {snapshot.Shape.Hop} where {shape.Length} every {shape.Hop} are set";
        if (told is not null)
            return null;
        var stream = new DeviceStream(shape, stages, empty);
        return stream.TryRead(snapshot, state, out told) ? stream : null;
    }

    /// <summary>The network's recurrent state out of an older snapshot; null where there is none. See
    /// <see cref="IWindowStage.TakeRestoredMemory"/>.</summary>
    public RateMemory? TakeRestoredMemory()
    {
        foreach (var stage in _stages)
            if (stage.TakeRestoredMemory() is { } memory)
                return memory;
        return null;
    }

    private bool TryRead(DeviceSnapshot snapshot, StateTransfer state, out string? told)
    {
        var blocks = snapshot.Blocks;
        if (blocks.Count == 0 || blocks[0].Name != StateBlock.Stream)
        {
            told = $"no block '{StateBlock.Stream}'";
            return false;
        }
        told = Read(blocks[0], StateVersion, Transfer, state);
        var afresh = new List<string>();
        foreach (var stage in _stages)
        {
            var block = blocks.Skip(1).FirstOrDefault(b => b.Name == stage.StateName && b.Model == stage.StateModel);
            if (block.Name is null && !stage.IsMissed)
                continue;
            if (block.Name is null)
                afresh.Add(stage.StateModel.Length == 0 ? stage.StateName : $"{stage.StateName} {stage.StateModel}");
            else
                told ??= Read(block, stage.StateVersion, stage.Transfer, state);
        }
        if (told is not null)
            return false;
        if (afresh.Count > 0)
            told = $"nothing of {string.Join(", ", afresh)}: begins anew";
        return true;
    }

    private static string? Read(in StateBlock block, int known, Action<StateTransfer> transfer, StateTransfer state)
    {
        if (block.Version < 1 || block.Version > known)
            return $"state '{block.Name}' has version {block.Version}; this program reads 1 to {known}";
        state.BeginReading(block.Bytes, block.Version);
        transfer(state);
        return state.EndReading() is { } fault ? $"state '{block.Name}' (version {block.Version}): {fault}" : null;
    }

    private void Transfer(StateTransfer state)
    {
        if (_ending)
            throw new InvalidOperationException($"The stream is ending; {nameof(TryNext)} first until it is false.");
        _windower.Transfer(state);
        state.Value(ref _anchor);
        state.Value(ref _nextAnchor);
        state.Value(ref _nextAnchorFrom);
        state.Value(ref _ended);
        var moves = AnchorMoveCount;
        state.Value(ref moves);
        AnchorMoveCount = moves;
    }
}
