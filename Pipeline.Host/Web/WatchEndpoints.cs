using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Pipeline.Host.Access;
using Pipeline.Host.Status;

namespace Pipeline.Host.Web;

/// <summary><c>/metrics</c>, <c>/health/live</c>, <c>/health/ready</c>.</summary>
internal static class WatchEndpoints
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Adds them. Health is told to everybody: who starts and stops processes asks without signing in.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="metrics">What who asks for <c>/metrics</c> needs; <see cref="Right.None"/>: nothing.</param>
    public static void MapWatching(this IEndpointRouteBuilder routes, Right metrics = Right.None)
    {
        // One form for every scraper, the one that is approved: OpenMetrics would add a series NAME_created to each counter.
        var scraping = routes.MapPrometheusScrapingEndpoint("/metrics", meterProvider: null, branch => branch.Use((context, next) =>
        {
            context.Request.Headers.Accept = "text/plain";
            return next(context);
        }), optionsName: null);
        if (metrics != Right.None)
            scraping.RequireRight(metrics);
        // Alive means: the process answers. A dependency that is down is waited for, not mended by a restart.
        routes.MapHealthChecks("/health/live", new HealthCheckOptions
        {
            Predicate = _ => false,
            ResponseWriter = (context, _) => context.Response.WriteAsJsonAsync(new { status = "live" }, Json),
        }).AllowAnonymous().DisableRateLimiting();
        routes.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(
                new { status = report.Status == HealthStatus.Healthy ? "ready" : "not_ready", checks = ReadinessChecks.Of(report).Select(check => new { name = check.Name, ready = check.Ready, detail = check.Detail }) }, Json),
        }).AllowAnonymous().DisableRateLimiting();
    }
}
