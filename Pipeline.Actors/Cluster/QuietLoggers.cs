using Microsoft.Extensions.Logging;

namespace Pipeline.Actors.Cluster;

/// <summary>
/// Loggers without what Akka repeats at each of its attempts while a process starts or another one is away: the cluster says once who is
/// unreachable.
/// </summary>
/// <param name="loggers">Not disposed of.</param>
internal sealed class QuietLoggers(ILoggerFactory loggers) : ILoggerFactory
{
    private static readonly string[] Repeated =
    [
        "No coordinator found to register", "Trying to register to coordinator", "Requested shard homes", "ddress is now gated", "AssociationError", "Disassociated",
        "swallowing exception during message send", "No response from remote for", "Scheduled sending of heartbeat was delayed", "is irrecoverably failed", "heartbeat interval", "Dropping [",
        "unable to update a distributed state", "deallocation didn't complete",
    ];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Quiet(loggers.CreateLogger(categoryName));

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The loggers are the caller's.
    }

    private sealed class Quiet(ILogger log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var text = formatter(state, exception);
            if (!Array.Exists(Repeated, part => text.Contains(part, StringComparison.Ordinal)))
                log.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
