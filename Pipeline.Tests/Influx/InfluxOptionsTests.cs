using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Influx;
using Pipeline.Host.Store;
using Xunit;

namespace Pipeline.Tests.Influx;

public sealed class InfluxOptionsTests
{
    [Fact]
    public void What_is_set_is_bound()
    {
        var options = Settings.Bind<InfluxOptions>(
            Settings.Load(null, ["Influx:Url=https://store:8086", "Influx:Api=V1", "Influx:Database=d", "Influx:MaxRetryDelay=00:00:20"]), InfluxOptions.Section);

        Assert.Equal(("store", InfluxApi.V1, "d", TimeSpan.FromSeconds(20)), (options.Url!.Host, options.Api, options.Database, options.MaxRetryDelay));
    }

    [Theory]
    [InlineData("http://influx:8086", "Token=t", true)]
    [InlineData("http://influx:8086", "TokenFile=/run/secrets/t", true)]
    [InlineData("http://10.0.0.7:8086", "Token=t", true)]
    [InlineData("http://influx:8086", "Org=o", false)]
    [InlineData("https://influx:8086", "Token=t", false)]
    [InlineData("http://127.0.0.1:8086", "Token=t", false)]
    [InlineData("http://localhost:8086", "Token=t", false)]
    [InlineData("http://[::1]:8086", "Token=t", false)]
    public void A_secret_that_leaves_the_machine_in_clear_is_known(string url, string assignment, bool isInClear) => Assert.Equal(
        isInClear, Settings.Bind<InfluxOptions>(Settings.Load(null, [$"Influx:Url={url}", $"Influx:{assignment}"]), InfluxOptions.Section).SendsSecretsInClear);

    [Fact]
    public void The_defaults_are_in_their_ranges()
    {
        Assert.Empty(Settings.FindFaults(new InfluxOptions(), InfluxOptions.Section));
        Assert.Empty(Settings.FindFaults(new EmbeddedStoreOptions(), EmbeddedStoreOptions.Section));
    }

    [Theory]
    [InlineData("MaxLines=0", "Influx:MaxLines is '0'; allowed: 1 to 5000")]
    [InlineData("MaxLines=5001", "Influx:MaxLines is '5001'; allowed: 1 to 5000")]
    [InlineData("Connections=3", "Influx:Connections is '3'; allowed: 1 to 2")]
    [InlineData("QueueLength=0", "Influx:QueueLength is '0'; allowed: 1 to 65536")]
    [InlineData("RequestTimeout=00:10:00", "Influx:RequestTimeout is '00:10:00'; allowed: 00:00:01 to 00:05:00")]
    [InlineData("Api=V4", "Influx:Api is 'V4'; allowed: V1, V2")]
    [InlineData("Url=ftp://store", "Influx:Url is 'ftp://store/'; allowed: http://HOST:PORT or https://HOST:PORT")]
    [InlineData("Url=store", "Influx:Url is 'store'; allowed: http://HOST:PORT or https://HOST:PORT")]
    [InlineData("MaxRetryDelay=00:00:00.1", "Influx:MaxRetryDelay is '00:00:00.1000000'; allowed: RetryDelay (00:00:00.2500000) or more")]
    [InlineData("Org=", "Influx:Org is ''; a value is needed with Api V2")]
    [InlineData("Bucket=", "Influx:Bucket is ''; a value is needed with Api V2")]
    [InlineData("Username=ward", "Influx:Username is 'ward'; allowed: empty with Api V2, which takes a token")]
    public void A_bad_value_is_named_with_its_key_and_what_is_allowed(string assignment, string message) => Assert.Equal(message, FaultOf(assignment));

    [Theory]
    [InlineData("Token=hush", "TokenFile=/t")]
    [InlineData("Api=V1", "Username=u", "Password=hush", "PasswordFile=/t")]
    [InlineData("Api=V1", "Password=hush")]
    public void A_fault_never_shows_a_secret(params string[] assignments) =>
        Assert.DoesNotContain("hush", FaultOf(assignments), StringComparison.Ordinal);

    private static string FaultOf(params string[] assignments) => Assert.Throws<CommandException>(
        () => Settings.Bind<InfluxOptions>(Settings.Load(null, assignments.Select(a => $"Influx:{a}")), InfluxOptions.Section)).Message;
}
