using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Wire;

/// <summary>Changes of alarms as a part of <c>result.proto</c>, and back.</summary>
internal static class AlarmCodec
{
    /// <summary>The message of a change.</summary>
    public static V1.Alarm Encode(AlarmChange change)
    {
        var encoded = new V1.Alarm { Sequence = change.Sequence, Action = (V1.AlarmAction)change.Action, By = change.By, Why = change.Why };
        if (change.Alarm is { } alarm)
            encoded.Alarm_ = Encode(alarm);
        encoded.Open.AddRange(change.Open.Select(Encode));
        if (change.PausedUntil is { } until)
            encoded.PausedUntilNs = until.UnixNanoseconds;
        return encoded;
    }

    /// <summary>Why it cannot be read, or null: a newer program says something that this one does not know.</summary>
    public static string? FindFault(V1.Alarm alarm) =>
        !Enum.IsDefined((AlarmAction)alarm.Action) ? $"action {alarm.Action} of an alarm"
        : alarm.Open.Append(alarm.Alarm_).Any(one => one is not null && !(Enum.IsDefined((AlarmKind)one.Kind) && Enum.IsDefined((AlarmState)one.State) && Enum.IsDefined((EventPriority)one.Priority)))
            ? "an alarm of a kind, state or priority that is not known" : null;

    /// <summary>The change of a message without fault; <paramref name="at"/>: end of the window with which it was decided.</summary>
    public static AlarmChange Decode(V1.Alarm alarm, Timestamp at) => new(
        alarm.Sequence, (AlarmAction)alarm.Action, at, alarm.Alarm_ is { } one ? Decode(one) : null, [.. alarm.Open.Select(Decode)],
        alarm.HasPausedUntilNs ? new Timestamp(alarm.PausedUntilNs) : null, alarm.By, alarm.Why);

    private static V1.OpenAlarm Encode(PatientAlarm alarm)
    {
        var encoded = new V1.OpenAlarm
        {
            Kind = (V1.AlarmKind)alarm.Kind,
            Priority = (V1.EventPriority)alarm.Priority,
            State = (V1.AlarmState)alarm.State,
            Number = alarm.Number,
            BeginNs = alarm.Begin.UnixNanoseconds,
            Device = alarm.Device,
            Signal = (V1.SignalKind)alarm.Signal,
            Level = alarm.Level,
            Reason = alarm.Reason,
        };
        if (!double.IsNaN(alarm.Value))
            encoded.Value = alarm.Value;
        if (!double.IsNaN(alarm.Limit))
            encoded.Limit = alarm.Limit;
        return encoded;
    }

    private static PatientAlarm Decode(V1.OpenAlarm alarm) => new(
        (AlarmKind)alarm.Kind, (EventPriority)alarm.Priority, (AlarmState)alarm.State, alarm.Number, new Timestamp(alarm.BeginNs),
        alarm.HasValue ? alarm.Value : double.NaN, alarm.HasLimit ? alarm.Limit : double.NaN, alarm.Device, (SignalKind)alarm.Signal, alarm.Level, alarm.Reason);
}
