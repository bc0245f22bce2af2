using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Status;
using Pipeline.Host.Telemetry;
using Pipeline.Host.Web;

namespace Pipeline.Host.Service;

/// <summary>The service: the pipeline, what watches it, and the order in which they begin and end.</summary>
internal static class ServiceHost
{
    /// <summary>
    /// Runs until <paramref name="stop"/>; then finishes what was read, within <c>Kafka:DrainTimeout</c>. <paramref name="listening"/> is
    /// told when the web server is there.
    /// </summary>
    public static async Task<int> RunAsync(IConfigurationRoot configuration, TimeProvider time, CancellationToken stop, Action<WatchServer>? listening = null)
    {
        var settings = PipelineSettings.From(configuration);
        var web = Settings.Bind<WebOptions>(configuration, WebOptions.Section);
        var telemetry = Settings.Bind<TelemetryOptions>(configuration, TelemetryOptions.Section);
        using var metrics = new MetricsCollector();
        using var otlp = OtlpExport.Start(telemetry);

        WardPipeline? pipeline = null;
        await using var server = await WatchServer.StartAsync(configuration, metrics, () => Readiness.Of(pipeline, web), stop,
            () => new MemberStatus([.. Readiness.Of(pipeline, web)], pipeline?.Shards ?? []));
        var log = server.Loggers.CreateLogger("Pipeline");
        MemberAddress.Announce(settings.Kafka, web.AdvertisedUrl, server.Urls);
        await using var ward = pipeline = new WardPipeline(settings, server.Loggers, time);
        log.Started(settings.Kafka.BootstrapServers, settings.Kafka.SamplesTopic, pipeline.StoreName, string.Join(", ", server.Urls));
        listening?.Invoke(server);
        using var stopping = stop.Register(() => log.Stopping());
        var counts = await pipeline.RunAsync(stop);
        log.Stopped(counts[Actors.Count.Records], counts[Actors.Count.Windows], counts[Actors.Count.Estimates]);
        return ExitCode.Ok;
    }
}
