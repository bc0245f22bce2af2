using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pipeline.Host.Access;
using Pipeline.Host.Commands;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Service;
using Pipeline.Host.Web;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>Users files, certificates, and what is refused at the start.</summary>
public sealed class AccessSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Access:UsersFile=/nowhere/users.json", "Access:UsersFile is '/nowhere/users.json'; there is no such file")]
    [InlineData("Access:AuditFile=/nowhere/audit", "Access:AuditFile is '/nowhere/audit'; a file in a folder that is there is wanted")]
    [InlineData("Access:MetricsTokenFile=/nowhere/token", "Access:MetricsTokenFile is '/nowhere/token'; there is no such file")]
    [InlineData("Access:Proxies=proxy", "Access:Proxies is 'proxy'; allowed: IP addresses")]
    [InlineData("Access:Open=Everybody", "Access:Open is 'Everybody'; allowed: Nobody, ThisMachine")]
    [InlineData("Access:SessionLength=0", "Access:SessionLength is '00:00:00'; allowed: 00:01:00 to 7.00:00:00")]
    [InlineData("OpenId:Authority=http://login.example", "OpenId:Authority is 'http://login.example'; allowed: https://HOST/PATH")]
    [InlineData("OpenId:Authority=https://login.example", "OpenId:ClientId is not set; a value is needed beside OpenId:Authority")]
    [InlineData("OpenId:Roles:ward=doctor", "OpenId:Roles is 'ward'; 'ward' is to be role 'doctor'; there are: nurse, midwife, engineer, scientist, admin")]
    [InlineData("Web:CertificateFile=/nowhere/c.pem", "Web:CertificateFile is '/nowhere/c.pem', Web:KeyFile is not set; certificate and key are needed together")]
    [InlineData("Web:CertificateFile=/nowhere/c.pem;Web:KeyFile=/nowhere/k.pem", "Web:CertificateFile is '/nowhere/c.pem', Web:KeyFile is '/nowhere/k.pem'; Could not find")]
    [InlineData("Access:Open=ThisMachine;Web:Urls=http://0.0.0.0:0", "Access:Open is 'ThisMachine', and others reach 'http://0.0.0.0:0'")]
    [InlineData("OpenId:Authority=https://login.example;OpenId:ClientId=x;Web:Urls=http://0.0.0.0:0", "people sign in, and nothing is encrypted at 'http://0.0.0.0:0'")]
    public async Task What_would_leave_the_ward_open_or_closed_by_mistake_is_refused_at_the_start(string settings, string message)
    {
        var fault = await Assert.ThrowsAsync<CommandException>(
            () => ServiceHost.RunAsync(Settings.Load(null, [.. settings.Split(';'), "Logging:LogLevel:Default=None"]), TimeProvider.System, CancellationToken.None));

        Assert.Equal(ExitCode.BadUsage, fault.ExitCode);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"users":[{"name":"n","role":"doctor","password":"x"}]}""", "user 'n': there is no role 'doctor'")]
    [InlineData("""{"users":[{"name":"n","role":"nurse"}]}""", "user 'n': a password or a token is wanted")]
    [InlineData("""{"users":[{"name":"","role":"nurse","password":"x"}]}""", "user '': a name of 1 to 100 characters")]
    [InlineData("""{"users":[{"name":"n","role":"nurse","password":"x"},{"name":"n","role":"admin","password":"x"}]}""", "user 'n' stands there 2 times")]
    [InlineData("""{"users":[null]}""", "user '': a name")]
    [InlineData("""[]""", "no users file")]
    [InlineData("""{}""", "no users file")]
    public void A_users_file_that_is_none_says_why(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => UsersFile.Parse(text)).Message, StringComparison.Ordinal);

    [SkippableFact]
    public void A_users_file_that_everybody_may_read_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "There are no such modes.");
        var path = _folder.Write("users.json", UsersFile.Parse("").WithPerson("n12", "nurse", WebWard.Password).ToString());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Assert.Contains("everybody on this machine may read", new AccessOptions { UsersFile = path }.Users!.FindFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_users_file_holds_no_password_and_no_token_and_tells_them_from_others()
    {
        var (users, token) = UsersFile.Parse("").WithPerson("n12", "nurse", WebWard.Password).WithMachine("prometheus", "engineer");
        var text = users.ToString();
        var read = UsersFile.Parse(text);

        Assert.DoesNotContain(WebWard.Password, text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        Assert.Equal(("n12", "nurse"), (read.Verify("n12", WebWard.Password)?.Name, read.Verify("n12", WebWard.Password)?.Role));
        Assert.Null(read.Verify("n12", WebWard.Password + "!"));
        Assert.Null(read.Verify("n13", WebWard.Password));
        Assert.Null(read.Verify("prometheus", token));
        Assert.Equal("prometheus", read.FindToken(token)?.Name);
        Assert.Null(read.FindToken(token[..^1]));
        Assert.NotEqual(text, UsersFile.Parse("").WithPerson("n12", "nurse", WebWard.Password).WithMachine("prometheus", "engineer").Users.ToString());
        Assert.Throws<ArgumentException>(() => read.WithPerson("n13", "nurse", "short"));
    }

    [Fact]
    public async Task Users_are_added_listed_and_removed_by_the_command()
    {
        var path = Path.Combine(_folder.Path, "users.json");
        var token = (await RunAsync("users", "token", "prometheus", "--role", "engineer", "--file", path)).Trim();
        PrivateFile.Write(path, UsersFile.Parse(await File.ReadAllTextAsync(path)).WithPerson("n12", "nurse", WebWard.Password).ToString());

        var listed = await RunAsync("users", "list", "--file", path);
        await RunAsync("users", "remove", "n12", "--file", path);

        Assert.Matches("(?s)^n12 +nurse +password\n *prometheus +engineer +token\n$", listed.ReplaceLineEndings("\n"));
        Assert.Equal(["prometheus"], UsersFile.Parse(await File.ReadAllTextAsync(path)).Users.Select(user => user.Name));
        Assert.Equal("engineer", UsersFile.Parse(await File.ReadAllTextAsync(path)).FindToken(token)?.Role);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

        static async Task<string> RunAsync(params string[] arguments)
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            var exit = await CommandLine.InvokeAsync(arguments, output, error, CancellationToken.None);
            Assert.Equal((ExitCode.Ok, ""), (exit, error.ToString()));
            return output.ToString();
        }
    }

    [Fact]
    public void A_certificate_that_is_renewed_is_shown_from_then_on()
    {
        var (certificate, key) = (Path.Combine(_folder.Path, "c.pem"), Path.Combine(_folder.Path, "k.pem"));
        Write("CN=first", 1);
        var files = new TlsFiles(certificate, key);
        Assert.Equal("CN=first", files.Certificate.Subject);

        Write("CN=second", 2);
        Assert.Equal("CN=second", files.Certificate.Subject);
        File.WriteAllText(certificate, "half of it");
        Assert.Equal("CN=second", files.Certificate.Subject);
        Assert.NotNull(new TlsFiles(certificate, key).FindFault());

        void Write(string name, int minute)
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var signed = new CertificateRequest(name, made, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
            File.WriteAllText(certificate, signed.ExportCertificatePem());
            File.WriteAllText(key, made.ExportPkcs8PrivateKeyPem());
            foreach (var file in new[] { certificate, key })
                File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddMinutes(minute));
        }
    }
}
