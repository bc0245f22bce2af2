using Pipeline.Models;
using Pipeline.Models.Signals;

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
    /// <summary>Its alarms; null when there has been none.</summary>
    public AlarmsReport? Alarms { get; init; }

    /// <summary>Its last beats, where one patient was asked for, since that was asked first.</summary>
    public IReadOnlyList<BeatReport> Beats { get; init; } = [];

    /// <summary>What an autoencoder says of its last beats, likewise; empty where none is asked (<see cref="TopologyOptions.EcgAutoencoder"/>).</summary>
    public IReadOnlyList<EncodingReport> Encodings { get; init; } = [];

    /// <summary>Puts together a patient's newest points; null when there are none.</summary>
    public static PatientReport? From(IReadOnlyCollection<VitalPoint> points)
    {
        // Whether its devices send is of the wall clock; how new the patient's report is the estimates say, or up to when a silent device has sent.
        if (points.MaxBy(EventTime) is not { } newest)
            return null;
        var silent = points.Where(point => point.Estimate is { Metric: Metric.Presence, Status: EstimateStatus.Silent })
            .ToDictionary(point => (point.Device, point.Estimate.Signal), point => point.WindowStart.ToDateTimeOffset());
        return new PatientReport(
            newest.Patient.Value, newest.Ward, newest.Bed, newest.Origin.Partition, EventTime(newest).ToDateTimeOffset(),
            [.. points.Where(point => point.Alarm is null).Select(point => SeriesReport.From(point, silent.TryGetValue((point.Device, point.Estimate.Signal), out var since) ? since : null))])
        {
            Alarms = points.Select(point => point.Alarm).FirstOrDefault(alarm => alarm is not null) is { } alarm ? AlarmsReport.From(alarm) : null,
        };
    }

    private static Timestamp EventTime(VitalPoint point) => point.Estimate.Metric == Metric.Presence ? point.WindowStart : point.Time;
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
/// <param name="SilentSince">Event time up to which the device has sent, when nothing came of it since for too long by the wall clock: then there is no value; null when it sends.</param>
public sealed record SeriesReport(
    string Device, string Signal, string Metric, string Unit, double? Value, double? Sigma, double Quality, double Coverage, string Status, string Model, long WindowId,
    DateTimeOffset WindowStart, DateTimeOffset Time, DateTimeOffset? SilentSince = null)
{
    /// <summary>The report of a point; of a device that is silent since <paramref name="silentSince"/> without its value.</summary>
    public static SeriesReport From(VitalPoint point, DateTimeOffset? silentSince = null)
    {
        var estimate = silentSince is null
            ? point.Estimate
            : point.Estimate with { Value = double.NaN, Sigma = double.NaN, Status = EstimateStatus.Silent };
        return new SeriesReport(
            point.Device, Names.Of(estimate.Signal), Names.Of(estimate.Metric), Names.UnitOf(estimate.Metric), Number(estimate.Value), Number(estimate.Sigma), estimate.Quality,
            estimate.Coverage, Names.Of(estimate.Status), estimate.Model, point.WindowId, point.WindowStart.ToDateTimeOffset(), point.Time.ToDateTimeOffset(), silentSince);

        static double? Number(double value) => double.IsFinite(value) ? value : null;
    }
}
