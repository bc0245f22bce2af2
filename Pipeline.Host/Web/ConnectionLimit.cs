using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Pipeline.Host.Web;

/// <summary>How many connections the web server takes: each holds a file handle, of which Kafka, the store and the state need some.</summary>
internal static class ConnectionLimit
{
    /// <summary>Part of the process's file handles that the web server may hold: 1 in so many.</summary>
    private const int HandlesPart = 4;

    private const int Fewest = 8;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30), HeadersTime = TimeSpan.FromSeconds(10);

    /// <summary>Limits the web server of <paramref name="services"/> to <paramref name="wanted"/> connections, and to a quarter of the file handles.</summary>
    public static void AddConnectionLimit(this IServiceCollection services, int wanted)
    {
        services.Configure<KestrelServerOptions>(server =>
        {
            var most = Of(wanted, OpenFiles());
            server.Limits.MaxConcurrentConnections = most;
            server.Limits.MaxConcurrentUpgradedConnections = most;
            server.Limits.KeepAliveTimeout = IdleTime;
            server.Limits.RequestHeadersTimeout = HeadersTime;
        });
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Connections", LogLevel.Error));
        services.AddHostedService<RejectedConnections>();
    }

    /// <summary>The limit with so many file handles; null: not known.</summary>
    internal static int Of(int wanted, long? openFiles) => (int)Math.Max(Fewest, Math.Min(wanted, (openFiles ?? long.MaxValue) / HandlesPart));

    /// <summary>File handles that this process may have; null where the system does not say, or sets no limit.</summary>
    private static long? OpenFiles()
    {
        const string Limits = "/proc/self/limits", Line = "Max open files";
        if (!File.Exists(Limits))
            return null;
        var words = File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal))?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [var soft, ..] && long.TryParse(soft, CultureInfo.InvariantCulture, out var files) ? files : null;
    }
}
