using System.Text.Json;
using Pipeline.Host.Access;
using Pipeline.Host.Store;
using Pipeline.Models;

namespace Pipeline.Host.Web;

/// <summary><c>/api/history?metric=heart_rate&amp;patient=PID&amp;minutes=60&amp;every=2</c>: what was stored, as means; the trends of the pages.</summary>
internal static class HistoryEndpoint
{
    private const double MostMinutes = 72 * 60, MostValues = 2_000, LeastEvery = 2;
    private const int MostMetrics = 16;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly HashSet<string> Metrics =
        [.. Enum.GetValues<Metric>().Where(metric => metric != Metric.Presence).Select(Names.Of)];

    /// <summary>Adds it.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="history">Null while the process starts: answered with 503.</param>
    /// <param name="time">For what is asked up to now.</param>
    public static void MapHistory(this IEndpointRouteBuilder routes, Func<IPointHistory?> history, TimeProvider time) =>
        routes.MapGet("/api/history", async (string[]? metric, string? patient, double? minutes, double? every, CancellationToken stop) =>
        {
            if (history() is not { } stored)
                return Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable);
            if (Fault(metric, minutes, every) is { } fault)
                return Results.Text(fault, statusCode: StatusCodes.Status400BadRequest);
            var length = TimeSpan.FromMinutes(minutes ?? 30);
            var stretch = TimeSpan.FromSeconds(Math.Max(every ?? LeastEvery, Math.Ceiling(length.TotalSeconds / MostValues)));
            var now = time.GetUtcNow();
            try
            {
                var series = await stored.ReadAsync(new HistoryRequest(patient, metric!, now - length, now, stretch), stop);
                return Results.Json(new
                {
                    EverySeconds = stretch.TotalSeconds,
                    Series = series.Select(one => new
                    {
                        one.Patient,
                        one.Device,
                        one.Signal,
                        one.Metric,
                        one.Times,
                        one.Means,
                        Sigmas = one.Sigmas.Select(sigma => double.IsFinite(sigma) ? sigma : (double?)null),
                    }),
                }, Json);
            }
            catch (IOException unread)
            {
                return Results.Text(unread.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
            }
        }).RequireRateLimiting(RequestLimits.Store);

    private static string? Fault(string[]? metrics, double? minutes, double? every) =>
        metrics is not { Length: > 0 and <= MostMetrics } ? $"metric= is wanted 1 to {MostMetrics} times."
        : metrics.FirstOrDefault(metric => !Metrics.Contains(metric)) is { } unknown ? $"There is no metric '{unknown}'. There are: {string.Join(", ", Metrics.Order(StringComparer.Ordinal))}."
        : minutes is <= 0 or > MostMinutes or double.NaN ? $"minutes= is {minutes}; allowed: more than 0, at most {MostMinutes}."
        : every is < LeastEvery or > 3_600 or double.NaN ? $"every= is {every}; allowed: {LeastEvery} to 3600 seconds."
        : null;
}
