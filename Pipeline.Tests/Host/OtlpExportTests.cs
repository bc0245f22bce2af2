using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Pipeline.Host.Configuration;
using Pipeline.Host.Telemetry;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

[Collection(nameof(MeasurementsCollection))]
public sealed class OtlpExportTests
{
    [Fact]
    public async Task A_collector_gets_the_measurements_at_the_latest_at_the_end()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        await using var collector = builder.Build();
        var sent = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        collector.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            sent.TrySetResult(System.Text.Encoding.Latin1.GetString(body.ToArray()));
            // gRPC: an empty message, status 0.
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector.StartAsync();
        using var meter = new Meter("Pipeline.Tests." + nameof(OtlpExportTests));

        var configuration = Settings.Load(null, [$"Telemetry:OtlpEndpoint={collector.Urls.First()}", "Telemetry:OtlpInterval=00:10:00"]);
        var host = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        host.Services.AddSettings(configuration);
        host.Services.AddMeasurements(configuration);
        using (var running = host.Build())
        {
            await running.StartAsync();
            meter.CreateCounter<long>("otlp_test.count").Add(3);
            await running.StopAsync();
        }

        Assert.Contains("otlp_test.count", await sent.Task.WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
    }
}
