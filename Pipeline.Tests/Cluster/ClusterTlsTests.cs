using Akka.Cluster;
using Pipeline.Actors.Cluster;
using Xunit;

namespace Pipeline.Tests.Cluster;

/// <summary>Mutual TLS between real actor systems on 127.0.0.1.</summary>
[Collection(nameof(ClusterNodeTests))]
public sealed class ClusterTlsTests
{
    [Fact]
    public async Task Processes_with_certificates_of_one_authority_become_one_cluster()
    {
        using var authority = new TestCertificates("ward");
        await using var nodes = new TestNodes();
        await nodes.StartAsync(authority.Options("a"));
        await nodes.StartAsync(authority.Options("b"));
        nodes.ShowAll();

        await nodes.UntilMembersAsync(0, 2);
        await nodes.UntilMembersAsync(1, 2);

        Assert.Equal("akka.ssl.tcp", nodes[0].Address.Protocol);
    }

    [Fact]
    public async Task A_process_whose_certificate_another_authority_signed_stays_outside()
    {
        using var authority = new TestCertificates("ward");
        using var stranger = new TestCertificates("stranger");
        await using var nodes = new TestNodes();
        await nodes.StartAsync(authority.Options("a"));
        await nodes.StartAsync(stranger.Options("b", trusted: authority));      // it would take the ward's
        await nodes.StartAsync(authority.Options("c"));
        nodes.ShowAll(0, 1, 2);

        await nodes.UntilMembersAsync(0, 2);
        await nodes.UntilMembersAsync(2, 2);

        Assert.Equal(MemberStatus.Removed, nodes[1].Current.Cluster.SelfMember.Status);
        Assert.DoesNotContain(nodes[0].Current.Cluster.State.Members, member => member.Address == nodes[1].Address);
    }

    [Fact]
    public async Task Who_trusts_another_authority_only_does_not_join()
    {
        using var authority = new TestCertificates("ward");
        using var stranger = new TestCertificates("stranger");
        await using var nodes = new TestNodes();
        await nodes.StartAsync(authority.Options("a"));
        await nodes.StartAsync(authority.Options("b", trusted: stranger));
        await nodes.StartAsync(authority.Options("c"));
        nodes.ShowAll();

        await nodes.UntilMembersAsync(0, 2);

        Assert.Equal(MemberStatus.Removed, nodes[1].Current.Cluster.SelfMember.Status);
    }

    [Fact]
    public void A_file_without_a_certificate_is_refused_at_the_start()
    {
        using var authority = new TestCertificates("ward");
        var options = authority.Options("a");
        File.WriteAllText(options.CertificateFile!, "no certificate");

        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => ClusterCertificates.Load(options));
    }
}
