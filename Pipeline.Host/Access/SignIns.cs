using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace Pipeline.Host.Access;

/// <summary>Who may sign in: by the users file, which is read again when it changes. Thread-safe.</summary>
internal sealed class SignIns(IOptions<AccessOptions> options, IOptions<OpenIdOptions> openId) : IDisposable
{
    private const int MostHashes = 2;

    private readonly PrivateFile<UsersFile>? _users = options.Value.Users;
    private readonly PrivateFile<IReadOnlyDictionary<string, string>>? _names = options.Value.Names;
    private readonly PrivateFile<string>? _metricsToken = options.Value.MetricsToken;
    private readonly SemaphoreSlim _hashing = new(MostHashes);

    /// <summary>Whether people can sign in with a password.</summary>
    public bool ByPassword => _users is not null;

    /// <summary>Whether people can sign in by OpenID Connect.</summary>
    public bool ByOpenId => openId.Value.Authority is not null;

    /// <summary>Whether nobody and no machine could be let in.</summary>
    public bool AreNone => !ByPassword && !ByOpenId && _metricsToken is null && options.Value.Open == OpenTo.Nobody;

    /// <summary>The display names of beds.</summary>
    public IReadOnlyDictionary<string, string> BedNames => _names?.Content ?? new Dictionary<string, string>();

    /// <summary>The machine with that token; null when there is none.</summary>
    public User? FindToken(string token) =>
        _metricsToken is { } metrics && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(metrics.Content), Encoding.UTF8.GetBytes(token))
            ? new User("metrics", "engineer")
            : _users?.Content.FindToken(token);

    /// <summary>The person with that name and password, as a session carries it; null when there is none. A few are verified at once: it costs a tenth of a second of a core.</summary>
    public async Task<ClaimsPrincipal?> VerifyAsync(string name, string password, CancellationToken stop)
    {
        if (_users is not { } users)
            return null;
        await _hashing.WaitAsync(stop);
        try
        {
            return await Task.Run(() => users.Content.Verify(name, password), stop) is { } user ? Schemes.PrincipalOf(user.Name, user.Role, Schemes.Session, user.Stamp) : null;
        }
        finally
        {
            _hashing.Release();
        }
    }

    /// <summary>Whether a session still counts: its user is in the file, with the same password and role. One by OpenID Connect counts until it ends.</summary>
    public bool Counts(ClaimsPrincipal? session) =>
        session?.FindFirstValue("stamp") is not { } stamp || _users?.Content.Find(session.Identity?.Name ?? "")?.Stamp == stamp;

    /// <inheritdoc/>
    public void Dispose() => _hashing.Dispose();
}

/// <summary>Ends sessions whose user was removed or changed; answers with a status in the place of a redirection, as pages ask by script.</summary>
internal sealed class SessionEvents(SignIns users) : CookieAuthenticationEvents
{
    public override async Task ValidatePrincipal(CookieValidatePrincipalContext context)
    {
        if (users.Counts(context.Principal))
            return;
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(Schemes.Session);
    }

    public override Task RedirectToLogin(RedirectContext<CookieAuthenticationOptions> context)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    public override Task RedirectToAccessDenied(RedirectContext<CookieAuthenticationOptions> context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
