using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Writes every estimate to the results topic, key = patient. Acknowledged when the brokers have all of a batch; they are waited for without
/// end. After a crash some results are there twice, by design: a reader keeps one for each <see cref="ResultIdentity"/>.
/// </summary>
public sealed class ResultsTopicSink : IPatientSink
{
    private readonly TopicWriter _writer;
    private readonly KafkaMetrics _metrics;
    private readonly string _topic;

    /// <summary>Connects in the background.</summary>
    public ResultsTopicSink(KafkaOptions options, KafkaMetrics metrics, ILogger<ResultsTopicSink> log, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _topic = options.ResultsTopic;
        _metrics = metrics;
        _writer = new TopicWriter("results", options, log, time);
    }

    /// <summary>How it stands with the brokers.</summary>
    public ClientHealth Health => _writer.Health;

    /// <summary>Why results are not delivered; null when none waits.</summary>
    public string? Undelivered => _writer.Undelivered;

    /// <inheritdoc/>
    public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Points.Count == 0)
            return;
        var records = new TopicRecord[batch.Points.Count];
        for (var i = 0; i < records.Length; i++)
            records[i] = new TopicRecord(SampleEncoder.Key(batch.Points[i].Patient), ResultCodec.Encode(batch.Points[i]));
        await _writer.DeliverAsync(_topic, records, stop);
        _metrics.Delivered.Add(records.Length, new KeyValuePair<string, object?>("topic", _topic));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        return ValueTask.CompletedTask;
    }
}
