using System.Text.Json;
using Pipeline.Host.Status;
using Pipeline.Host.Telemetry;

namespace Pipeline.Host.Web;

/// <summary><c>/metrics</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/status</c>.</summary>
internal static class WatchEndpoints
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Adds them; <paramref name="checks"/> is asked at each request for readiness, <paramref name="status"/> for the shards.</summary>
    public static void MapWatching(this IEndpointRouteBuilder routes, MetricsCollector metrics, Func<IEnumerable<HealthCheck>> checks, Func<MemberStatus>? status = null)
    {
        routes.MapGet("/metrics", () => Results.Text(PrometheusText.Write(metrics.Collect()), PrometheusText.ContentType));
        // Alive means: the process answers. A dependency that is down is waited for, not mended by a restart.
        routes.MapGet("/health/live", () => Results.Json(new { status = "live" }, Json));
        routes.MapGet("/health/ready", () =>
        {
            var report = HealthReport.From(checks());
            return Results.Json(report, Json, statusCode: report.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });
        if (status is not null)
            routes.MapGet(MemberStatus.Path, () => Results.Json(status(), MemberStatus.Json));
    }
}
