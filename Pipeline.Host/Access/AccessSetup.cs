using System.Security.Cryptography;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;

namespace Pipeline.Host.Access;

/// <summary>Puts who may do what around the endpoints of a web server.</summary>
internal static class AccessSetup
{
    /// <summary>The header in which a page sends back the antiforgery token that <c>/api/session</c> gave it.</summary>
    public const string CsrfHeader = "X-CSRF-Token";

    /// <summary>Adds sign-in, rights, limits and the audit. The sections' options are to be among the services.</summary>
    /// <param name="services">Changed.</param>
    /// <param name="access">Section <c>Access</c>, as it is read before it is checked.</param>
    /// <param name="openId">Section <c>OpenId</c>, likewise.</param>
    public static void AddAccess(this IServiceCollection services, AccessOptions access, OpenIdOptions openId)
    {
        services.AddSingleton<SignIns>();
        services.AddSingleton<SessionEvents>();
        services.AddSingleton<AuditLog>();
        var protection = services.AddDataProtection().SetApplicationName("pipeline");
        if (access.KeysFolder is { } keys)
            protection.PersistKeysToFileSystem(new DirectoryInfo(keys));
        else
            protection.UseEphemeralDataProtectionProvider();
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
        var authentication = services.AddAuthentication(Schemes.Any)
            .AddPolicyScheme(Schemes.Any, null, any => any.ForwardDefaultSelector = context => Schemes.Of(context, access.Open))
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(Schemes.Token, null)
            .AddScheme<AuthenticationSchemeOptions, ThisMachineHandler>(Schemes.ThisMachine, null)
            .AddCookie(Schemes.Session, session =>
            {
                (session.Cookie.Name, session.Cookie.HttpOnly, session.Cookie.SameSite) = (Schemes.Cookie, true, SameSiteMode.Lax);
                (session.ExpireTimeSpan, session.SlidingExpiration, session.EventsType) = (access.SessionLength, true, typeof(SessionEvents));
            });
        authentication.AddOpenId(openId);
        // What says nothing of rights needs the least of them: a new endpoint is not open by mistake.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(context => context.User.May(Right.See)).Build());
        services.AddAntiforgery(csrf => (csrf.HeaderName, csrf.Cookie.Name, csrf.Cookie.SameSite) = (CsrfHeader, "pipeline_csrf", SameSiteMode.Strict));
        services.AddRequestLimits(access);
        services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in access.ProxyAddresses)
                forwarded.KnownProxies.Add(proxy);
        });
    }

    /// <summary>Puts them before the endpoints; to be called before these are mapped, and after files that everybody may have.</summary>
    public static void UseAccess(this WebApplication application)
    {
        application.UseAuthentication();
        application.UseRateLimiter();
        application.UseMiddleware<RefusalAudit>();
        application.UseAuthorization();
    }

    /// <summary>Refuses requests that another site's page may have sent with the user's session.</summary>
    public static RouteHandlerBuilder RequireCsrfToken(this RouteHandlerBuilder endpoint) => endpoint.AddEndpointFilter(async (context, next) =>
    {
        var http = context.HttpContext;
        try
        {
            if (Schemes.IsAmbient(http.User))
                await http.RequestServices.GetRequiredService<IAntiforgery>().ValidateRequestAsync(http);
        }
        catch (Exception fault) when (fault is AntiforgeryValidationException or CryptographicException)
        {
            return Results.Text($"{CsrfHeader} is not that of this session: ask /api/session for it.", statusCode: StatusCodes.Status400BadRequest);
        }
        return await next(context);
    });

    /// <summary>Writes to the audit what was refused to somebody who is signed in.</summary>
    private sealed class RefusalAudit(RequestDelegate next, AuditLog audit)
    {
        public async Task InvokeAsync(HttpContext context)
        {
            await next(context);
            if (context.Response.StatusCode == StatusCodes.Status403Forbidden && !context.Response.HasStarted)
                audit.Write(context, "refused", detail: $"{context.Request.Method} {(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText}");
        }
    }
}
