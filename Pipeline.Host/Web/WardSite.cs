using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Access;
using Pipeline.Host.Store;
using Pipeline.Models.Alarms;
using Pipeline.Models.Features;

namespace Pipeline.Host.Web;

/// <summary>What the web server shows of a ward, whoever runs it.</summary>
/// <param name="Reader">Reads the ward; null while the process starts.</param>
/// <param name="History">What was stored; null while the process starts.</param>
/// <param name="Send">Sends commands.</param>
/// <param name="Stretch">Reads samples of the past.</param>
/// <param name="Network">The network that is asked about PPGs; null: none.</param>
/// <param name="Alarms">The wards' limits.</param>
/// <param name="Time">The clock.</param>
internal sealed record WardSite(Func<WardReader?> Reader, Func<IPointHistory?> History, SendCommand Send, ReadStretch Stretch, Func<RateModel?> Network, AlarmRules Alarms, TimeProvider Time);

/// <summary>The web server of <c>run</c> and <c>demo</c>: pages, sign-in, and what the pages ask for.</summary>
internal static class WardSiteSetup
{
    /// <summary>Adds what it needs; sections <c>Access</c> and <c>OpenId</c> are to be among the services.</summary>
    public static void AddWardSite(this WebApplicationBuilder builder, WebOptions web, AccessOptions access, OpenIdOptions openId)
    {
        builder.WebHost.UseUrls(web.Urls).UseKestrelHttpsConfiguration();
        if (web.Tls is { } tls)
            builder.Services.Configure<KestrelServerOptions>(server => server.ConfigureHttpsDefaults(https => https.ServerCertificateSelector = (_, _) => tls.Certificate));
        builder.Services.AddConnectionLimit(web.MaxConnections);
        builder.Services.AddAccess(access, openId);
    }

    /// <summary>Puts pages and rights before, and maps what the pages ask for.</summary>
    public static void UseWardSite(this WebApplication application, WardSite site)
    {
        application.UseForwardedHeaders();
        application.UsePages();
        application.UseAccess();
        application.MapSession();
        application.MapWard(site.Reader, site.Alarms, site.Time);
        application.MapHistory(site.History, site.Time);
        application.MapEvents(site.History, site.Time);
        application.MapStretches(site.Stretch);
        application.MapExplanation(site.Stretch, site.Network, site.Time);
        application.MapFhir(site);
        application.MapCommands(site.Reader, site.Alarms, site.Send, site.Time);
    }
}
