using Pipeline.Actors.Cluster;
using Pipeline.Host.Configuration;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Cluster;

public sealed class ClusterOptionsTests
{
    [Fact]
    public void Alone_on_this_machine_nothing_needs_to_be_set() => Assert.Empty(Faults(new ClusterOptions()));

    [Fact]
    public void Listening_for_other_hosts_in_plain_text_is_refused_with_what_to_set()
    {
        var fault = Assert.Single(Faults(new ClusterOptions { Host = "10.0.0.7" }));

        Assert.Contains("Cluster:Host is '10.0.0.7'", fault, StringComparison.Ordinal);
        Assert.Contains("Cluster:CertificateFile, Cluster:KeyFile and Cluster:CaFile, or Cluster:AllowPlainText=true", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_text_is_allowed_when_told_so() => Assert.Empty(Faults(new ClusterOptions { Host = "10.0.0.7", AllowPlainText = true }));

    [Fact]
    public void Listening_everywhere_needs_a_name_to_be_reached_by()
    {
        var fault = Assert.Single(Faults(new ClusterOptions { Host = "0.0.0.0", AllowPlainText = true }));

        Assert.Contains("Cluster:PublicHost is not set; others need a host", fault, StringComparison.Ordinal);
        Assert.Empty(Faults(new ClusterOptions { Host = "0.0.0.0", PublicHost = "ward-3", AllowPlainText = true }));
    }

    [Fact]
    public void A_certificate_without_key_and_authority_is_refused_and_so_is_a_file_that_is_not_there()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "some.pem");
        File.WriteAllText(file, "");

        Assert.Contains("certificate, key and CA are needed together", Assert.Single(Faults(new ClusterOptions { CertificateFile = file })), StringComparison.Ordinal);
        Assert.Contains(
            "Cluster:KeyFile is '/nowhere/key.pem'; there is no such file",
            Assert.Single(Faults(new ClusterOptions { CertificateFile = file, KeyFile = "/nowhere/key.pem", CaFile = file })), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Faults(ClusterOptions options) => Settings.FindFaults(options, ClusterOptions.Section);
}
