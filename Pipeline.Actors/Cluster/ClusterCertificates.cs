using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Pipeline.Actors.Cluster;

/// <summary>The certificates of mutual TLS between the processes: each side shows one that the given authority has signed, and takes no
/// other.</summary>
internal static class ClusterCertificates
{
    /// <summary>What Akka's transport is given.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate or key, or the key is another
    /// certificate's.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static DotNettySslSetup Load(ClusterOptions options)
    {
        var (certificate, key, authority) = (Named(options.CertificateFile), Named(options.KeyFile), Named(options.CaFile));
        using var own = X509Certificate2.CreateFromPemFile(certificate, key);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authority);
        var between = new X509Certificate2Collection();
        between.ImportFromPemFile(certificate);
        // Some TLS stacks take a key from PKCS #12 only.
        var usable = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
        return new DotNettySslSetup(
            usable, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: false,
            customValidator: (shown, chain, peer, faults, log) => IsTrusted(shown, chain, authorities, between, peer, faults, log));

        static string Named(string? file) => file ?? throw new ArgumentException("Certificate, key and CA are needed.", nameof(options));
    }

    // A host name is not checked: certificates of such clusters name a service or a process, addresses come and go, and the authority signs for no others.
    private static bool IsTrusted(
        X509Certificate2? shown, X509Chain? sent, X509Certificate2Collection authorities, X509Certificate2Collection between, string peer, SslPolicyErrors faults, ILoggingAdapter? log)
    {
        if (shown is null || faults.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            log?.Warning("Refuses {0}: it shows no certificate", peer);
            return false;
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ExtraStore.AddRange(between);
        if (sent is not null)
            foreach (var link in sent.ChainElements)
                chain.ChainPolicy.ExtraStore.Add(link.Certificate);
        if (chain.Build(shown))
            return true;
        log?.Warning("Refuses {0}, which shows {1}: {2}", peer, shown.Subject, string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim())));
        return false;
    }
}
