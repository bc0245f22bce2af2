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
        services.AddSingleton<ClosedConnections>();
        services.AddSingleton(provider => new OpenConnections(Of(wanted, OpenFiles()), provider.GetRequiredService<ClosedConnections>(), provider.GetRequiredService<TimeProvider>()));
        services.AddTransient<IStartupFilter, FirstOfAll>();
        services.AddOptions<KestrelServerOptions>().Configure<OpenConnections>((server, open) =>
        {
            server.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => open.ServeAsync(connection, next)));
            server.Limits.KeepAliveTimeout = IdleTime;
            server.Limits.RequestHeadersTimeout = HeadersTime;
        });
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

    /// <summary>Notes which connections answer a request, before all else that does with it.</summary>
    private sealed class FirstOfAll(OpenConnections open) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
        {
            application.Use(answer => context => open.AnswerAsync(context, answer));
            next(application);
        };
    }
}
