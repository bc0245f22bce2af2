using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Actors.Cluster;
using Xunit;

namespace Pipeline.Tests.Cluster;

/// <summary>What reaches the log of a process from its actor system.</summary>
[Collection(nameof(ClusterNodeTests))]
public sealed class QuietLoggersTests
{
    [Fact]
    public async Task What_Akka_repeats_at_each_attempt_is_left_out_and_nothing_else()
    {
        using var told = new Told();
        await using var node = await ClusterNode.StartAsync(new ClusterNodeSettings(new ClusterOptions(), null, told, TimeProvider.System) { LeavePatience = default }, default);
        var akka = node.Current.System.Log;

        akka.Log(Akka.Event.LogLevel.WarningLevel, null, "before");
        akka.Log(Akka.Event.LogLevel.WarningLevel, null, "patient: Trying to register to coordinator at [x], but no acknowledgement");
        akka.Log(Akka.Event.LogLevel.ErrorLevel, new InvalidOperationException("Disassociated"), "Disassociated");
        akka.Log(Akka.Event.LogLevel.WarningLevel, null, "after");
        await told.After.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Contains(told.Lines, line => line.EndsWith("before", StringComparison.Ordinal));
        Assert.DoesNotContain(told.Lines, line => line.Contains("Trying to register", StringComparison.Ordinal));
        Assert.DoesNotContain(told.Lines, line => line.Contains("Disassociated", StringComparison.Ordinal));
    }

    /// <summary>Collects lines; <see cref="After"/> completes with the last.</summary>
    private sealed class Told : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource _after = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<string> Lines { get; } = [];

        public Task After => _after.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            Lines.Enqueue(line);
            if (line.EndsWith("after", StringComparison.Ordinal))
                _after.TrySetResult();
        }
    }
}
