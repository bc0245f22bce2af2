using Pipeline.Models.Signals;

namespace Pipeline.Models.Alarms;

/// <summary>An alarm as it stands. Immutable.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Number">Which alarm of the patient it is, from 1.</param>
/// <param name="Begin">Event time at which it was raised.</param>
/// <param name="Value">The rate, beats per minute: the one furthest beyond the limit so far; NaN where none belongs to the kind.</param>
/// <param name="Limit">The limit, likewise.</param>
/// <param name="Device">The device whose signal shows it; empty when it is not of one.</param>
/// <param name="Signal">That signal.</param>
/// <param name="Level">Level of escalation, 0 before the first.</param>
/// <param name="Reason">Why, for a person; a line without commas.</param>
public sealed record PatientAlarm(
    AlarmKind Kind, EventPriority Priority, AlarmState State, long Number, Timestamp Begin, double Value, double Limit, string Device, SignalKind Signal,
    int Level, string Reason);

/// <summary>Something that became of a patient's alarms, and how they all stand then. Immutable.</summary>
/// <param name="Sequence">Which change of the patient it is, from 1, without holes.</param>
/// <param name="Action">What it is.</param>
/// <param name="At">Event time: end of the window with which it was decided.</param>
/// <param name="Alarm">The alarm as it stands now; null of a change that is not of one.</param>
/// <param name="Open">The alarms that have not ended: first the one to be shown, then by urgency.</param>
/// <param name="PausedUntil">Event time at which the pause ends, as far as it is known; null when there is no pause.</param>
/// <param name="By">Who wanted it; empty when it follows from the signals.</param>
/// <param name="Why">Why, in that person's words; or why a pause is over.</param>
public sealed record AlarmChange(
    long Sequence, AlarmAction Action, Timestamp At, PatientAlarm? Alarm, IReadOnlyList<PatientAlarm> Open, Timestamp? PausedUntil, string By, string Why)
{
    /// <summary>The limits that hold then; null of a change that was read from a record. Not part of its equality.</summary>
    public AlarmLimits? Limits { get; init; }

    /// <summary>The alarm that is shown of the bed; null when there is none.</summary>
    public PatientAlarm? Top => Open.Count > 0 ? Open[0] : null;

    /// <summary>By value, the open alarms one by one.</summary>
    public bool Equals(AlarmChange? other) =>
        other is not null && (Sequence, Action, At, PausedUntil, By, Why) == (other.Sequence, other.Action, other.At, other.PausedUntil, other.By, other.Why)
        && Alarm == other.Alarm && Open.SequenceEqual(other.Open);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Sequence, Action, At);
}
