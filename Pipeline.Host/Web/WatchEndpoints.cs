using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pipeline.Host.Status;

namespace Pipeline.Host.Web;

/// <summary><c>/metrics</c>, <c>/health/live</c>, <c>/health/ready</c>.</summary>
internal static class WatchEndpoints
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Adds them.</summary>
    public static void MapWatching(this IEndpointRouteBuilder routes)
    {
        // One form for every scraper, the one that is approved: OpenMetrics would add a series NAME_created to each counter.
        routes.MapPrometheusScrapingEndpoint("/metrics", meterProvider: null, branch => branch.Use((context, next) =>
        {
            context.Request.Headers.Accept = "text/plain";
            return next(context);
        }), optionsName: null);
        // Alive means: the process answers. A dependency that is down is waited for, not mended by a restart.
        routes.MapHealthChecks("/health/live", new HealthCheckOptions
        {
            Predicate = _ => false,
            ResponseWriter = (context, _) => context.Response.WriteAsJsonAsync(new { status = "live" }, Json),
        });
        routes.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(
                new { status = report.Status == HealthStatus.Healthy ? "ready" : "not_ready", checks = ReadinessChecks.Of(report).Select(check => new { name = check.Name, ready = check.Ready, detail = check.Detail }) }, Json),
        });
    }
}
