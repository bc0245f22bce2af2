using Pipeline.Host.Access;
using Pipeline.Host.Store;
using Pipeline.Models;

namespace Pipeline.Host.Web;

/// <summary><c>/api/alarms?minutes=</c>: what became of the ward's alarms; <c>/api/patients/PID/events?minutes=</c>: a patient's episodes and decelerations. The newest first, as they were stored.</summary>
internal static class EventsEndpoints
{
    private const double MostMinutes = 72 * 60, Usual = 24 * 60;
    private const int Most = 500;

    private static readonly string[] AlarmMetrics = [Names.Of(Metric.Alarm)];
    private static readonly string[] EventMetrics = [.. new[]
    {
        Metric.RhythmEpisode, Metric.RhythmOngoing, Metric.Deceleration, Metric.DecelerationOngoing, Metric.TraceEpisode, Metric.TraceOngoing, Metric.CategoryEpisode,
    }.Select(Names.Of)];

    /// <summary>Adds them.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="history">Null while the process starts: answered with 503.</param>
    /// <param name="time">For what is asked up to now.</param>
    public static void MapEvents(this IEndpointRouteBuilder routes, Func<IPointHistory?> history, TimeProvider time)
    {
        routes.MapGet("/api/alarms", (string? patient, double? minutes, CancellationToken stop) => ReadAsync(history(), patient, AlarmMetrics, minutes, AlarmOf, time, stop))
            .RequireRateLimiting(RequestLimits.Store);
        routes.MapGet("/api/patients/{patient}/events", (string patient, double? minutes, CancellationToken stop) => ReadAsync(history(), patient, EventMetrics, minutes, EventOf, time, stop))
            .RequireRateLimiting(RequestLimits.Store);
    }

    private static async Task<IResult> ReadAsync(
        IPointHistory? history, string? patient, string[] metrics, double? minutes, Func<StoredEvent, object> view, TimeProvider time, CancellationToken stop)
    {
        if (history is null)
            return Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
        if (minutes is <= 0 or > MostMinutes or double.NaN)
            return Results.Text($"minutes= is {minutes}; allowed: more than 0, at most {MostMinutes}.", statusCode: StatusCodes.Status400BadRequest);
        var now = time.GetUtcNow();
        try
        {
            var found = await history.ReadEventsAsync(new EventsRequest(patient, metrics, now - TimeSpan.FromMinutes(minutes ?? Usual), now + TimeSpan.FromMinutes(1), Most), stop);
            return Results.Json(found.Select(view));
        }
        catch (IOException unread)
        {
            return Results.Text(unread.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static object AlarmOf(StoredEvent one) => new
    {
        Time = one.TimeNs / 1_000_000,
        one.Patient,
        one.Ward,
        one.Bed,
        Action = one.Texts.GetValueOrDefault("action", ""),
        Kind = one.Texts.GetValueOrDefault("kind", ""),
        Priority = one.Texts.GetValueOrDefault("priority", ""),
        State = one.Texts.GetValueOrDefault("state", ""),
        Number = NumberOf(one, "number"),
        By = one.Texts.GetValueOrDefault("by", ""),
        Why = one.Texts.GetValueOrDefault("why", ""),
        Reason = one.Texts.GetValueOrDefault("reason", ""),
    };

    private static object EventOf(StoredEvent one) => new
    {
        Time = one.TimeNs / 1_000_000,
        one.Device,
        one.Signal,
        one.Metric,
        Kind = one.Texts.GetValueOrDefault("kind", ""),
        Priority = one.Texts.GetValueOrDefault("priority", ""),
        Reason = one.Texts.GetValueOrDefault("reason", ""),
        Seconds = NumberOf(one, "value"),
        End = NumberOf(one, "end"),
    };

    private static double? NumberOf(StoredEvent one, string field) => one.Numbers.TryGetValue(field, out var number) ? number : null;
}
