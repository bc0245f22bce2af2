using Microsoft.Extensions.Options;
using Pipeline.Host.Access;
using Pipeline.Host.Errors;
using Pipeline.Host.Web;

namespace Pipeline.Host.Demo;

/// <summary>The ward page of a demo, on this machine only.</summary>
internal sealed class DemoPage : IAsyncDisposable
{
    private readonly WebApplication _application;

    private DemoPage(WebApplication application) => _application = application;

    /// <summary>Where it is.</summary>
    public string Url => _application.Urls.First();

    /// <summary>Its parts.</summary>
    internal IServiceProvider Services => _application.Services;

    /// <summary>
    /// Serves the page where <c>Web:Urls</c> says; at a free port of this machine where that cannot be had. Where nothing says who may sign in, everybody of this machine may do all.
    /// </summary>
    /// <exception cref="CommandException">Others would reach it, and nobody would have to sign in.</exception>
    public static async Task<DemoPage> StartAsync(WebOptions options, AccessOptions access, OpenIdOptions openId, WardSite site, CancellationToken stop)
    {
        if (access is { UsersFile: null } && openId.Authority is null)
            access.Open = OpenTo.ThisMachine;
        if ((access.FindFault(openId, options.Urls) ?? options.FindFault()) is { } fault)
            throw CommandException.BadUsage(fault);
        var wanted = options.Urls;
        foreach (var urls in new[] { wanted, "http://127.0.0.1:0" })
        {
            options.Urls = urls;
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(site.Time);
            builder.Services.AddSingleton(Options.Create(access));
            builder.Services.AddSingleton(Options.Create(openId));
            builder.AddWardSite(options, access, openId);
            var application = builder.Build();
            application.UseWardSite(site);
            try
            {
                await application.StartAsync(stop);
                return new DemoPage(application);
            }
            catch (IOException) when (urls == wanted)
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
