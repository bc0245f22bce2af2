using Pipeline.Models;
using Pipeline.Models.Alarms;

namespace Pipeline.Actors.Cluster;

/// <summary>How the alarms of a patient stand.</summary>
/// <param name="Sequence">Of the last change.</param>
/// <param name="Time">Event time of the last change.</param>
/// <param name="PausedUntil">Event time at which the pause ends; null when there is none.</param>
/// <param name="Open">Those that have not ended: first the one to be shown.</param>
public sealed record AlarmsReport(long Sequence, DateTimeOffset Time, DateTimeOffset? PausedUntil, IReadOnlyList<AlarmReport> Open)
{
    /// <summary>The patient's limits, with the ward's where it has none of its own; null where they are not known.</summary>
    public AlarmLimits? Limits { get; init; }

    /// <summary>The report after a change.</summary>
    public static AlarmsReport From(AlarmChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return new AlarmsReport(
            change.Sequence, change.At.ToDateTimeOffset(), change.PausedUntil?.ToDateTimeOffset(),
            [.. change.Open.Select(alarm => new AlarmReport(
                AlarmNames.Of(alarm.Kind), Names.Of(alarm.Priority), AlarmNames.Of(alarm.State), alarm.Number, alarm.Begin.ToDateTimeOffset(), Number(alarm.Value), Number(alarm.Limit),
                alarm.Device, alarm.Level, alarm.Reason))])
        {
            Limits = change.Limits,
        };

        static double? Number(double value) => double.IsFinite(value) ? value : null;
    }
}

/// <summary>An alarm that has not ended.</summary>
/// <param name="Kind">What it is about, as in the store.</param>
/// <param name="Priority">How urgent it is, as in the store.</param>
/// <param name="State"><c>active</c>, <c>latched</c>, <c>acknowledged</c>.</param>
/// <param name="Number">Which alarm of the patient it is.</param>
/// <param name="Begin">Event time at which it was raised.</param>
/// <param name="Value">The rate furthest beyond the limit; null where none belongs to it.</param>
/// <param name="Limit">The limit; null likewise.</param>
/// <param name="Device">The device whose signal shows it; empty when it is not of one.</param>
/// <param name="Level">Level of escalation.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record AlarmReport(
    string Kind, string Priority, string State, long Number, DateTimeOffset Begin, double? Value, double? Limit, string Device, int Level, string Reason);
