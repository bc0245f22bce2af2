using System.Diagnostics.Metrics;

namespace Pipeline.Host.Telemetry;

/// <summary>What one instrument has measured so far, one series for each set of tags. Measurements come from any thread.</summary>
internal sealed class MeasuredInstrument
{
    /// <summary>Most series of one instrument: what comes after is counted, not kept (tags are few by design: never a patient).</summary>
    private const int MaxSeries = 1_000;

    /// <summary>Seconds, from a tenth of a millisecond to a minute: what a stage of the pipeline can take.</summary>
    private static readonly double[] DefaultBounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Lock _lock = new();
    private readonly double[] _bounds;
    private MeasuredSeries[] _series = [];   // replaced as a whole, under the lock: readers need none
    private long _refused;

    public MeasuredInstrument(Instrument instrument)
    {
        Instrument = instrument;
        var type = instrument.GetType().GetGenericTypeDefinition();
        Kind = type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? InstrumentKind.Counter
            : type == typeof(Histogram<>) ? InstrumentKind.Histogram
            : InstrumentKind.Gauge;
        // What is observed, and what a gauge is told, is the value itself; all else adds up.
        Adds = !instrument.IsObservable && type != typeof(Gauge<>);
        _bounds = Kind == InstrumentKind.Histogram ? BoundsOf(instrument) : [];
    }

    public Instrument Instrument { get; }

    public InstrumentKind Kind { get; }

    /// <summary>Series that were not kept.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>All series, in the order of their first measurement.</summary>
    public ReadOnlySpan<MeasuredSeries> Series => Volatile.Read(ref _series);

    private bool Adds { get; }

    /// <summary>Forgets the series of an observed instrument: what it does not report again is gone.</summary>
    public void BeginObservation()
    {
        if (Instrument.IsObservable)
            Volatile.Write(ref _series, []);
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Find(Volatile.Read(ref _series), tags) is not { } series && (series = Add(tags)) is null)
            Interlocked.Increment(ref _refused);
        else if (Kind == InstrumentKind.Histogram)
            series.Observe(value);
        else if (Adds)
            series.Add(value);
        else
            series.Set(value);
    }

    private static MeasuredSeries? Find(MeasuredSeries[] all, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var series in all)
            if (series.HasTags(tags))
                return series;
        return null;
    }

    private MeasuredSeries? Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            if (Find(_series, tags) is { } other)
                return other;
            if (_series.Length == MaxSeries)
                return null;
            var added = new MeasuredSeries(tags.ToArray(), _bounds);
            Volatile.Write(ref _series, [.. _series, added]);
            return added;
        }
    }

    private static double[] BoundsOf(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> h => h.Advice?.HistogramBucketBoundaries?.ToArray(),
            Histogram<float> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            Histogram<long> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            Histogram<int> h => h.Advice?.HistogramBucketBoundaries?.Select(b => (double)b).ToArray(),
            _ => null,
        };
        return advised ?? DefaultBounds;
    }
}

/// <summary>What a reader of the metrics sees an instrument as.</summary>
internal enum InstrumentKind
{
    /// <summary>Grows.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Counts of values below bounds.</summary>
    Histogram,
}
