using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Pipeline.Host.Influx;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Influx;

/// <summary>An <see cref="InfluxSink"/> with everything round it in memory: answers by script, delays that take no time, logs and metrics kept.</summary>
internal sealed class SinkUnderTest : IAsyncDisposable, ILoggerFactory, ILogger
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Meter _meter = new("Pipeline");
    private readonly MeterListener _listener = new();
    private readonly List<string> _logged = [];
    private readonly Dictionary<string, double> _sums = [];
    private int _timeLimitsThatFire;

    public SinkUnderTest(Func<Sent, int, HttpResponseMessage> answer, Action<InfluxOptions>? configure = null)
    {
        var options = new InfluxOptions { Url = new Uri("http://store.test:8086/base/"), Token = "secret", Connections = 1, RequestTimeout = TimeLimit, Linger = TimeSpan.Zero };
        configure?.Invoke(options);
        Time = new InstantDelays(due => due != TimeLimit || Interlocked.Decrement(ref _timeLimitsThatFire) >= 0);
        Stub = new StoreStub(answer);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, _meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Measured(instrument, 1, tags));
        _listener.Start();
        Sink = new InfluxSink(new InfluxClient(options, Time, Stub), DeadLetters, new InfluxMetrics(_meter), this.CreateLogger<InfluxSink>());
    }

    public InfluxSink Sink { get; }

    public StoreStub Stub { get; }

    public HeldSink DeadLetters { get; } = new();

    /// <summary>Back-off takes no time; a request's time limit (30 s) is reached only by as many as <see cref="TimeLimitsThatFire"/> says.</summary>
    public InstantDelays Time { get; }

    public int TimeLimitsThatFire
    {
        get => Volatile.Read(ref _timeLimitsThatFire);
        init => _timeLimitsThatFire = value;
    }

    public IReadOnlyList<string> Logged
    {
        get
        {
            lock (_lock)
                return [.. _logged];
        }
    }

    /// <summary>Sum of a counter, or number of a histogram's values, with <c>name{tag}</c> for one tag's value.</summary>
    public double Sum(string name)
    {
        lock (_lock)
            return _sums.GetValueOrDefault(name);
    }

    public async ValueTask DisposeAsync()
    {
        await Sink.DisposeAsync();
        _listener.Dispose();
        _meter.Dispose();
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
            _logged.Add(formatter(state, exception));
    }

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            _sums[instrument.Name] = _sums.GetValueOrDefault(instrument.Name) + value;
            foreach (var tag in tags)
            {
                var name = $"{instrument.Name}{{{tag.Value}}}";
                _sums[name] = _sums.GetValueOrDefault(name) + value;
            }
        }
    }
}
