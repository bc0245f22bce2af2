using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Pipeline.Actors;
using Pipeline.Host.Influx;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Integration;

/// <summary>An <see cref="InfluxSink"/> on a real server, with its dead letters, and a log that can be waited for.</summary>
internal sealed class InfluxWriting : IAsyncDisposable
{
    private readonly Meter _meter = new("Pipeline");

    public InfluxWriting(InfluxOptions options) =>
        Sink = new InfluxSink(new InfluxClient(options, TimeProvider.System), DeadLetters, new InfluxMetrics(_meter), Log);

    public InfluxSink Sink { get; }

    public HeldSink DeadLetters { get; } = new();

    public AwaitableLog Log { get; } = new();

    public Task WriteAsync(OutputBatch batch) => Sink.WriteAsync(batch, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        await Sink.DisposeAsync();
        _meter.Dispose();
    }

    internal sealed class AwaitableLog : ILogger<InfluxSink>
    {
        private readonly Lock _lock = new();
        private readonly List<string> _said = [];
        private readonly List<(string Text, TaskCompletionSource Seen)> _waiting = [];

        /// <summary>Completes when something that holds <paramref name="text"/> was said, also earlier.</summary>
        public Task SaidAsync(string text)
        {
            lock (_lock)
            {
                if (_said.Any(line => line.Contains(text, StringComparison.Ordinal)))
                    return Task.CompletedTask;
                var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add((text, seen));
                return seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            lock (_lock)
            {
                _said.Add(line);
                foreach (var (_, seen) in _waiting.Where(waiting => line.Contains(waiting.Text, StringComparison.Ordinal)))
                    seen.TrySetResult();
            }
        }
    }
}
