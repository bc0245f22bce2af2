using System.Globalization;
using System.Text.Json;
using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Estimates;

/// <summary>How estimates are written.</summary>
internal enum EstimateFormat
{
    /// <summary>A header and one row an estimate.</summary>
    Csv,

    /// <summary>One array, an object a line, with the columns' names; a missing number is null.</summary>
    Json,
}

/// <summary>The rows of <c>estimate</c>: one a window, signal kind and metric. The columns are a public interface.</summary>
internal static class EstimateRow
{
    /// <summary>Seconds from one window's start to the next, and length of a window.</summary>
    private const int HopSeconds = 2, WindowSeconds = 8;

    /// <summary>The header, exactly.</summary>
    public const string Header = "window_start_s,window_end_s,signal,metric,value,unit,sigma,quality,coverage,status";

    /// <summary>The header of the beats, exactly.</summary>
    public const string BeatHeader = "time_s,signal,kind,label,probability,anomaly";

    /// <summary>The header of the events, exactly.</summary>
    public const string EventHeader = "start_s,end_s,kind,priority,probability,reason";

    /// <summary>A row of the CSV.</summary>
    public static string Csv(VitalPoint point)
    {
        var estimate = point.Estimate;
        var (start, end) = Span(point);
        return string.Create(CultureInfo.InvariantCulture,
            $"{start},{end},{Names.Of(estimate.Signal)},{Names.Of(estimate.Metric)},{Number(estimate.Value)},"
            + $"{Names.UnitOf(estimate.Metric)},{Number(estimate.Sigma)},{Number(estimate.Quality)},{Number(estimate.Coverage)},{Names.Of(estimate.Status)}");
    }

    /// <summary>An object of the JSON.</summary>
    public static string Json(VitalPoint point)
    {
        var estimate = point.Estimate;
        var (start, end) = Span(point);
        return JsonSerializer.Serialize(new
        {
            window_start_s = start,
            window_end_s = end,
            signal = Names.Of(estimate.Signal),
            metric = Names.Of(estimate.Metric),
            value = Rounded(estimate.Value),
            unit = Names.UnitOf(estimate.Metric),
            sigma = Rounded(estimate.Sigma),
            quality = Rounded(estimate.Quality),
            coverage = Rounded(estimate.Coverage),
            status = Names.Of(estimate.Status),
        });
    }

    /// <summary>A row of the beats. One that was refined to just before the first sample is at 0.</summary>
    public static string Csv(BeatPoint beat) => string.Create(CultureInfo.InvariantCulture,
        $"{Math.Max(0, beat.Seconds):0.####},{Names.Of(beat.Beat.Signal)},{Names.Of(beat.Beat.Kind)},"
        + $"{Names.Of(beat.Beat.Label)},{Number(beat.Beat.Probability)},{Number(beat.Beat.Anomaly)}");

    /// <summary>A row of the events.</summary>
    public static string Csv(VitalPoint point, PatientEvent one)
    {
        var reason = point.Estimate.Signal == SignalKind.SecondFetalHeartRate ? $"second fetus: {one.Reason}" : one.Reason;
        if (reason.AsSpan().ContainsAny(',', '"'))
            reason = $"\"{reason.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Number(one.BeginSeconds)},{Number(one.EndSeconds)},{Names.Of(one.Kind)},{Names.Of(one.Priority)},{Number(point.Estimate.Quality)},{reason}");
    }

    /// <summary>Begin and end of what a point speaks of, whole seconds.</summary>
    private static (long Start, long End) Span(VitalPoint point)
    {
        var end = point.WindowId * HopSeconds + WindowSeconds;
        return (end - (Names.SpanSecondsOf(point.Estimate.Signal, point.Estimate.Metric) ?? WindowSeconds), end);
    }

    /// <summary>A row of the events: an alarm, from when it was raised until it ended.</summary>
    public static string Csv(PatientAlarm alarm, double begin, double end) => string.Create(CultureInfo.InvariantCulture,
        $"{Number(begin)},{Number(end)},alarm_{AlarmNames.Of(alarm.Kind)},{Names.Of(alarm.Priority)},1,{alarm.Reason}");

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "";

    private static double? Rounded(double value) => double.IsFinite(value) ? Math.Round(value, 4) : null;
}
