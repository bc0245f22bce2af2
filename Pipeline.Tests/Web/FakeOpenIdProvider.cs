using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Pipeline.Tests.Web;

/// <summary>A directory that signs everybody in as <see cref="User"/>: discovery, code flow with PKCE, signed identity tokens.</summary>
internal sealed class FakeOpenIdProvider : IAsyncDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly WebApplication _server;
    private string _nonce = "", _challenge = "";

    private FakeOpenIdProvider(WebApplication server) => _server = server;

    /// <summary>Who signs in, with which groups.</summary>
    public (string Name, string[] Groups) User { get; set; } = ("anna", ["ward-nurses"]);

    public string Url => _server.Urls.First();

    public static async Task<FakeOpenIdProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var provider = new FakeOpenIdProvider(server);
        server.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, object>
        {
            ["issuer"] = provider.Url,
            ["authorization_endpoint"] = $"{provider.Url}/authorize",
            ["token_endpoint"] = $"{provider.Url}/token",
            ["jwks_uri"] = $"{provider.Url}/keys",
        });
        server.MapGet("/keys", () => new { keys = new[] { provider.Key() } });
        server.MapGet("/authorize", (string redirect_uri, string state, string nonce, string code_challenge, string response_type) =>
        {
            (provider._nonce, provider._challenge) = (nonce, code_challenge);
            return Results.Redirect($"{redirect_uri}?code=c1&state={Uri.EscapeDataString(state)}&response={response_type}");
        });
        server.MapPost("/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            var proof = Base64UrlEncoder.Encode(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
            return proof == provider._challenge && form["client_secret"] == "hush" && form["code"] == "c1"
                ? Results.Json(new Dictionary<string, object> { ["access_token"] = "a", ["token_type"] = "Bearer", ["id_token"] = provider.Token(form["client_id"].ToString()) })
                : Results.BadRequest(new { error = "invalid_grant" });
        });
        await server.StartAsync();
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _rsa.Dispose();
    }

    private object Key()
    {
        var parameters = _rsa.ExportParameters(false);
        return new { kty = "RSA", kid = "k1", use = "sig", alg = "RS256", n = Base64UrlEncoder.Encode(parameters.Modulus), e = Base64UrlEncoder.Encode(parameters.Exponent) };
    }

    private string Token(string client) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Url,
        Audience = client,
        Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5),
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(_rsa) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256),
        Subject = new ClaimsIdentity([new("sub", "1"), new("nonce", _nonce), new("preferred_username", User.Name), .. User.Groups.Select(group => new Claim("groups", group))]),
    });
}
