using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Alarms;

/// <content>What people want of the alarms, how they stand, and the state.</content>
public sealed partial class AlarmEngine
{
    /// <summary>Version of the state that is written, from 1.</summary>
    public const int StateVersion = 2;

    /// <summary>Version from which on signals have their beats of late, and alarms what they were checked with.</summary>
    internal const int CheckedVersion = 2;

    /// <summary>Name of the state's block.</summary>
    public const string StateName = "alarms";

    /// <summary>The alarms that have not ended: first the one to be shown, then by urgency.</summary>
    public IReadOnlyList<PatientAlarm> Open()
    {
        var open = new List<PatientAlarm>();
        foreach (var slot in _slots)
            Add(slot, open);
        foreach (var rate in _rates)
        {
            Add(rate.Lost, open);
            Add(rate.Coincidence, open);
        }
        foreach (var device in _devices)
        {
            Add(device.Silent, open);
            Add(device.Skewed, open);
        }
        open.Sort(Compare);
        return open;
    }

    /// <summary>Event time at which the pause ends; null when there is none.</summary>
    public Timestamp? PausedUntil => _pausedUntil < 0 ? null : _now.AddSeconds((_pausedUntil - _clock) / 1000.0);

    /// <summary>
    /// How the alarms stand since the last change, for who has not seen it; null before the first change. It is no change itself: the
    /// sequence is that of the last one.
    /// </summary>
    public AlarmChange? Standing() =>
        _changedAt < 0 ? null : new AlarmChange(_sequence, default, new Timestamp(_changedAt), null, Open(), PausedUntil, "", "") { Limits = _limits };

