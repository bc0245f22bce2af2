using Confluent.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Publishes sample chunks to the input topic as the devices would: key = patient, partition as Java's clients choose it, idempotent, in
/// order, with a bounded buffer. A broker that is down is waited for. Thread-safe; chunks of one patient come from one caller at a time.
/// </summary>
public sealed class KafkaPublisher : IAsyncDisposable
{
    private readonly TopicWriter _writer;
    private readonly GroupPace? _pace;
    private readonly string _topic;
    private readonly KafkaOptions _options;
    private readonly Lock _lock = new();
    private TaskCompletionSource? _flushed;
    private Error? _failure;
    private long _sent, _ended;

    /// <summary>Connects in the background.</summary>
    public KafkaPublisher(KafkaOptions options, ILogger<KafkaPublisher> log, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _topic = options.SamplesTopic;
        _writer = new TopicWriter("publisher", options, log, time);
        if (options.PaceByGroup)
            _pace = new GroupPace(options, _topic, EmbeddedBroker.SafeUnreadBytes, log, time);
    }

    /// <summary>Records handed over so far.</summary>
    public long SentCount => Interlocked.Read(ref _sent);

    /// <summary>Records that the brokers have.</summary>
    public long DeliveredCount { get; private set; }

    /// <summary>How it stands with the brokers.</summary>
    public ClientHealth Health => _writer.Health;

    /// <summary>Publishes a chunk; completes when the buffer has it.</summary>
    /// <exception cref="KafkaException">An earlier record was refused for good, for example for want of rights.</exception>
    public ValueTask PublishAsync(SampleChunk chunk, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        return PublishAsync(SampleEncoder.Key(chunk.Patient), SampleEncoder.Encode(chunk), stop);
    }

    /// <summary>Publishes a record as it is.</summary>
    /// <exception cref="KafkaException">An earlier record was refused for good.</exception>
    public async ValueTask PublishAsync(byte[] key, byte[] value, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ThrowOnFailure();
        var size = key.Length + value.Length;
        if (_pace is not null)
            await _pace.WaitAsync(size, stop);
        Interlocked.Increment(ref _sent);
        try
        {
            await _writer.SendAsync(_topic, new TopicRecord(key, value), report => Note(report, size), stop);
        }
        catch (Exception fault) when (fault is OperationCanceledException or KafkaException)
        {
            _pace?.Note(new TopicPartitionOffset(_topic, 0, Offset.Unset), size, delivered: false);
            End(delivered: false, error: null);
            throw;
        }
    }

    /// <summary>Completes when the brokers have everything that was published before.</summary>
    /// <exception cref="KafkaException">A record was refused for good.</exception>
    public async Task FlushAsync(CancellationToken stop)
    {
        Task flushed;
        lock (_lock)
        {
            if (_ended == Interlocked.Read(ref _sent))
                flushed = Task.CompletedTask;
            else
            {
                _flushed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                flushed = _flushed.Task;
            }
        }
        await flushed.WaitAsync(stop);
        ThrowOnFailure();
    }

    /// <summary>Ends at once: what is not delivered is lost, so <see cref="FlushAsync"/> comes first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_pace is not null)
            await _pace.DisposeAsync();
        _writer.Dispose();
    }

    private void Note(DeliveryReport<byte[], byte[]> report, int size)
    {
        _pace?.Note(report.TopicPartitionOffset, size, !report.Error.IsError);
        End(!report.Error.IsError, report.Error.IsError ? report.Error : null);
    }

    private void End(bool delivered, Error? error)
    {
        TaskCompletionSource? flushed = null;
        lock (_lock)
        {
            _ended++;
            DeliveredCount += delivered ? 1 : 0;
            _failure ??= error;
            if (_ended == Interlocked.Read(ref _sent))
                (flushed, _flushed) = (_flushed, null);
        }
        flushed?.SetResult();
    }

    private void ThrowOnFailure()
    {
        if (_failure is { } error)
            throw new KafkaException(new Error(error.Code, $"Publishing to {_topic} failed: {error.Reason}. {KafkaAdvice.For(error.Code, _options)}", error.IsFatal));
    }
}
