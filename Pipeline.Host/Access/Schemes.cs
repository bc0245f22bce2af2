using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace Pipeline.Host.Access;

/// <summary>The ways in which a request says whose it is.</summary>
internal static class Schemes
{
    /// <summary>Chooses one of the others.</summary>
    public const string Any = "Any";

    /// <summary>A session of a person.</summary>
    public const string Session = CookieAuthenticationDefaults.AuthenticationScheme;

    /// <summary>A machine's token: <c>Authorization: Bearer …</c>.</summary>
    public const string Token = "Token";

    /// <summary>Nothing: it comes from this machine, and that is enough.</summary>
    public const string ThisMachine = "ThisMachine";

    /// <summary>Sign-in by OpenID Connect.</summary>
    public const string OpenId = "OpenId";

    /// <summary>Name of the session's cookie.</summary>
    public const string Cookie = "pipeline_session";

    /// <summary>The way that a request takes.</summary>
    public static string Of(HttpContext context, OpenTo open) =>
        context.Request.Headers.Authorization.Count > 0 ? Token
        : open == OpenTo.ThisMachine && !context.Request.Cookies.ContainsKey(Cookie) ? ThisMachine
        : Session;

    /// <summary>Whether its browser adds the credentials by itself: then another site's page could send it, too.</summary>
    public static bool IsAmbient(ClaimsPrincipal user) => user.Identity?.AuthenticationType != Token;

    /// <summary>A user as a request carries it.</summary>
    public static ClaimsPrincipal PrincipalOf(string name, string role, string scheme, string? stamp = null) => new(new ClaimsIdentity(
        [new(ClaimTypes.NameIdentifier, name), new(ClaimTypes.Name, name), new(ClaimTypes.Role, role), .. stamp is null ? Array.Empty<Claim>() : [new Claim("stamp", stamp)]],
        scheme, ClaimTypes.Name, ClaimTypes.Role));
}

/// <summary>Reads machines' tokens.</summary>
internal sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, SignIns users)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private const string Bearer = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Request.Headers.Authorization.ToString() is { } header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            && users.FindToken(header[Bearer.Length..].Trim()) is { } machine
            ? AuthenticateResult.Success(new AuthenticationTicket(Schemes.PrincipalOf(machine.Name, machine.Role, Schemes.Token), Schemes.Token))
            : AuthenticateResult.Fail("no token of this ward"));
}

/// <summary>
/// Lets in who asks from this machine, as the user whose process it is. The host that the request names must be this machine, too: a page elsewhere, whose name was made to
/// lead here (DNS rebinding), is not let in.
/// </summary>
internal sealed class ThisMachineHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from) && IsHere(Request.Host.Host)
            ? AuthenticateResult.Success(new AuthenticationTicket(Schemes.PrincipalOf(Environment.UserName, "admin", Schemes.ThisMachine), Schemes.ThisMachine))
            : AuthenticateResult.NoResult());

    private static bool IsHere(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