    /// <summary>Does what somebody wants, once; answers why it cannot be, or null.</summary>
    public string? Apply(AlarmCommand command, List<AlarmChange> changes)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(changes);
        if (command.Id != 0)
        {
            if (_applied.Contains(command.Id))
                return null;
            if (_applied.Count == MostApplied)
                _applied.RemoveAt(0);
            _applied.Add(command.Id);
        }
        if (_devices.Count == 0)
            _now = command.At;      // there is no other time yet
        switch (command.Kind)
        {
            case AlarmCommandKind.Acknowledge:
                var count = changes.Count;
                Acknowledge(command.Number, command.By, command.Why, changes);
                return changes.Count > count ? null : command.Number == 0 ? "no alarm waits to be acknowledged" : $"alarm {command.Number} does not wait to be acknowledged";
            case AlarmCommandKind.Pause:
                Pause(command.Time, command.By, command.Why, changes);
                return null;
            case AlarmCommandKind.Admit or AlarmCommandKind.Discharge:
                BeginAnew(command, changes);
                return null;
            case AlarmCommandKind.Move:
                Move(command, changes);
                return null;
            default:
                return SetLimits(command.Limits, command.By, command.Why, changes);
        }
    }

    /// <summary>
    /// Somebody acknowledges an alarm, or (<paramref name="number"/> 0) all of them. One that is latched ends with it. Adds what changes;
    /// nothing when there is nothing to acknowledge.
    /// </summary>
    public void Acknowledge(long number, string by, string why, List<AlarmChange> changes)
    {
        _changes = changes;
        Each((ref AlarmSlot? slot) => Acknowledge(ref slot, number, by, why));
        _changes = null;
    }

    /// <summary>Somebody admits or discharges the patient: what is open is over, as are a pause and limits of its own.</summary>
    private void BeginAnew(AlarmCommand command, List<AlarmChange> changes)
    {
        var isAdmitted = command.Kind == AlarmCommandKind.Admit;
        _changes = changes;
        Each((ref AlarmSlot? slot) => End(ref slot, isAdmitted ? "the patient is admitted" : "the patient is discharged", command.By));
        _events.Clear();
        if (_pausedUntil >= 0)
            EndPause(command.Why, command.By);
        (_own, _limits, _isDischarged) = (NoLimits, _rules.LimitsOf(_ward), !isAdmitted);
        Say(isAdmitted ? AlarmAction.Admitted : AlarmAction.Discharged, null, command.By, command.Why);
        _changes = null;
    }

    /// <summary>Somebody moves the patient: its alarms are said of the new bed, by the limits of its ward, until the samples name another place than they did.</summary>
    private void Move(AlarmCommand command, List<AlarmChange> changes)
    {
        if (!_isMoved)
            (_isMoved, _movedFromWard, _movedFromBed) = (true, _ward, _bed);
        Place(command.Ward.Length > 0 ? command.Ward : _ward, command.Bed);
        _changes = changes;
        Say(AlarmAction.Moved, null, command.By, command.Why);
        _changes = null;
    }

    /// <summary>All slots, those without a condition that holds among them.</summary>
    private void Each(SlotAction action)
    {
        foreach (ref var slot in _slots.AsSpan())
            action(ref slot);
        foreach (var rate in _rates)
        {
            action(ref rate.Lost);
            action(ref rate.Coincidence);
        }
        foreach (var device in _devices)
        {
            action(ref device.Silent);
            action(ref device.Skewed);
        }
    }

    /// <summary>
    /// Somebody pauses the patient's alarms for <paramref name="time"/>, at most <see cref="AlarmRules.LongestPause"/>: they are kept,
    /// and make no sound. An alarm that is more
    /// urgent than those by then ends the pause. Zero ends it, too.
    /// </summary>
    public void Pause(TimeSpan time, string by, string why, List<AlarmChange> changes)
    {
        _changes = changes;
        if (time <= TimeSpan.Zero)
        {
            if (_pausedUntil >= 0)
                EndPause(why, by);
        }
        else
        {
            var open = Open();
            _pausedRank = open.Count == 0 ? 0 : open.Max(alarm => AlarmNames.RankOf(alarm.Priority));
            _pausedUntil = _clock + AlarmSlot.Ms(time < _rules.LongestPause ? time : _rules.LongestPause);
            Say(AlarmAction.Paused, null, by, why);
        }
        _changes = null;
    }

    /// <summary>
    /// Somebody gives the patient limits of its own; those that are not set are the ward's again. Answers why they cannot be, or null
    /// when they hold.
    /// </summary>
    public string? SetLimits(LimitChange own, string by, string why, List<AlarmChange> changes)
    {
        ArgumentNullException.ThrowIfNull(own);
        var limits = _rules.LimitsOf(_ward).With(own);
        if (limits.FindFault() is { } fault)
            return $"{fault.Limit}: {fault.Fault}";
        (_own, _limits, _changes) = (own, limits, changes);
        Say(AlarmAction.LimitsSet, null, by, why);
        _changes = null;
        return null;
    }

    /// <summary>All that changes, between two windows.</summary>
    public void Transfer(StateTransfer state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Count(ref _clock);
        state.Count(ref _judgedAt);
        state.Count(ref _sequence);
        state.Count(ref _number);
        state.Within(ref _pausedUntil, -1);
        state.Within(ref _pausedRank, 0, AlarmNames.RankOf(EventPriority.High));
        state.Value(ref _changedAt);
        state.Value(ref _now);
        TransferLimits(state);
        TransferAll(_devices, MostDevices, state, () => new WatchedDevice(), device => device.Transfer(state));
        TransferAll(_rates, MostRates, state, () => new WatchedRate(), rate => rate.Transfer(state, _devices.Count));
        state.Check(_rates.Count == 0 || _devices.Count > 0, "a rate without a device");
        for (var i = 0; i < _slots.Length; i++)
            Transfer(ref _slots[i], PatientKinds[i], state);
        TransferEvents(state);
        TransferApplied(state);
        if (state.Version >= CheckedVersion)
        {
            state.Value(ref _isDischarged);
            state.Value(ref _isMoved);
            state.Text(ref _movedFromWard);
            state.Text(ref _movedFromBed);
        }
        if (state.IsReading)
            _limits = _rules.LimitsOf(_ward).With(_own);
    }

    /// <summary>A slot that may not be there.</summary>
    internal static void Transfer(ref AlarmSlot? slot, AlarmKind kind, StateTransfer state)
    {
        var isThere = slot is not null;
        state.Value(ref isThere);
        if (state.IsReading)
            slot = isThere ? new AlarmSlot(kind) : null;
        slot?.Transfer(state);
    }

    private void TransferLimits(StateTransfer state)
    {
        state.Text(ref _ward);
        state.Text(ref _bed);
        var fields = LimitChange.Fields;
        Span<double> own = stackalloc double[fields.Count];
        for (var i = 0; i < own.Length; i++)
            own[i] = fields[i].Get(_own) ?? double.NaN;
        state.Values(own);
        if (!state.IsReading || !own.ContainsAnyExcept(double.NaN))
            return;
        _own = new LimitChange();
        for (var i = 0; i < own.Length; i++)
            fields[i].Set(_own, double.IsNaN(own[i]) ? null : own[i]);
    }

    private delegate void SlotAction(ref AlarmSlot? slot);

    private static void TransferAll<T>(List<T> all, int most, StateTransfer state, Func<T> make, Action<T> transfer)
    {
        var count = all.Count;
        state.Within(ref count, 0, most);
        for (var i = 0; i < count && state.Fault is null; i++)
        {
            if (state.IsReading)
                all.Add(make());
            transfer(all[i]);
        }
    }

    private void TransferEvents(StateTransfer state)
    {
        var count = _events.Count;
        state.Within(ref count, 0, MostRates);
        for (var i = 0; i < count && state.Fault is null; i++)
        {
            var (kind, device, signal, isOver) = state.IsReading ? default : _events[i];
            state.Value(ref kind);
            state.Within(ref device, 0, Math.Max(0, _devices.Count - 1));
            state.Value(ref signal);
            state.Value(ref isOver);
            if (state.IsReading)
                _events.Add(new ToldEvent(kind, device, signal, isOver));
        }
        state.Check(_events.Count == 0 || _devices.Count > 0, "an event without a device");
    }

    private void TransferApplied(StateTransfer state)
    {
        var count = _applied.Count;
        state.Within(ref count, 0, MostApplied);
        for (var i = 0; i < count && state.Fault is null; i++)
        {
            var id = state.IsReading ? 0 : _applied[i];
            state.Value(ref id);
            if (state.IsReading)
                _applied.Add(id);
        }
    }

    private void Acknowledge(ref AlarmSlot? slot, long number, string by, string why)
    {
        if (slot is null || (number != 0 && slot.Number != number) || !slot.TryAcknowledge(_rules, _clock, out var isOver))
            return;
        Say(AlarmAction.Acknowledged, slot.Alarm, by, why);
        if (!isOver)
            return;
        slot.End();
        Say(AlarmAction.Ended, slot.Alarm);
        slot = null;
    }

    private void EndPause(string why, string by = "")
    {
        _pausedUntil = -1;
        Say(AlarmAction.Resumed, null, by, why);
    }

    private static void Add(AlarmSlot? slot, List<PatientAlarm> open)
    {
        if (slot is { State: not AlarmState.Ended })
            open.Add(slot.Alarm);
    }

    /// <summary>
    /// The most urgent first; of these, ones that nobody has acknowledged, then ones whose condition holds, then by kind, then the
    /// newest.
    /// </summary>
    private static int Compare(PatientAlarm a, PatientAlarm b)
    {
        var byUrgency = AlarmNames.RankOf(b.Priority).CompareTo(AlarmNames.RankOf(a.Priority));
        if (byUrgency == 0)
            byUrgency = (a.State == AlarmState.Acknowledged).CompareTo(b.State == AlarmState.Acknowledged);
        if (byUrgency == 0)
            byUrgency = (a.State == AlarmState.Latched).CompareTo(b.State == AlarmState.Latched);
        if (byUrgency == 0)
            byUrgency = a.Kind.CompareTo(b.Kind);
        return byUrgency != 0 ? byUrgency : b.Number.CompareTo(a.Number);
    }
}
