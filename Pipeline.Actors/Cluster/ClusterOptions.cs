using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Where this process's actor system is reached by the other processes of the consumer group. Section <c>Cluster</c>. Without it the
/// process is reached from its own machine only.
/// </summary>
public sealed class ClusterOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Cluster";

    /// <summary>Address to listen on. Any but a loopback address needs certificates, or <see cref="AllowPlainText"/>.</summary>
    [Required]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on; 0: a free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; }

    /// <summary>Host by which others reach this process; not set: <see cref="Host"/>. Needed where that is 0.0.0.0 or ::.</summary>
    public string? PublicHost { get; set; }

    /// <summary>Port by which others reach this process, where ports are mapped; not set: the port that it listens on.</summary>
    [Range(1, 65_535)]
    public int? PublicPort { get; set; }

    /// <summary>This process's certificate, with those between it and the authority (PEM); for servers and for clients. Read at the
    /// start.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's private key (PEM, without a password).</summary>
    public string? KeyFile { get; set; }

    /// <summary>The authority (PEM, one or several) that has signed the certificates of all processes; no other is trusted.</summary>
    public string? CaFile { get; set; }

    /// <summary>Allows other hosts to connect without certificates: everybody who reaches the port can then read all patients' values and
    /// end the cluster.</summary>
    public bool AllowPlainText { get; set; }

    /// <summary>Whether connections are mutual TLS.</summary>
    internal bool HasCertificates => CertificateFile is not null;

    /// <summary>The host that others are told.</summary>
    internal string Reached => PublicHost ?? Host;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string?[] files = [CertificateFile, KeyFile, CaFile];
        if (files.Any(file => file is not null) && files.Any(file => file is null))
            yield return new ValidationResult("certificate, key and CA are needed together", [nameof(CertificateFile), nameof(KeyFile), nameof(CaFile)]);
        foreach (var (name, file) in new[] { (nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile), (nameof(CaFile), CaFile) })
            if (file is not null && !File.Exists(file))
                yield return new ValidationResult("there is no such file", [name]);
        if (IsAny(Reached))
            yield return new ValidationResult("others need a host or an address by which they reach this process", [nameof(PublicHost)]);
        if (!IsLoopback(Host) && !HasCertificates && !AllowPlainText)
            yield return new ValidationResult(
                "other hosts can connect, and nothing is encrypted or checked. Set Cluster:CertificateFile, Cluster:KeyFile and Cluster:CaFile, or Cluster:AllowPlainText=true where the network itself is closed",
                [nameof(Host)]);
    }

    /// <summary>Whether only this machine reaches a host.</summary>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static bool IsAny(string host) => IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
}
