using Pipeline.Actors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Writes dead letters to their topic, with the original key. Acknowledged when the brokers have all of a batch; they are waited for without
/// end. After a crash some are there twice, by design: a reader keeps one of each.
/// </summary>
public sealed class DeadLetterSink : IPatientSink
{
    private readonly TopicWriter _writer;
    private readonly KafkaMetrics _metrics;
    private readonly string _topic;
    private readonly RefusalLog _refusals;

    /// <summary>Connects in the background.</summary>
    public DeadLetterSink(KafkaOptions options, KafkaMetrics metrics, ILogger<DeadLetterSink> log, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _topic = options.DeadLettersTopic;
        _metrics = metrics;
        _refusals = new RefusalLog(log, time, new PseudonymForm(options.PatientPattern));
        _writer = new TopicWriter("dead letters", options, log, time);
    }

    /// <summary>Why letters are not delivered; null when none waits.</summary>
    public string? Undelivered => _writer.Undelivered;

    /// <inheritdoc/>
    public Task WriteAsync(OutputBatch batch, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _refusals.Note(batch.DeadLetters);
        return WriteAsync(batch.DeadLetters, stop);
    }

    /// <summary>Writes some dead letters, those of a store for example, and completes when the brokers have them.</summary>
    public async Task WriteAsync(IReadOnlyList<DeadLetter> letters, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(letters);
        if (letters.Count == 0)
            return;
        await _writer.DeliverAsync(_topic, [.. letters.Select(letter => RecordOf(letter, DeadLetterCodec.MaxPayloadBytes))], stop);
        _metrics.Delivered.Add(letters.Count, new KeyValuePair<string, object?>("topic", _topic));
    }

    /// <summary>A topic may take less than Kafka's usual 1 MiB: each form that is refused is followed by one with an eighth of the payload.</summary>
    private static TopicRecord RecordOf(DeadLetter letter, int maxPayloadBytes) => new(
        DeadLetterCodec.Key(letter), DeadLetterCodec.Encode(letter, maxPayloadBytes),
        maxPayloadBytes == 0 ? null : () => RecordOf(letter, Math.Min(maxPayloadBytes, letter.Payload.Length) / 8));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        return ValueTask.CompletedTask;
    }
}
