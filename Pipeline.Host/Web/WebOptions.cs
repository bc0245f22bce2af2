using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Web;

/// <summary>Section <c>Web</c>: where <c>/metrics</c>, <c>/health</c>, <c>/status</c> and <c>/api</c> are served.</summary>
internal sealed class WebOptions : IValidatableObject
{
    public const string Section = "Web";

    /// <summary>Addresses to listen on, separated by semicolons. Only this machine unless told otherwise.</summary>
    [Required]
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Certificate of https addresses, with those between it and the authority (PEM). Read again when it changes.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's private key (PEM, without a password).</summary>
    public string? KeyFile { get; set; }

    /// <summary>Most records of a partition that may wait in Kafka while <c>/health/ready</c> still says ready.</summary>
    [Range(1, 1_000_000_000_000)]
    public long ReadyLag { get; set; } = 100_000;

    /// <summary>
    /// Most connections at once; for one more an idle one is closed, of the address that holds most. Each holds a file handle: a quarter of the process's
    /// (<c>ulimit -n</c>) is the most in any case, so that Kafka's and the store's connections always find one.
    /// </summary>
    [Range(8, 100_000)]
    public int MaxConnections { get; set; } = 256;

    /// <summary>The first of <see cref="Urls"/> as this machine reaches it.</summary>
    internal Uri Here => new(Urls.Split(';')[0].Trim().Replace("//*", "//127.0.0.1", StringComparison.Ordinal).Replace("//+", "//127.0.0.1", StringComparison.Ordinal)
        .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal).Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal));

    /// <summary>The certificate's files; null where there are none.</summary>
    internal TlsFiles? Tls => (CertificateFile, KeyFile) is ({ } certificate, { } key) ? new TlsFiles(certificate, key) : null;

    /// <summary>What is wrong with the certificate's files, which are there where the server runs; null when nothing is.</summary>
    internal string? FindFault() => Tls?.FindFault() is { } fault ? $"{Section}:{nameof(CertificateFile)} is '{CertificateFile}', {Section}:{nameof(KeyFile)} is '{KeyFile}'; {fault}" : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CertificateFile is null != KeyFile is null)
            yield return new ValidationResult("certificate and key are needed together", [nameof(CertificateFile), nameof(KeyFile)]);
        foreach (var url in Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (!Uri.TryCreate(url.Replace("*", "any", StringComparison.Ordinal).Replace("+", "any", StringComparison.Ordinal), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                yield return new ValidationResult($"allowed: http://HOST:PORT or https://HOST:PORT, several with ';'", [nameof(Urls)]);
    }
}
