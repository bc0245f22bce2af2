using Confluent.Kafka;
using Polly;

namespace Pipeline.Host.Kafka;

/// <summary>A record to be written.</summary>
/// <param name="Key">Key, which chooses the partition.</param>
/// <param name="Value">Value.</param>
/// <param name="Smaller">The same in fewer bytes, for brokers that refuse its size; null where there is no such form.</param>
public readonly record struct TopicRecord(byte[] Key, byte[] Value, Func<TopicRecord>? Smaller = null);

/// <summary>
/// A producer that holds a bounded number of bytes: who sends more waits. Idempotent, and a record that is not permanently refused is sent
/// until it is delivered. Thread-safe.
/// </summary>
internal sealed class TopicWriter : IDisposable
{
    private readonly KafkaOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly ResiliencePipeline<SentRound> _untilDelivered;
    private readonly Lock _room = new();
    private readonly Lock _restart = new();
    private IProducer<byte[], byte[]> _producer;
    private readonly Dictionary<object, string> _undelivered = [];      // by delivery; under _room
    private TaskCompletionSource? _roomMade;
    private long _held;
    private bool _disposed;

    public TopicWriter(string name, KafkaOptions options, ILogger log, TimeProvider time)
    {
        _name = name;
        _options = options;
        _log = log;
        _time = time;
        Health = new ClientHealth(name, options, log, time);
        _untilDelivered = BrokerBackoff.Create<SentRound>(time, round => round.Error is not null, (round, delay) =>
        {
            var error = round.Error!;   // the round failed
            log.SendFailed(round.Failed.Count, round.Topic, error.Code, error.Reason, delay, KafkaAdvice.For(error.Code, options));
        });
        _producer = Build();
    }

    public ClientHealth Health { get; }

    /// <summary>Why records are not delivered that are sent again and again, and what may mend it; null when there are none.</summary>
    public string? Undelivered
    {
        get
        {
            lock (_room)
                return _undelivered.Count == 0 ? null : _undelivered.First().Value;
        }
    }

    /// <summary>
    /// Waits for room and hands the record to the client; <paramref name="delivered"/> is called, on the client's thread, when the brokers
    /// have it or refuse it for good.
    /// </summary>
    /// <exception cref="ProduceException{TKey, TValue}">The record can never be sent: it is too large for the client.</exception>
    public async ValueTask SendAsync(string topic, TopicRecord record, Action<DeliveryReport<byte[], byte[]>> delivered, CancellationToken stop)
    {
        var size = record.Key.Length + record.Value.Length;
        while (true)
        {
            await WaitForRoomAsync(size, stop);
            var producer = _producer;
            try
            {
                producer.Produce(topic, new Message<byte[], byte[]> { Key = record.Key, Value = record.Value }, report =>
                {
                    MakeRoom(size);
                    if (report.Error.IsError)
                        Health.Note(report.Error);
                    else
                        Health.NoteReached();
                    delivered(report);
                });
                return;
            }
            catch (ProduceException<byte[], byte[]> fault)
            {
                MakeRoom(size);
                if (fault.Error.IsFatal)
                    Restart(producer, fault.Error);
                else if (fault.Error.Code != ErrorCode.Local_QueueFull)
                    throw;
            }
            await Task.Delay(BrokerBackoff.First, _time, stop);
        }
    }

    /// <summary>
    /// Sends records until every one is delivered; ends otherwise only by cancellation. One whose size is refused is sent in its smaller form, where it has one.
    /// </summary>
    public async Task DeliverAsync(string topic, IReadOnlyList<TopicRecord> records, CancellationToken stop)
    {
        if (records.Count == 0)
            return;
        var delivery = new object();
        try
        {
            await _untilDelivered.ExecuteAsync(async token =>
            {
                var sent = await SendRoundAsync(topic, records, token);
                records = sent.Error?.Code == ErrorCode.MsgSizeTooLarge ? Shrink(sent.Failed) : sent.Failed;
                if (sent.Error is { } error)
                    lock (_room)
                        _undelivered[delivery] = $"{sent.Failed.Count} records for {topic} are refused ({error.Reason}). {KafkaAdvice.For(error.Code, _options)}";
                return sent;
            }, stop);
        }
        finally
        {
            lock (_room)
                _undelivered.Remove(delivery);
        }
    }

