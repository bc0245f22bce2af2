using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pipeline.Host.Access;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>Sign-in by OpenID Connect.</summary>
public sealed class OpenIdTests : IAsyncLifetime
{
    private readonly TemporaryFolder _secrets = new();
    private FakeOpenIdProvider _provider = null!;   // set before each test
    private WebWard _ward = null!;                  // likewise

    public async Task InitializeAsync()
    {
        _provider = await FakeOpenIdProvider.StartAsync();
        (_ward, _) = await WebWard.StartWithUsersAsync(openId: new OpenIdOptions
        {
            Authority = _provider.Url,
            ClientId = "ward",
            ClientSecretFile = _secrets.Write("secret", "hush\n"),
            RoleClaim = "groups",
            Roles = { ["ward-nurses"] = "nurse", ["it"] = "engineer" },
        });
    }

    public async Task DisposeAsync()
    {
        await _ward.DisposeAsync();
        await _provider.DisposeAsync();
        _secrets.Dispose();
    }

    [Fact]
    public async Task Who_the_provider_knows_gets_the_role_of_a_group()
    {
        _provider.User = ("anna", ["canteen", "it", "ward-nurses"]);
        var client = _ward.Client();

        Assert.Equal("/", await FollowAsync(client));

        var session = await WebWard.TakeCsrfTokenAsync(client);
        Assert.Equal(("anna", "nurse"), (session.GetProperty("name").GetString(), session.GetProperty("role").GetString()));
        using var answer = await client.GetAsync("/api/beds");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"who\":\"anna\"", await File.ReadAllTextAsync(Path.Combine(_ward.Folder, "audit.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_no_role_here_is_not_let_in()
    {
        _provider.User = ("otto", ["canteen"]);
        var client = _ward.Client();

        Assert.Equal("/signin.html?fault=openid", await FollowAsync(client));

        Assert.Equal(JsonValueKind.Null, (await client.GetFromJsonAsync<JsonElement>("/api/session")).GetProperty("name").ValueKind);
        Assert.Contains("otto has no role here", await File.ReadAllTextAsync(Path.Combine(_ward.Folder, "audit.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_nobody_asked_for_is_refused()
    {
        using var answer = await _ward.Client().GetAsync($"{OpenIdSignIn.CallbackPath}?code=c1&state=forged");

        Assert.Equal("/signin.html?fault=openid", answer.Headers.Location?.OriginalString);
    }

    /// <summary>Follows the redirections until one leads to a page of ours.</summary>
    private async Task<string?> FollowAsync(HttpClient client)
    {
        var next = new Uri(_ward.Url, "/signin/openid");
        while (true)
        {
            using var answer = await client.GetAsync(next);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            var location = answer.Headers.Location!;
            if (!location.IsAbsoluteUri)
                return location.OriginalString;
            next = location;
        }
    }
}
