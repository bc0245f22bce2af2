using System.Net.Sockets;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Access;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Interchange;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;
using Pipeline.Host.Telemetry;
using Pipeline.Host.Web;

namespace Pipeline.Host.Service;

/// <summary>The service: a generic host with the pipeline, its measurements, its health checks and the web server that shows them.</summary>
internal static class ServiceHost
{
    /// <summary>
    /// Runs until <paramref name="stop"/>; then finishes what was read, within <c>Kafka:DrainTimeout</c>. <paramref name="listening"/> is
    /// told the addresses when the web server listens.
    /// </summary>
    /// <exception cref="CommandException">A setting is wrong, or an address of <c>Web:Urls</c> cannot be had.</exception>
    public static async Task<int> RunAsync(IConfigurationRoot configuration, TimeProvider time, CancellationToken stop, Action<ICollection<string>>? listening = null)
    {
        await using var application = Build(configuration, time);
        var kafka = application.Services.GetRequiredService<IOptions<KafkaOptions>>();
        WardReader? Reader() => application.Services.GetRequiredService<WardCluster>().Reader;
        try
        {
            // The host itself would create its services first, and the first of them fail for the first wrong section alone.
            application.Services.GetRequiredService<IStartupValidator>().Validate();
            var settings = application.Services.GetRequiredService<PipelineSettings>();
            if ((settings.Access.FindFault(settings.OpenId, settings.Web.Urls) ?? settings.Web.FindFault()) is { } fault)
                throw CommandException.BadUsage(fault);
            if (application.Services.GetRequiredService<SignIns>().AreNone)
                application.Logger.NobodySignsIn();
            application.UseWardSite(new WardSite(
                Reader, () => application.Services.GetRequiredService<WardService>().Pipeline?.History,
                (patient, command, stop) => CommandPublisher.PublishAsync(kafka.Value, patient, command, time, stop),
                (patient, from, to, stop) => StretchReader.ReadAsync(kafka.Value, patient, from, to, time, stop),
                () => application.Services.GetRequiredService<WardService>().Pipeline?.RateNetwork, settings.Alarms, time));
            application.MapWatching(Right.Operate);
            application.MapStatus(Reader, (reader, asked) => StatusQuery.AskAsync(kafka.Value, reader, time, asked));
            await application.StartAsync(stop);
        }
        catch (OptionsValidationException fault)
        {
            throw CommandException.BadUsage(string.Join(Environment.NewLine, fault.Failures));
        }
        catch (AggregateException faults) when (faults.InnerExceptions.All(fault => fault is OptionsValidationException))
        {
            throw CommandException.BadUsage(string.Join(
                Environment.NewLine, faults.InnerExceptions.OfType<OptionsValidationException>().SelectMany(fault => fault.Failures)));
        }
        catch (Exception fault) when (fault is IOException or SocketException ||
            (fault is InvalidOperationException && UrlsOf(configuration).Contains("https:", StringComparison.OrdinalIgnoreCase)))
        {
            // In use, not this machine's, not allowed; or without a certificate (section Kestrel).
            throw new CommandException($"{WebOptions.Section}:{nameof(WebOptions.Urls)} is '{UrlsOf(configuration)}': {fault.Message}");
        }
        listening?.Invoke(application.Urls);
        var exporting = application.Services.GetRequiredService<ValueExport>().RunAsync(application.Services.GetRequiredService<WardCluster>().Readings.Latest, application.Lifetime.ApplicationStopping);
        await application.WaitForShutdownAsync(stop);
        await exporting;
        await application.Services.GetRequiredService<WardService>().Completion;
        return ExitCode.Ok;
    }

    private static WebApplication Build(IConfigurationRoot configuration, TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration);
        // The slim builder's console is plain text whatever the settings say.
        builder.Logging.AddConsole();
        if (configuration["Logging:Console:FormatterName"] is { Length: > 0 } formatter)
            builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.FormatterName = formatter);
        // What ends the host is told in one line by the command line.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.AddSingleton(time);
        builder.Services.AddSettings(configuration);
        builder.Services.AddMeasurements(configuration);
        builder.Services.AddReadiness();
        // The server is made before the settings are checked; wrong ones are told by the check.
        _ = Settings.TryBind<WebOptions>(configuration, WebOptions.Section, out var web);
        var access = Settings.TryBind<AccessOptions>(configuration, AccessOptions.Section, out var bound) is { Count: 0 } ? bound : new AccessOptions();
        var openId = Settings.TryBind<OpenIdOptions>(configuration, OpenIdOptions.Section, out var provider) is { Count: 0 } ? provider : new OpenIdOptions();
        builder.AddWardSite(web, access, openId);
        builder.Services.AddSingleton<ListeningAddress>();
        builder.Services.AddSingleton<ValueExport>();
        builder.Services.AddSingleton<WardCluster>();
        builder.Services.AddSingleton<WardService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<WardService>());
        // Kafka:DrainTimeout limits the drain.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        // The command line has registered the signals: a second one ends the process at once.
        builder.Services.AddSingleton<IHostLifetime, CommandLineLifetime>();
        return builder.Build();
    }

    private static string UrlsOf(IConfiguration configuration) => configuration[$"{WebOptions.Section}:{nameof(WebOptions.Urls)}"] ?? new WebOptions().Urls;

    /// <summary>Leaves starting and stopping to the caller of <see cref="RunAsync"/>.</summary>
    private sealed class CommandLineLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
