using System.Net;
using System.Net.Sockets;

namespace Pipeline.Tests.Support;

/// <summary>A port of this machine that nothing listens on, for a process that must be told one.</summary>
internal static class FreePort
{
    /// <summary>An address with such a port.</summary>
    public static Uri Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri(FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
    }
}
