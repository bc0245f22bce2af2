using System.Diagnostics.Metrics;

namespace Pipeline.Actors.Inference;

/// <summary>
/// The instruments of meter <c>Pipeline</c> for networks, each with the tag <c>model</c>. One for all workers of a topology; outlives them.
/// </summary>
public sealed class InferenceTelemetry : IDisposable
{
    // 50 ms is what is promised for queue and compute; the rest around it.
    private static readonly double[] Seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly int[] Rows = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly Meter _meter = new(Telemetry.MeterName);
    private readonly Lock _lock = new();
    private ModelMetrics[] _models = [];

    /// <summary>Creates the instruments.</summary>
    public InferenceTelemetry()
    {
        Queue = CreateSeconds("pipeline.inference.queue", "From a request's post to its batch's start");
        Compute = CreateSeconds("pipeline.inference.compute", "Forward pass of one batch, the copies of its rows included");
        Total = CreateSeconds("pipeline.inference.total", "From a request's post to its answer");
        BatchRows = _meter.CreateHistogram(
            "pipeline.inference.batch.rows", "{row}", "Rows of a batch, padding apart", tags: null, new InstrumentAdvice<int> { HistogramBucketBoundaries = Rows });
        Requests = _meter.CreateCounter<long>("pipeline.inference.requests", "{request}", "Requests by what became of them, and why");
        Retries = _meter.CreateCounter<long>("pipeline.inference.retries", "{batch}", "Batches that failed and were computed again row by row");
        _meter.CreateObservableGauge(
            "pipeline.inference.waiting", () => Volatile.Read(ref _models).SelectMany(m => m.MeasureWaiting()), "{request}", "Requests that wait for a worker");
    }

    internal Histogram<double> Queue { get; }

    internal Histogram<double> Compute { get; }

    internal Histogram<double> Total { get; }

    internal Histogram<int> BatchRows { get; }

    internal Counter<long> Requests { get; }

    internal Counter<long> Retries { get; }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Add(ModelMetrics model)
    {
        lock (_lock)
            Volatile.Write(ref _models, [.. _models, model]);
    }

    internal void Remove(ModelMetrics model)
    {
        lock (_lock)
            Volatile.Write(ref _models, [.. _models.Where(m => m != model)]);
    }

    private Histogram<double> CreateSeconds(string name, string description) =>
        _meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
}
