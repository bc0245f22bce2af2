using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Pipeline.Host.Access;

/// <summary>Sign-in by OpenID Connect: code flow with PKCE; of what the provider says, name and role are kept.</summary>
internal static class OpenIdSignIn
{
    /// <summary>Where the provider sends the browser back to.</summary>
    public const string CallbackPath = "/signin-openid";

    /// <summary>Where a sign-in that failed leads to.</summary>
    private const string FailedPath = "/signin.html?fault=openid";

    /// <summary>Adds it, if there is a provider.</summary>
    public static void AddOpenId(this AuthenticationBuilder authentication, OpenIdOptions options)
    {
        if (options.Authority is not { } authority)
            return;
        authentication.AddOpenIdConnect(Schemes.OpenId, oidc =>
        {
            (oidc.Authority, oidc.ClientId, oidc.SignInScheme, oidc.CallbackPath) = (authority, options.ClientId, Schemes.Session, CallbackPath);
            oidc.ClientSecret = options.ClientSecretFile is { } file ? File.ReadAllText(file).Trim() : null;
            oidc.RequireHttpsMetadata = authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
            (oidc.ResponseType, oidc.ResponseMode, oidc.UsePkce) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query, true);
            (oidc.MapInboundClaims, oidc.SaveTokens) = (false, false);
            foreach (var scope in options.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                oidc.Scope.Add(scope);
            // The answer comes as a link that is followed: no cookie of ours has to cross sites.
            oidc.CorrelationCookie.SameSite = oidc.NonceCookie.SameSite = SameSiteMode.Lax;
            oidc.CorrelationCookie.SecurePolicy = oidc.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            oidc.Events = new OpenIdConnectEvents
            {
                OnTokenValidated = context => ValidatedAsync(context, options),
                OnRemoteFailure = context =>
                {
                    context.HttpContext.RequestServices.GetRequiredService<AuditLog>().Write(context.HttpContext, "sign_in_refused", detail: Plain(context.Failure?.Message ?? "OpenID Connect"));
                    context.Response.Redirect(FailedPath);
                    context.HandleResponse();
                    return Task.CompletedTask;
                },
            };
        });
    }

    private static Task ValidatedAsync(TokenValidatedContext context, OpenIdOptions options)
    {
        var name = context.Principal?.FindFirst(options.NameClaim)?.Value ?? context.Principal?.FindFirst("sub")?.Value ?? "";
        if (name.Length is 0 or > 100 || name.Any(char.IsControl))
        {
            context.Fail($"the provider names nobody in '{options.NameClaim}'");
        }
        else if (options.RoleOf(context.Principal?.FindAll(options.RoleClaim).Select(claim => claim.Value) ?? []) is not { } role)
        {
            context.Fail($"{name} has no role here (claim '{options.RoleClaim}')");
        }
        else
        {
            context.Principal = Schemes.PrincipalOf(name, role, Schemes.Session);
            // The provider is asked again at its end: somebody who has left is not kept by a page that stays open.
            context.Properties!.AllowRefresh = false;      // a sign-in has properties
            context.HttpContext.RequestServices.GetRequiredService<AuditLog>()
                .Write(context.Principal, context.HttpContext.Connection.RemoteIpAddress?.ToString() ?? "", "sign_in", "", "by OpenID Connect");
        }
        return Task.CompletedTask;
    }

    private static string Plain(string text) => string.Concat(text.Where(c => !char.IsControl(c)).Take(300));
}
