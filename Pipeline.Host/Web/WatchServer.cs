using Microsoft.Extensions.Logging.Console;
using Pipeline.Host.Errors;
using Pipeline.Host.Status;
using Pipeline.Host.Telemetry;

namespace Pipeline.Host.Web;

/// <summary>The small web server of the service: measurements and health.</summary>
internal sealed class WatchServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WatchServer(WebApplication application) => _application = application;

    /// <summary>Where it listens; ports that were left to the system (<c>:0</c>) are the real ones.</summary>
    public ICollection<string> Urls => _application.Urls;

    /// <summary>Makes loggers by section <c>Logging</c>.</summary>
    public ILoggerFactory Loggers => _application.Services.GetRequiredService<ILoggerFactory>();

    /// <summary>Listens.</summary>
    /// <exception cref="CommandException">An address cannot be had.</exception>
    public static async Task<WatchServer> StartAsync(
        IConfiguration configuration, MetricsCollector metrics, Func<IEnumerable<HealthCheck>> checks, CancellationToken stop, Func<MemberStatus>? status = null)
    {
        var options = Configuration.Settings.Bind<WebOptions>(configuration, WebOptions.Section);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration);
        // The slim builder's console is plain text whatever the settings say.
        builder.Logging.AddConsole();
        if (configuration["Logging:Console:FormatterName"] is { Length: > 0 } formatter)
            builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.FormatterName = formatter);
        builder.WebHost.UseUrls(options.Urls);
        // Signals are the command line's: the lifetime of a web application would take them away from it.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var application = builder.Build();
        application.MapWatching(metrics, checks, status);
        try
        {
            await application.StartAsync(stop);
            return new WatchServer(application);
        }
        catch (IOException fault)
        {
            await application.DisposeAsync();
            throw new CommandException($"{WebOptions.Section}:{nameof(WebOptions.Urls)} is '{options.Urls}': {fault.Message}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
