using System.Diagnostics.Metrics;

namespace Pipeline.Host.Influx;

/// <summary>What the InfluxDB sink counts. Names and units follow OpenTelemetry's conventions. Thread-safe.</summary>
internal sealed class InfluxMetrics
{
    private readonly Counter<long> _lines;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _deadLetters;
    private readonly UpDownCounter<long> _queued;
    private readonly Histogram<double> _duration;

    /// <summary>Creates the instruments on <paramref name="meter"/>, which is named <c>Pipeline</c>.</summary>
    public InfluxMetrics(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        _lines = meter.CreateCounter<long>("pipeline.influx.lines", "{line}", "Points that InfluxDB stored.");
        _retries = meter.CreateCounter<long>("pipeline.influx.retries", "{request}", "Requests that are sent again, by reason.");
        _deadLetters = meter.CreateCounter<long>("pipeline.influx.dead_letters", "{line}", "Points that InfluxDB refused by name, by reason.");
        _queued = meter.CreateUpDownCounter<long>("pipeline.influx.queued", "{line}", "Points that wait for InfluxDB, those under way included.");
        _duration = meter.CreateHistogram<double>("pipeline.influx.request.duration", "s", "Time of one request, by outcome.");
    }

    public void Queued(int lines) => _queued.Add(lines);

    public void Left(int lines) => _queued.Add(-lines);

    public void Stored(int lines) => _lines.Add(lines);

    public void Retried(string reason) => _retries.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void DeadLettered(int lines, string reason) => _deadLetters.Add(lines, new KeyValuePair<string, object?>("reason", reason));

    public void Requested(TimeSpan took, InfluxAnswer answer) => _duration.Record(
        took.TotalSeconds, new KeyValuePair<string, object?>("outcome", answer.Kind == AnswerKind.Stored ? "stored" : answer.Reason));
}
