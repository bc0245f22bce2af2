using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pipeline.Host.Access;

namespace Pipeline.Host.Web;

/// <summary>The web server's certificate from files (PEM), read again when one of them has changed: a renewed one needs no restart. Thread-safe.</summary>
internal sealed class TlsFiles(string certificateFile, string keyFile)
{
    private readonly Lock _lock = new();
    private (FileStamp? Certificate, FileStamp? Key) _stamp;
    private X509Certificate2? _certificate;

    /// <summary>The certificate at present. While the files cannot be read, the one before.</summary>
    /// <exception cref="CryptographicException">There has been none, and the files hold none.</exception>
    public X509Certificate2 Certificate
    {
        get
        {
            lock (_lock)
            {
                var stamp = (FileStamp.Of(certificateFile), FileStamp.Of(keyFile));
                if (_certificate is not null && stamp == _stamp)
                    return _certificate;
                try
                {
                    using var read = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
                    // Some TLS stacks take a key from PKCS #12 only. The one before may be in use: it is left to the collector.
                    (_certificate, _stamp) = (X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null), stamp);
                }
                catch (Exception fault) when (_certificate is not null && fault is CryptographicException or IOException)
                {
                    // One of the two is there already, the other not yet.
                }
                return _certificate!;   // read just now, or before
            }
        }
    }

    /// <summary>Why the files cannot be used; null when they can.</summary>
    public string? FindFault()
    {
        try
        {
            return Certificate.HasPrivateKey ? null : "the key is missing";
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
    }
}
