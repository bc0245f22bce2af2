using System.Globalization;
using Pipeline.Actors;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Alarms;

namespace Pipeline.Chaos.Series;

/// <summary>What identifies a point among those of one patient.</summary>
/// <param name="Device">Tag.</param>
/// <param name="Signal">Tag.</param>
/// <param name="Metric">Tag.</param>
/// <param name="UnixNanoseconds">Its time.</param>
internal readonly record struct PointKey(string Device, string Signal, string Metric, long UnixNanoseconds)
{
    /// <summary>The key of a point.</summary>
    public static PointKey Of(VitalPoint point) =>
        new(PointFields.NameOf(point.Device), Names.Of(point.Estimate.Signal), Names.Of(point.Estimate.Metric), point.Time.UnixNanoseconds);
}

/// <summary>Everything else that is stored of a point; a value or σ that is not there is NaN. Equal means equal, bit for bit.</summary>
/// <param name="Ward">Tag.</param>
/// <param name="Bed">Tag.</param>
/// <param name="Status">Field.</param>
/// <param name="Model">Field.</param>
/// <param name="Value">Field.</param>
/// <param name="Sigma">Field.</param>
/// <param name="Quality">Field.</param>
/// <param name="Coverage">Field.</param>
/// <param name="Said">Of a change of alarms: action, kind and state; empty of others.</param>
internal readonly record struct PointFields(string Ward, string Bed, string Status, string Model, double Value, double Sigma, double Quality, double Coverage, string Said = "")
{
    /// <summary>Fields of an event; empty of any other point.</summary>
    public (string Kind, string Priority, string Reason) Event { get; init; } = ("", "", "");

    /// <summary>End of an event that is over, milliseconds since 1970; NaN of any other point.</summary>
    public double End { get; init; } = double.NaN;

    /// <summary>As the store gives a point back: names that are empty as the line protocol writes them.</summary>
    public static PointFields Of(VitalPoint point)
    {
        var e = point.Estimate;
        var isOk = e.Status == EstimateStatus.Ok && double.IsFinite(e.Value);
        return new(NameOf(point.Ward), NameOf(point.Bed), Names.Of(e.Status), e.Model, isOk ? e.Value : double.NaN, isOk && double.IsFinite(e.Sigma) ? e.Sigma : double.NaN, e.Quality, e.Coverage, SaidOf(point.Alarm))
        {
            Event = point.Event is { } one ? (Names.Of(one.Kind), Names.Of(one.Priority), one.Reason) : ("", "", ""),
            End = point.Event is { IsOver: true, End: var end } ? end.UnixNanoseconds / 1_000_000 : double.NaN,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"value {Value:R}, σ {Sigma:R}, quality {Quality:R}, coverage {Coverage:R}, {Status}, {Model}, ward {Ward}, bed {Bed} {Said}, {Event.Kind} {Event.Priority} {Event.Reason}, end {End:R}");

    private static string SaidOf(AlarmChange? change) => change is null ? ""
        : $"{AlarmNames.Of(change.Action)} {(change.Alarm is { } alarm ? $"{AlarmNames.Of(alarm.Kind)} {AlarmNames.Of(alarm.State)}" : " ")}";

    /// <summary>A name as it is stored.</summary>
    public static string NameOf(string name) => name.Length == 0 ? LineProtocol.NoName : name;
}

/// <summary>How a stored series differs from the one that was expected.</summary>
internal sealed class SeriesDifference
{
    private const int MostExamplesOfAKind = 2;
    private readonly List<string> _examples = [];

    /// <summary>Points that were expected.</summary>
    public long Expected { get; private set; }

    /// <summary>Of those: not there.</summary>
    public long Missing { get; private set; }

    /// <summary>Of those: there with another field.</summary>
    public long Different { get; private set; }

    /// <summary>There, but not expected.</summary>
    public long Unexpected { get; private set; }

    /// <summary>The first few, a line each.</summary>
    public IReadOnlyList<string> Examples => _examples;

    /// <summary>Whether every point is as it should be.</summary>
    public bool IsNone => Missing + Different + Unexpected == 0;

    /// <summary>Adds a patient's records of the results topic; two of them for one point that differ are one that was not expected.</summary>
    public void Compare(string patient, IReadOnlyDictionary<PointKey, PointFields> expected, IEnumerable<VitalPoint> published)
    {
        var found = new Dictionary<PointKey, PointFields>();
        foreach (var point in published)
            if (!found.TryAdd(PointKey.Of(point), PointFields.Of(point)) && found[PointKey.Of(point)] != PointFields.Of(point))
                Note(Unexpected++, $"{patient} {PointKey.Of(point)}: published twice: {found[PointKey.Of(point)]}, and {PointFields.Of(point)}");
        Compare(patient, expected, found);
    }

    /// <summary>Adds a patient's stored points.</summary>
    public void Compare(string patient, IReadOnlyDictionary<PointKey, PointFields> expected, IReadOnlyDictionary<PointKey, PointFields> found)
    {
        Expected += expected.Count;
        foreach (var (key, fields) in expected)
            if (!found.TryGetValue(key, out var there))
                Note(Missing++, $"{patient} {key}: missing; expected {fields}");
            else if (there != fields)
                Note(Different++, $"{patient} {key}: {there}; expected {fields}");
        foreach (var (key, fields) in found)
            if (!expected.ContainsKey(key))
                Note(Unexpected++, $"{patient} {key}: not expected: {fields}");
    }

    private void Note(long before, string example)
    {
        if (before < MostExamplesOfAKind)
            _examples.Add(example);
    }
}