    public void Dispose()
    {
        lock (_restart)
        {
            if (_disposed)
                return;
            _disposed = true;
            _producer.Dispose();
        }
    }

    /// <summary>A batch is refused as a whole, so it is the largest that shrink; the others were beside them.</summary>
    private static TopicRecord[] Shrink(IReadOnlyList<TopicRecord> refused)
    {
        var largest = refused.Max(record => record.Value.Length);
        return [.. refused.Select(record => record.Value.Length < largest / 2 ? record : record.Smaller?.Invoke() ?? record)];
    }

    private async Task<SentRound> SendRoundAsync(string topic, IReadOnlyList<TopicRecord> records, CancellationToken stop)
    {
        var round = new Round(topic, records.Count);
        foreach (var record in records)
            try
            {
                await SendAsync(topic, record, report => round.Note(record, report.Error), stop);
            }
            catch (ProduceException<byte[], byte[]> fault)
            {
                round.Note(record, fault.Error);    // too large for the client: a setting to be changed, waited for like an outage
            }
        var sent = await round.Ended.WaitAsync(stop);
        if (sent.Error is { IsFatal: true } fatal)
            Restart(_producer, fatal);
        return sent;
    }

    private async ValueTask WaitForRoomAsync(int size, CancellationToken stop)
    {
        while (true)
        {
            Task made;
            lock (_room)
            {
                if (_held == 0 || _held + size <= _options.ProducerBufferBytes)
                {
                    _held += size;
                    return;
                }
                _roomMade ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                made = _roomMade.Task;
            }
            await made.WaitAsync(stop);
        }
    }

    private void MakeRoom(int size)
    {
        TaskCompletionSource? made = null;
        lock (_room)
        {
            _held -= size;
            if (_roomMade is not null && _held <= _options.ProducerBufferBytes / 2)
                (made, _roomMade) = (_roomMade, null);
        }
        made?.SetResult();
    }

    private IProducer<byte[], byte[]> Build() => new ProducerBuilder<byte[], byte[]>(ClientSettings.Producer(_options))
        .SetErrorHandler((_, error) => Health.Note(error))
        .SetLogHandler((_, message) => Health.NoteLibrary(message))
        .Build();

    /// <summary>An idempotent producer that met a fatal error sends nothing any more: a new one takes its place.</summary>
    private void Restart(IProducer<byte[], byte[]> failed, Error error)
    {
        lock (_restart)
        {
            if (_disposed || !ReferenceEquals(failed, _producer))
                return;
            _log.ClientRestarts(_name, error.Reason);
            // What it still holds fails now, and is sent again by those who wait for it.
            failed.Flush(TimeSpan.FromSeconds(5));
            failed.Dispose();
            _producer = Build();
        }
    }

    /// <summary>What came of some records that were sent together.</summary>
    /// <param name="Topic">Where to.</param>
    /// <param name="Failed">Those that were not delivered.</param>
    /// <param name="Error">The last one's error; null when all were delivered.</param>
    private sealed record SentRound(string Topic, IReadOnlyList<TopicRecord> Failed, Error? Error);

    /// <summary>Counts the reports of some records; ends with the records that failed and the last error.</summary>
    private sealed class Round(string topic, int count)
    {
        private readonly TaskCompletionSource<SentRound> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private readonly List<TopicRecord> _failed = [];
        private Error? _error;
        private int _left = count;

        public Task<SentRound> Ended => _ended.Task;

        public void Note(TopicRecord record, Error error)
        {
            lock (_lock)
            {
                if (error.IsError)
                {
                    _failed.Add(record);
                    _error = error;
                }
                if (--_left > 0)
                    return;
            }
            _ended.SetResult(new SentRound(topic, _failed, _error));
        }
    }
}
