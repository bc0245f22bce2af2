using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators;
using Pipeline.Models.Packages;
using Pipeline.Models.State;

namespace Pipeline.Models;

/// <summary>
/// What networks' answers change of one patient: of each device the recurrent (LSTM) state, and the alarms. The patient's actor holds it; a window's question is
/// begun and answered against it, in the order of the device's windows, and its estimates are judged when all are known. Pure; one thread at a time.
/// </summary>
public sealed class PatientState
{
    private const int StateVersion = 1;

    private readonly List<(string Device, string Block, RateMemory Memory)> _memories = [];

    /// <summary>A patient of whom nothing is known; <paramref name="rules"/>: when there are alarms, null: never.</summary>
    public PatientState(AlarmRules? rules = null) => Alarms = rules is { Enabled: true } ? new AlarmEngine(rules) : null;

    /// <summary>The patient's alarms; null where there are none.</summary>
    public AlarmEngine? Alarms { get; private set; }

    /// <summary>Whether there were alarms that could not be read.</summary>
    public bool AreAlarmsLost { get; private set; }

    /// <summary>Whether nothing is held: no network has been asked, and no estimate was judged.</summary>
    public bool IsEmpty => _memories.Count == 0 && Alarms is not { IsEmpty: false };

    /// <summary>
    /// A patient as in <paramref name="snapshot"/>. <paramref name="older"/>: recurrent state that a device's stage held in an older form of its
    /// state, by device; the block of today's form counts where there are both. Alarms that cannot be read begin anew.
    /// </summary>
    public static PatientState Restore(
        PatientSnapshot snapshot, IReadOnlyList<(string Device, RateMemory Memory)> older, StateTransfer state, AlarmRules? rules = null)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(older);
        ArgumentNullException.ThrowIfNull(state);
        var restored = new PatientState(rules);
        restored.RestoreAlarms(snapshot, state, rules);
        foreach (var device in snapshot.Devices)
            foreach (var block in device.Stream.Blocks)
                if (StateBlock.IsOfNetwork(block.Name) && block.Version == StateVersion && Read(block, state) is { } memory)
                    restored._memories.Add((device.Stream.Device, block.Name, memory));
        foreach (var (device, memory) in older)
            if (restored.Find(device, StateBlock.RateNetwork) is null)
                restored._memories.Add((device, StateBlock.RateNetwork, memory));
        return restored;
    }

    /// <summary>The recurrent state of a device for networks of the task of <paramref name="model"/>; a new one is of no network.</summary>
    public RateMemory MemoryOf(string device, RecurrentModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Find(device, model.StateBlock) is { } known)
            return known;
        var memory = new RateMemory();
        _memories.Add((device, model.StateBlock, memory));
        return memory;
    }

    /// <summary>
    /// <paramref name="streams"/>, the snapshot of the patient's device streams, completed by what is held here of its devices. What is held of
    /// other devices is forgotten: they are the patient's no more. Between two windows, when no question is open.
    /// </summary>
    public PatientSnapshot Complete(PatientSnapshot streams, StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(state);
        _memories.RemoveAll(one => !streams.Devices.Any(device => device.Stream.Device == one.Device));
        var completed = _memories.Count == 0 ? streams : streams with { Devices = [.. streams.Devices.Select(device => Complete(device, state))] };
        return Alarms is not { IsEmpty: false } alarms ? completed : completed with { Blocks = [Capture(alarms, state)] };
    }

    private static StateBlock Capture(AlarmEngine alarms, StateTransfer state)
    {
        state.BeginWriting(AlarmEngine.StateVersion);
        alarms.Transfer(state);
        return new StateBlock(AlarmEngine.StateName, AlarmEngine.StateVersion, "", state.EndWriting());
    }

    private void RestoreAlarms(PatientSnapshot snapshot, StateTransfer state, AlarmRules? rules)
    {
        foreach (var block in snapshot.Blocks)
        {
            if (Alarms is null || block.Name != AlarmEngine.StateName)
                continue;
            AreAlarmsLost = block.Version is < 1 or > AlarmEngine.StateVersion;
            if (AreAlarmsLost)
                continue;
            state.BeginReading(block.Bytes, block.Version);
            Alarms.Transfer(state);
            AreAlarmsLost = state.EndReading() is not null;
            if (AreAlarmsLost)
                Alarms = new PatientState(rules).Alarms;
        }
    }

    private PlacedDevice Complete(PlacedDevice device, StateTransfer state)
    {
        var blocks = device.Stream.Blocks;
        foreach (var (name, block, memory) in _memories)
        {
            if (name != device.Stream.Device)
                continue;
            state.BeginWriting(StateVersion);
            memory.Transfer(state);
            blocks = [.. blocks.Where(known => known.Name != block), new StateBlock(block, StateVersion, memory.Identity, state.EndWriting())];
        }
        return device with { Stream = device.Stream with { Blocks = blocks } };
    }

    private RateMemory? Find(string device, string block)
    {
        foreach (var (name, of, memory) in _memories)
            if (name == device && of == block)
                return memory;
        return null;
    }

    private static RateMemory? Read(in StateBlock block, StateTransfer state)
    {
        var memory = new RateMemory();
        state.BeginReading(block.Bytes, block.Version);
        memory.Transfer(state);
        return state.EndReading() is null ? memory : null;
    }
}
