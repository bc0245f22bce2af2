using Pipeline.Actors.Cluster;
using Pipeline.Host.Store;
using Pipeline.Host.Web;

namespace Pipeline.Host.Demo;

/// <summary>The ward page of a demo, on this machine only.</summary>
internal sealed class DemoPage : IAsyncDisposable
{
    private readonly WebApplication _application;

    private DemoPage(WebApplication application) => _application = application;

    /// <summary>Where it is.</summary>
    public string Url => _application.Urls.First();

    /// <summary>Serves the page where <c>Web:Urls</c> says; at a free port of this machine where that cannot be had.</summary>
    public static async Task<DemoPage> StartAsync(WebOptions options, WardReader reader, IPointHistory history, TimeProvider time, CancellationToken stop)
    {
        foreach (var urls in new[] { options.Urls, "http://127.0.0.1:0" })
        {
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls(urls);
            builder.Services.AddSingleton(time);
            builder.Services.AddConnectionLimit(options.MaxConnections);
            var application = builder.Build();
            application.UsePages();
            application.MapWard(() => reader, time);
            application.MapHistory(() => history, time);
            try
            {
                await application.StartAsync(stop);
                return new DemoPage(application);
            }
            catch (IOException) when (urls == options.Urls)
            {
                await application.DisposeAsync();
            }
        }
        throw new IOException("No port of 127.0.0.1 is free.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }
}
