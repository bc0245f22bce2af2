using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Pipeline.Host.Telemetry;

/// <summary>
/// What the meters of this program (their names begin with <c>Pipeline</c>) and of the runtime measure, for Prometheus to scrape and, where
/// a collector is set, sent to it. The names on <c>/metrics</c> are a public interface, approved as text in the tests.
/// </summary>
internal static class Measurements
{
    private static readonly string[] Meters = ["Pipeline*", "System.Runtime"];

    /// <summary>Bounds of histograms that name none: seconds, from a tenth of a millisecond to a minute, what a stage of the pipeline can take.</summary>
    private static readonly double[] DefaultBounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    /// <summary>Collects from the start of the host; what is left is sent when the host is disposed.</summary>
    /// <param name="services">Of the host; needs the options of section <c>Telemetry</c>.</param>
    /// <param name="configuration">Says whether there is a collector.</param>
    public static void AddMeasurements(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("pipeline", serviceInstanceId: Environment.MachineName))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters).AddView(BoundsOf).AddPrometheusExporter(prometheus =>
                {
                    // Every scrape shows what is measured now, with no labels but those of the measurement.
                    prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
                    prometheus.ScopeInfoEnabled = false;
                    prometheus.TargetInfoEnabled = false;
                });
                if (configuration[$"{TelemetryOptions.Section}:{nameof(TelemetryOptions.OtlpEndpoint)}"] is { Length: > 0 })
                    metrics.AddOtlpExporter();
            });
        services.AddOptions<OtlpExporterOptions>().Configure<IOptions<TelemetryOptions>>((exporter, telemetry) =>
            exporter.Endpoint = telemetry.Value.OtlpEndpoint ?? exporter.Endpoint);
        services.AddOptions<MetricReaderOptions>().Configure<IOptions<TelemetryOptions>>((reader, telemetry) =>
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)telemetry.Value.OtlpInterval.TotalMilliseconds);
    }

    /// <summary>Histograms that say their bounds keep them.</summary>
    private static ExplicitBucketHistogramConfiguration? BoundsOf(Instrument instrument) => instrument is Histogram<double> { Advice: null }
        ? new ExplicitBucketHistogramConfiguration { Boundaries = DefaultBounds }
        : null;
}
