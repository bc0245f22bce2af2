using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Pipeline.Tests.Support;

/// <summary>
/// Listens to the pipeline's meters in this process, those of tests that run at the same time included; counts from its creation on. Names and
/// tags as the instruments have them: <c>pipeline.checkpoints fate=committed</c>.
/// </summary>
internal sealed class MeasuredValues : IDisposable
{
    private readonly ConcurrentDictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public MeasuredValues()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Pipeline", StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Observes, and answers the value of a series, a counter's sum or the newest of others; null when nothing was measured.</summary>
    public double? Of(string series)
    {
        _listener.RecordObservableInstruments();
        return _values.TryGetValue(series, out var value) ? value : null;
    }

    /// <summary>Waits until a series is measured.</summary>
    public async Task HoldsAsync(string series, TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Of(series) is null)
            await timer.WaitForNextTickAsync(late.Token);
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = instrument.Name;
        foreach (var (key, tag) in tags)
            series += string.Create(CultureInfo.InvariantCulture, $" {key}={tag}");
        _values.AddOrUpdate(series, value, (_, before) => instrument is Counter<long> ? before + value : value);
    }
}
