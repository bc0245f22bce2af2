using System.Globalization;
using Pipeline.Actors.Cluster;

namespace Pipeline.Host.Status;

/// <summary>What <c>/api/beds</c> says of alarms.</summary>
/// <param name="Beds">The beds.</param>
internal sealed record BedsAnswer(IReadOnlyList<BedAnswer> Beds)
{
    /// <summary>Where a process serves it.</summary>
    public const string Path = "/api/beds";

    /// <summary>The open alarms, a line each, the most urgent of each bed first; with a header.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Row("WARD", "BED", "PATIENT", "NO", "PRIORITY", "STATE", "KIND", "SINCE", "REASON");
        foreach (var bed in Beds)
            foreach (var patient in bed.Patients)
            {
                if (patient.Alarms?.PausedUntil is { } until)
                    yield return Row(bed.Ward, bed.Bed, patient.Patient, "", "", "paused", "", "", string.Create(CultureInfo.InvariantCulture, $"until {until:HH:mm:ss}"));
                foreach (var alarm in patient.Alarms?.Open ?? [])
                    yield return Row(
                        bed.Ward, bed.Bed, patient.Patient, alarm.Number.ToString(CultureInfo.InvariantCulture), alarm.Priority, alarm.State, alarm.Kind,
                        alarm.Begin.ToString("HH:mm:ss", CultureInfo.InvariantCulture), alarm.Reason);
            }
    }

    /// <summary>A line of the pipeline's own.</summary>
    public static string Line(string kind, string reason) => Row("-", "-", "-", "", "technical", "active", kind, "", reason);

    private static string Row(string ward, string bed, string patient, string number, string priority, string state, string kind, string since, string reason) =>
        $"{ward,-10} {bed,-8} {patient,-12} {number,4} {priority,-11} {state,-12} {kind,-26} {since,-8} {reason}".TrimEnd();
}

/// <summary>A bed.</summary>
/// <param name="Ward">Its ward.</param>
/// <param name="Bed">Its name.</param>
/// <param name="Patients">Who lies in it.</param>
internal sealed record BedAnswer(string Ward, string Bed, IReadOnlyList<BedPatient> Patients);

/// <summary>A patient.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Alarms">Its alarms; null when there has been none.</param>
internal sealed record BedPatient(string Patient, AlarmsReport? Alarms);
