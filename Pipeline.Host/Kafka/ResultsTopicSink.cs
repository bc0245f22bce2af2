using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Writes every point to the results topic, or events and changes of alarms to the events topic; key = patient. Acknowledged when the brokers have all of a batch; they are waited for without
/// end. After a crash some results are there twice, by design: a reader keeps one for each <see cref="ResultIdentity"/>.
/// </summary>
public sealed class ResultsTopicSink : IPatientSink
{
    private readonly TopicWriter _writer;
    private readonly KafkaMetrics _metrics;
    private readonly string _topic;
    private readonly bool _isOfEvents;

    /// <summary>Connects in the background. <paramref name="isOfEvents"/>: for the events topic.</summary>
    public ResultsTopicSink(KafkaOptions options, KafkaMetrics metrics, ILogger<ResultsTopicSink> log, TimeProvider time, bool isOfEvents = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_topic, _isOfEvents, _metrics) = (isOfEvents ? options.EventsTopic : options.ResultsTopic, isOfEvents, metrics);
        _writer = new TopicWriter(isOfEvents ? "events" : "results", options, log, time);
    }

    /// <summary>Why results are not delivered; null when none waits.</summary>
    public string? Undelivered => _writer.Undelivered;

    /// <inheritdoc/>
    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var records = new List<TopicRecord>(_isOfEvents ? 0 : batch.Points.Count);
        foreach (var point in batch.Points)
            if (!_isOfEvents || point.Event is not null || point.Alarm is not null)
                records.Add(new TopicRecord(SampleEncoder.Key(point.Patient), ResultCodec.Encode(point)));
        if (records.Count == 0)
            return;
        await _writer.DeliverAsync(_topic, records, stop);
        _metrics.Delivered.Add(records.Count, new KeyValuePair<string, object?>("topic", _topic));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        return ValueTask.CompletedTask;
    }
}
