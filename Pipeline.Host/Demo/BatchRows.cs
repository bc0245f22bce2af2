using System.Diagnostics.Metrics;

namespace Pipeline.Host.Demo;

/// <summary>Listens how many rows the networks' batches have.</summary>
internal sealed class BatchRows : IDisposable
{
    private const string Instrument = "pipeline.inference.batch.rows";

    private readonly MeterListener _listener = new();
    private long _rows, _batches;

    /// <summary>Listens from now on.</summary>
    public BatchRows()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == Instrument)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((_, rows, _, _) =>
        {
            Interlocked.Add(ref _rows, rows);
            Interlocked.Increment(ref _batches);
        });
        _listener.Start();
    }

    /// <summary>Rows of a batch, on average; NaN without any.</summary>
    public double Mean => (double)Interlocked.Read(ref _rows) / Interlocked.Read(ref _batches);

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
