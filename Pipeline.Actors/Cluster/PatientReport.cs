using Pipeline.Models;

namespace Pipeline.Actors.Cluster;

/// <summary>What a process knows of a patient: the newest estimate of each series.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Ward">Ward that the newest estimate names; may be empty.</param>
/// <param name="Bed">Bed that the newest estimate names; may be empty.</param>
/// <param name="Partition">Partition of the patient's records.</param>
/// <param name="Time">Event time of the newest estimate.</param>
/// <param name="Series">By device, signal and metric.</param>
public sealed record PatientReport(string Patient, string Ward, string Bed, int Partition, DateTimeOffset Time, IReadOnlyList<SeriesReport> Series)
{
    /// <summary>Puts together a patient's newest points; null when there are none.</summary>
    public static PatientReport? From(IReadOnlyCollection<VitalPoint> points) => points.MaxBy(point => point.Time) is not { } newest ? null : new PatientReport(
        newest.Patient.Value, newest.Ward, newest.Bed, newest.Origin.Partition, newest.Time.ToDateTimeOffset(), [.. points.Select(SeriesReport.From)]);
}

/// <summary>The newest estimate of one series.</summary>
/// <param name="Device">Device.</param>
/// <param name="Signal">Kind of signal, as in the store's tags.</param>
/// <param name="Metric">Metric, as in the store's tags.</param>
/// <param name="Unit">UCUM unit of value and sigma.</param>
/// <param name="Value">The value; null when the status is not <c>ok</c>.</param>
/// <param name="Sigma">Standard deviation of the error that is expected; null without a value.</param>
/// <param name="Quality">Signal quality, 0 to 1.</param>
/// <param name="Coverage">Part of the window's samples that were there, 0 to 1.</param>
/// <param name="Status"><c>ok</c>, or why there is no value.</param>
/// <param name="Model">What made it: <c>classical</c>, or the network's name and version.</param>
/// <param name="WindowId">The window, counted in the device's epoch.</param>
/// <param name="WindowStart">Event time of the window's start.</param>
/// <param name="Time">Event time of the window's end.</param>
public sealed record SeriesReport(
    string Device, string Signal, string Metric, string Unit, double? Value, double? Sigma, double Quality, double Coverage, string Status, string Model, long WindowId,
    DateTimeOffset WindowStart, DateTimeOffset Time)
{
    /// <summary>The report of a point.</summary>
    public static SeriesReport From(VitalPoint point)
    {
        var estimate = point.Estimate;
        return new SeriesReport(
            point.Device, Names.Of(estimate.Signal), Names.Of(estimate.Metric), Names.UnitOf(estimate.Metric), Number(estimate.Value), Number(estimate.Sigma), estimate.Quality,
            estimate.Coverage, Names.Of(estimate.Status), estimate.Model, point.WindowId, point.WindowStart.ToDateTimeOffset(), point.Time.ToDateTimeOffset());

        static double? Number(double value) => double.IsFinite(value) ? value : null;
    }
}
