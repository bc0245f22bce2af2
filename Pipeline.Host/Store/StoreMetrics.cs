using System.Diagnostics.Metrics;

namespace Pipeline.Host.Store;

/// <summary>What the embedded store counts. Thread-safe.</summary>
internal sealed class StoreMetrics
{
    private readonly Counter<long> _lines;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _deadLetters;
    private readonly UpDownCounter<long> _queued;
    private readonly Histogram<double> _duration;

    /// <summary>Creates the instruments on <paramref name="meter"/>, which is named <c>Pipeline</c>.</summary>
    public StoreMetrics(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        _lines = meter.CreateCounter<long>("pipeline.store.lines", "{line}", "Points that the embedded store has on the disk.");
        _bytes = meter.CreateCounter<long>("pipeline.store.written", "By", "Bytes that the embedded store has on the disk.");
        _retries = meter.CreateCounter<long>("pipeline.store.retries", "{flush}", "Writes that are repeated because the disk refused them.");
        _deadLetters = meter.CreateCounter<long>("pipeline.store.dead_letters", "{line}", "Points that cannot be written as a line.");
        _queued = meter.CreateUpDownCounter<long>("pipeline.store.queued", "{line}", "Points that wait for the disk.");
        _duration = meter.CreateHistogram<double>("pipeline.store.flush.duration", "s", "Time to write and flush one block.");
    }

    public void Queued(int lines) => _queued.Add(lines);

    public void Left(int lines) => _queued.Add(-lines);

    public void Retried() => _retries.Add(1);

    public void DeadLettered(int lines) => _deadLetters.Add(lines);

    public void Flushed(int lines, int bytes, TimeSpan took)
    {
        _lines.Add(lines);
        _bytes.Add(bytes);
        _duration.Record(took.TotalSeconds);
    }
}
