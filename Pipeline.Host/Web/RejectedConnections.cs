using System.Diagnostics.Metrics;

namespace Pipeline.Host.Web;

/// <summary>Says once a minute how many connections the web server closed because there were too many; its own line for each would fill the log.</summary>
/// <param name="log">Where to.</param>
/// <param name="time">For the minute.</param>
internal sealed partial class RejectedConnections(ILogger<RejectedConnections> log, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private long? _told;
    private long _count;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Microsoft.AspNetCore.Server.Kestrel", Name: "kestrel.rejected_connections" })
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, _, _) => Add(count));
        _listener.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Add(long count)
    {
        lock (_lock)
        {
            _count += count;
            if (_told is { } told && time.GetElapsedTime(told) < Pace)
                return;
            _told = time.GetTimestamp();
            Told(log, _count);
            _count = 0;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Too many connections at once: {Count} closed since this was last said (Web:MaxConnections, or a quarter of ulimit -n). Who keeps them open?")]
    private static partial void Told(ILogger log, long count);
}
