using System.Text;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>What becomes of a patient's alarms with its windows and with commands, as points behind the windows' own.</summary>
internal static class AlarmPoints
{
    private const long Millisecond = 1_000_000;     // ns

    [ThreadStatic]
    private static List<AlarmChange>? _scratch;

    /// <summary>
    /// Judges the windows of a message whose estimates are all known, in their order, or applies its command, and adds a point for each
    /// change.
    /// </summary>
    public static void Judge(AlarmEngine alarms, PatientWindows windows)
    {
        if (windows.Command is { } command)
        {
            Apply(alarms, command, windows);
            return;
        }
        var points = windows.Points;
        var (count, window, beat) = (points.Count, default(VitalPoint), 0);
        for (var i = 0; i < count; i++)
        {
            var point = points[i].Point;
            if (window is not null && !IsSameWindow(point, window))
            {
                Judge(alarms, window, ref beat, windows);
                window = null;
            }
            if (point.Event is { } told)
                alarms.TakeEvent(point.Device, point.Estimate.Signal, told.Kind, told.IsOver);
            else
            {
                alarms.Take(point.Device, point.Time, point.Estimate);
                window = point;
            }
        }
        if (window is not null)
            Judge(alarms, window, ref beat, windows);
    }

    /// <summary>How the alarms stand that the entity began with; null when there has been no change.</summary>
    public static VitalPoint? Standing(AlarmEngine alarms, PatientWindows windows) => alarms.Standing() is { } standing ? PointOf(alarms, windows, 0, 0, standing) : null;

    /// <summary>A dead letter says why a command was not applied.</summary>
    public static void Refuse(PatientWindows windows, string why) =>
        (windows.DeadLetters ??= []).Add(new DeadLetter("command", why, windows.Origin, Encoding.UTF8.GetBytes(windows.Patient.Value), windows.Payload));

    private static bool IsSameWindow(VitalPoint a, VitalPoint b) => a.WindowId == b.WindowId && a.Device == b.Device && a.Epoch == b.Epoch;

    /// <summary>With the window's beats, which follow those of the window before from <paramref name="beat"/> on.</summary>
    private static void Judge(AlarmEngine alarms, VitalPoint window, ref int beat, PatientWindows windows)
    {
        for (; windows.Beats is { } beats && beat < beats.Count && beats[beat].WindowId == window.WindowId; beat++)
            alarms.TakeBeat(window.Device, beats[beat].Signal, beats[beat].Age, beats[beat].Label);
        var changes = _scratch ??= [];
        alarms.Judge(window.Ward, window.Bed, changes);
        Add(alarms, changes, windows, window.Epoch, window.WindowId);
    }

    private static void Apply(AlarmEngine alarms, AlarmCommand command, PatientWindows windows)
    {
        var changes = _scratch ??= [];
        if (alarms.Apply(command, changes) is { } fault)
            Refuse(windows, fault);
        Add(alarms, changes, windows, 0, 0);
    }

    private static void Add(AlarmEngine alarms, List<AlarmChange> changes, PatientWindows windows, long epoch, long windowId)
    {
        foreach (var change in changes)
            windows.Points.Add(new WindowPoint(PointOf(alarms, windows, epoch, windowId, change), null, null));
        changes.Clear();
    }

    /// <summary>
    /// The point of a change: of the patient, and of no device. Its time is that of the window's end in ms, and the sequence in the
    /// digits below: changes at one time are
    /// points of their own, in order, without a tag for each.
    /// </summary>
    private static VitalPoint PointOf(AlarmEngine alarms, PatientWindows windows, long epoch, long windowId, AlarmChange change)
    {
        var at = change.At.UnixNanoseconds;
        var time = new Timestamp(at - at % Millisecond + change.Sequence % Millisecond);
        return new VitalPoint(
            windows.Origin, windows.Patient, alarms.Ward, alarms.Bed, "", epoch, windowId, change.At, time,
            new Estimate(SignalKind.Unknown, Metric.Alarm, change.Open.Count, double.NaN, 1, 1, EstimateStatus.Ok, Models.Estimators.Stages.Classical))
        {
            Alarm = change,
        };
    }
}
