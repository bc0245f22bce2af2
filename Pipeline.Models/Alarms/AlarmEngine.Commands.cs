using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <content>What people want of the alarms.</content>
public sealed partial class AlarmEngine
{
    private delegate void SlotAction(ref AlarmSlot? slot);

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
}
