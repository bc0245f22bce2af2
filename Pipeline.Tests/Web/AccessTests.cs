using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Host.Access;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>Who may do what through the web server.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private WebWard _ward = null!;      // set before each test
    private IReadOnlyDictionary<string, string> _tokens = null!;    // likewise

    public async Task InitializeAsync()
    {
        (_ward, _tokens) = await WebWard.StartWithUsersAsync();
        await _ward.ShowAsync("P1", "b1", 130);
    }

    public async Task DisposeAsync() => await _ward.DisposeAsync();

    [Fact]
    public async Task Without_a_session_or_a_token_every_endpoint_is_refused_but_the_session_itself()
    {
        var endpoints = _ward.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToArray();
        var closed = endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null).ToArray();

        Assert.Equal(["/api/session", "/api/session", "/signin/openid"], endpoints.Except(closed).Select(endpoint => endpoint.RoutePattern.RawText).Order());
        Assert.True(closed.Length >= 10);
        foreach (var endpoint in closed)
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                foreach (var token in new[] { null, "", "pipeline-0000" })
                {
                    using var request = new HttpRequestMessage(new HttpMethod(method), endpoint.RoutePattern.RawText!.Replace("{patient}", "P1", StringComparison.Ordinal));
                    request.Content = method == "POST" ? JsonContent.Create(new { number = 0, why = "x" }) : null;
                    using var answer = await _ward.Client(token).SendAsync(request);
                    Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {request.RequestUri} with '{token}': {answer.StatusCode}");
                }
        Assert.Empty(_ward.Sent);
    }

    [Theory]
    [InlineData("nurse", "see names acknowledge limits export")]
    [InlineData("midwife", "see names acknowledge limits export")]
    [InlineData("engineer", "see operate")]
    [InlineData("scientist", "see export")]
    [InlineData("admin", "see names acknowledge limits export operate audit")]
    public async Task Each_role_may_do_what_the_table_says(string role, string rights)
    {
        using var client = await _ward.SignInAsync(role);
        var session = await client.GetFromJsonAsync<JsonElement>("/api/session");
        Assert.Equal((role, rights), (session.GetProperty("role").GetString(), string.Join(' ', session.GetProperty("rights").EnumerateArray())));

        foreach (var one in new[] { client, _ward.Client(_tokens[role]) })
        {
            await IsAsync(true, one.GetAsync("/api/beds"));
            await IsAsync(rights.Contains("names", StringComparison.Ordinal), one.GetAsync("/api/names"));
            await IsAsync(rights.Contains("audit", StringComparison.Ordinal), one.GetAsync("/api/audit"));
            await IsAsync(rights.Contains("acknowledge", StringComparison.Ordinal), one.PostAsJsonAsync("/api/patients/P1/alarms/acknowledge", new { number = 0, why = "seen at the bed" }));
            await IsAsync(rights.Contains("acknowledge", StringComparison.Ordinal), one.PostAsJsonAsync("/api/patients/P1/alarms/pause", new { seconds = 60, why = "washing" }));
            await IsAsync(rights.Contains("limits", StringComparison.Ordinal), one.PostAsJsonAsync("/api/patients/P1/alarms/limits", new { heartRateHigh = 135, why = "fever" }));
        }

        static async Task IsAsync(bool allowed, Task<HttpResponseMessage> asked)
        {
            using var answer = await asked;
            Assert.Equal(!allowed, answer.StatusCode == HttpStatusCode.Forbidden);
            Assert.Equal(allowed, answer.IsSuccessStatusCode);
        }
    }

    [Fact]
    public async Task An_acknowledgement_carries_who_and_why_and_stands_in_the_audit()
    {
        using var nurse = await _ward.SignInAsync("nurse");

        using var answer = await nurse.PostAsJsonAsync("/api/patients/P1/alarms/acknowledge", new { number = 1, why = " seen at the bed ", by = "somebody else" });

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var (patient, command) = Assert.Single(_ward.Sent);
        Assert.Equal(("P1", AlarmCommandKind.Acknowledge, 1, "nurse", "seen at the bed"), (patient.Value, command.Kind, command.Number, command.By, command.Why));
        var beds = await nurse.GetFromJsonAsync<JsonElement>("/api/patients/P1");
        Assert.Equal("acknowledged", beds.GetProperty("alarm").GetProperty("state").GetString());
        using var admin = await _ward.SignInAsync("admin");
        var audit = await admin.GetFromJsonAsync<JsonElement>("/api/audit");
        Assert.Contains(audit.EnumerateArray(), entry => (entry.GetProperty("who").GetString(), entry.GetProperty("act").GetString(), entry.GetProperty("patient").GetString(),
            entry.GetProperty("detail").GetString()) == ("nurse", "acknowledge", "P1", "alarm 1: seen at the bed"));
        Assert.Equal(audit.GetArrayLength(), ReadAudit().Length);
    }

    [Theory]
    [InlineData("acknowledge", """{"number":1}""", 400)]
    [InlineData("acknowledge", """{"number":1,"why":"a\nb"}""", 400)]
    [InlineData("acknowledge", """{"number":77,"why":"x"}""", 400)]
    [InlineData("acknowledge", """{"number":-1,"why":"x"}""", 400)]
    [InlineData("acknowledge", """not json""", 400)]
    [InlineData("acknowledge", """null""", 400)]
    [InlineData("pause", """{"seconds":86400,"why":"x"}""", 400)]
    [InlineData("limits", """{"heartRateLow":150,"why":"x"}""", 400)]
    [InlineData("limits", """{"heartRateHigh":"high","why":"x"}""", 400)]
    public async Task A_command_that_cannot_be_applied_is_refused_and_not_sent(string what, string body, int status)
    {
        using var nurse = await _ward.SignInAsync("nurse");

        using var answer = await nurse.PostAsync($"/api/patients/P1/alarms/{what}", new StringContent(body, null, "application/json"));
        using var unknown = await nurse.PostAsync("/api/patients/P404/alarms/acknowledge", new StringContent("""{"number":0,"why":"x"}""", null, "application/json"));

        Assert.Equal((status, 404), ((int)answer.StatusCode, (int)unknown.StatusCode));
        Assert.Empty(_ward.Sent);
    }

    [Fact]
    public async Task A_request_that_another_site_could_have_sent_is_refused()
    {
        using var nurse = await _ward.SignInAsync("nurse");
        nurse.DefaultRequestHeaders.Remove(AccessSetup.CsrfHeader);

        using var answer = await nurse.PostAsJsonAsync("/api/patients/P1/alarms/acknowledge", new { number = 1, why = "x" });
        using var other = await _ward.SignInAsync("midwife");
        nurse.DefaultRequestHeaders.Add(AccessSetup.CsrfHeader, other.DefaultRequestHeaders.GetValues(AccessSetup.CsrfHeader));
        using var with = await nurse.PostAsJsonAsync("/api/patients/P1/alarms/acknowledge", new { number = 1, why = "x" });

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (answer.StatusCode, with.StatusCode));
        Assert.Empty(_ward.Sent);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_stands_in_the_audit()
    {
        var client = _ward.Client();
        await WebWard.TakeCsrfTokenAsync(client);

        using var wrong = await client.PostAsJsonAsync("/api/session", new { name = "nurse", password = "guess" });
        using var nobody = await client.PostAsJsonAsync("/api/session", new { name = "nobody", password = WebWard.Password });
        using var machine = await client.PostAsJsonAsync("/api/session", new { name = "nurse machine", password = WebWard.Password });

        Assert.All([wrong, nobody, machine], answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode));
        Assert.Equal(["as nurse", "as nobody", "as nurse machine"], ReadAudit().Select(entry => entry.GetProperty("detail").GetString()));
        using var still = await client.GetAsync("/api/beds");
        Assert.Equal(HttpStatusCode.Unauthorized, still.StatusCode);
    }

    [Fact]
    public async Task Who_is_removed_or_gets_another_password_is_signed_out()
    {
        using var nurse = await _ward.SignInAsync("nurse");
        using var midwife = await _ward.SignInAsync("midwife");
        var path = Path.Combine(_ward.Folder, "users.json");

        PrivateFile.Write(path, UsersFile.Parse(await File.ReadAllTextAsync(path)).Without("nurse").WithPerson("midwife", "midwife", "another long password").ToString());

        foreach (var client in new[] { nurse, midwife })
            using (var answer = await client.GetAsync("/api/beds"))
                Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Who_signs_out_is_out()
    {
        using var nurse = await _ward.SignInAsync("nurse");

        using var signedOut = await nurse.DeleteAsync("/api/session");
        using var answer = await nurse.GetAsync("/api/beds");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.Unauthorized), (signedOut.StatusCode, answer.StatusCode));
    }

    [Fact]
    public async Task Names_of_beds_go_to_those_who_may_see_them_and_into_nothing_else()
    {
        using var nurse = await _ward.SignInAsync("nurse");

        Assert.Equal("Room 3, window", (await nurse.GetFromJsonAsync<JsonElement>("/api/names")).GetProperty("w1/b1").GetString());
        Assert.DoesNotContain("Room 3", await nurse.GetStringAsync("/api/beds"), StringComparison.Ordinal);
        Assert.DoesNotContain("Room 3", await File.ReadAllTextAsync(Path.Combine(_ward.Folder, "audit.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_this_machine_needs_no_sign_in_a_page_from_elsewhere_is_not_let_in()
    {
        await using var open = await WebWard.StartAsync();
        var client = open.Client();

        using var here = await client.GetAsync("/api/beds");
        using var rebound = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/api/beds") { Headers = { Host = "ward.example:80" } });
        using var forged = await client.PostAsJsonAsync("/api/patients/P1/alarms/acknowledge", new { number = 0, why = "x" });

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest), (here.StatusCode, rebound.StatusCode, forged.StatusCode));
    }

    [Fact]
    public async Task A_token_that_is_a_secret_in_a_file_may_do_what_an_engineer_may_until_it_is_another_one()
    {
        var path = "";
        var (ward, _) = await WebWard.StartWithUsersAsync(access =>
        {
            access.MetricsTokenFile = path = Path.Combine(Path.GetDirectoryName(access.UsersFile)!, "token");
            File.WriteAllText(path, $"{new string('a', 40)}\n");
        });
        await using var _ = ward;
        var client = ward.Client(new string('a', 40));

        using var before = await client.GetAsync("/api/beds");
        using var names = await client.GetAsync("/api/names");
        await File.WriteAllTextAsync(path, new string('b', 41));
        using var after = await client.GetAsync("/api/beds");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (before.StatusCode, names.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task Somebody_who_asks_too_often_is_told_so_and_others_are_answered()
    {
        var (ward, tokens) = await WebWard.StartWithUsersAsync(access => (access.SignInsPerMinute, access.RequestsPerSecond) = (5, 5));
        await using var _ = ward;
        var guesser = ward.Client();
        await WebWard.TakeCsrfTokenAsync(guesser);

        var tries = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++)
            using (var answer = await guesser.PostAsJsonAsync("/api/session", new { name = "nurse", password = "guess" }))
                tries.Add(answer.StatusCode);
        var asked = await Task.WhenAll(Enumerable.Range(0, 120).Select(async _ =>
        {
            using var answer = await ward.Client(tokens["scientist"]).GetAsync("/api/beds");
            return answer.StatusCode;
        }));
        using var other = await ward.Client(tokens["nurse"]).GetAsync("/api/beds");

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 5), .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 3)], tries);
        Assert.Contains(HttpStatusCode.TooManyRequests, asked);
        Assert.InRange(asked.Count(status => status == HttpStatusCode.OK), 50, 119);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    private JsonElement[] ReadAudit() =>
        [.. File.ReadLines(Path.Combine(_ward.Folder, "audit.jsonl")).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
}
