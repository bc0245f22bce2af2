using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Pipeline.Host.Telemetry;

/// <summary>Sends this program's measurements to an OpenTelemetry collector.</summary>
internal static class OtlpExport
{
    /// <summary>Starts to send; null when no collector is configured. Disposing sends what is left.</summary>
    public static MeterProvider? Start(TelemetryOptions options) => options.OtlpEndpoint is not { } endpoint
        ? null
        : Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("pipeline", serviceInstanceId: Environment.MachineName))
            .AddMeter("Pipeline*", "System.Runtime")
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Endpoint = endpoint;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds;
            })
            .Build();
}
