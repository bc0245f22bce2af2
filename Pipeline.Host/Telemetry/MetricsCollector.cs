using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Pipeline.Host.Telemetry;

/// <summary>Listens to every meter of this program (their names begin with <c>Pipeline</c>) and to the runtime's, and keeps what they measure.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private const string OwnMeters = "Pipeline";
    private const string RuntimeMeter = "System.Runtime";

    private readonly ConcurrentDictionary<Instrument, MeasuredInstrument> _instruments = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _observing = new();

    public MetricsCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(OwnMeters, StringComparison.Ordinal) || instrument.Meter.Name == RuntimeMeter)
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, i => new MeasuredInstrument(i)));
        };
        _listener.MeasurementsCompleted = (instrument, _) => _instruments.TryRemove(instrument, out MeasuredInstrument? _);
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Record(value, tags, state));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Record(value, tags, state));
        _listener.Start();
    }

    /// <summary>Asks the observed instruments, and gives all, by name.</summary>
    public IReadOnlyList<MeasuredInstrument> Collect()
    {
        lock (_observing)
        {
            foreach (var instrument in _instruments.Values)
                instrument.BeginObservation();
            _listener.RecordObservableInstruments();
            return [.. _instruments.Values.OrderBy(i => i.Instrument.Name, StringComparer.Ordinal)];
        }
    }

    public void Dispose() => _listener.Dispose();

    private static void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (state is MeasuredInstrument instrument)
            instrument.Record(value, tags);
    }
}
