using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Pipeline.Host.Web;

namespace Pipeline.Host.Service;

/// <summary>Whether the service does its work at present, and why not: checks of Kafka, store and lag, in this order.</summary>
internal static class Readiness
{
    /// <summary>Adds the checks of the <see cref="WardService"/>.</summary>
    public static void AddReadiness(this IServiceCollection services) => services.AddHealthChecks()
        .Add(CheckOf("kafka", (pipeline, _) => pipeline.KafkaFault is { } fault ? HealthCheckResult.Unhealthy(fault)
            : pipeline.Source.Lags.Count is > 0 and var count ? HealthCheckResult.Healthy(Text($"{count} partitions assigned"))
            : HealthCheckResult.Unhealthy("no partition is assigned yet")))
        .Add(CheckOf("store", (pipeline, _) => pipeline.StoreState.Outage is { } outage
            ? HealthCheckResult.Unhealthy(Text($"{outage.Reason} since {outage.Since:yyyy-MM-dd HH:mm:ss}Z: {outage.Detail}"))
            : HealthCheckResult.Healthy(pipeline.StoreName)))
        .Add(CheckOf("lag", (pipeline, options) =>
        {
            var most = pipeline.Source.Lags.Select(lag => lag.Records).DefaultIfEmpty().Max();
            return new HealthCheckResult(
                most <= options.ReadyLag ? HealthStatus.Healthy : HealthStatus.Unhealthy, Text($"{most} records wait in the fullest partition; ready up to {options.ReadyLag}"));
        }));

    private static HealthCheckRegistration CheckOf(string name, Func<WardPipeline, WebOptions, HealthCheckResult> check) =>
        new(name, services => new Check(services.GetRequiredService<WardService>(), services.GetRequiredService<IOptions<WebOptions>>().Value, check), failureStatus: null, tags: null);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Asks the pipeline; while there is none the process is starting.</summary>
    private sealed class Check(WardService ward, WebOptions options, Func<WardPipeline, WebOptions, HealthCheckResult> check) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(ward.Pipeline is { } pipeline ? check(pipeline, options) : HealthCheckResult.Unhealthy("starting"));
    }
}
