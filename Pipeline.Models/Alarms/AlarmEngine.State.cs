using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Models.Alarms;

/// <content>How the alarms stand, and the state.</content>
public sealed partial class AlarmEngine
{
    /// <summary>Version of the state that is written, from 1.</summary>
    public const int StateVersion = 3;

    /// <summary>Version from which on signals have their beats of late, and alarms what they were checked with.</summary>
    internal const int CheckedVersion = 2;

    /// <summary>Version from which on there are alarms and limits of the arterial pressure.</summary>
    internal const int PressureVersion = 3;

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
        for (var i = 0; i < (state.Version >= PressureVersion ? _slots.Length : FirstPressure); i++)
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
        Span<double> own = stackalloc double[state.Version >= PressureVersion ? fields.Count : RateLimitCount];
        for (var i = 0; i < own.Length; i++)
            own[i] = fields[i].Get(_own) ?? double.NaN;
        state.Values(own);
        if (!state.IsReading || !own.ContainsAnyExcept(double.NaN))
            return;
        _own = new LimitChange();
        for (var i = 0; i < own.Length; i++)
            fields[i].Set(_own, double.IsNaN(own[i]) ? null : own[i]);
    }

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
