namespace Pipeline.Host.Demo;

/// <summary>Keeps the newest warning for the screen: a log line would tear a live table apart.</summary>
internal sealed class RecentWarning : ILoggerProvider, ILogger
{
    private volatile string? _text;

    /// <summary>The newest warning or error; null when there was none.</summary>
    public string? Text => _text;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            _text = formatter(state, exception);
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
