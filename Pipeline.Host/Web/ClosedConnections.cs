using System.Net;

namespace Pipeline.Host.Web;

/// <summary>Says once a minute how many connections the web server closed because there were too many; a line for each would fill the log. Thread-safe.</summary>
/// <param name="log">Where to.</param>
/// <param name="time">For the minute.</param>
internal sealed partial class ClosedConnections(ILogger<ClosedConnections> log, TimeProvider time)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private long? _told;
    private long _count;

    /// <summary>Counts one of an address.</summary>
    public void Add(IPAddress? address)
    {
        lock (_lock)
        {
            _count++;
            if (_told is { } told && time.GetElapsedTime(told) < Pace)
                return;
            _told = time.GetTimestamp();
            Told(log, _count, address);
            _count = 0;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Too many connections at once: {Count} closed since this was last said (Web:MaxConnections, or a quarter of ulimit -n), the last one of {Address}. Who keeps them open?")]
    private static partial void Told(ILogger log, long count, IPAddress? address);
}
