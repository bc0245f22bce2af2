using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>Writes to the changelog beside any group, in transactions of bounded size: what is written by a run that was interrupted is there or not, record by record, never in part.</summary>
internal sealed class ChangelogWriter : IDisposable
{
    private const long BytesOfTransaction = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _topic;
    private readonly IProducer<byte[], byte[]> _producer;
    private long _bytes;
    private bool _isOpen;

    /// <summary>Begins; another one of the same name that is still at work can write nothing from now on.</summary>
    /// <exception cref="KafkaException">The brokers do not let it.</exception>
    public ChangelogWriter(KafkaOptions options, string name)
    {
        _topic = options.StateTopic;
        _producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Transactions(options, $"{options.GroupId}-{name}", TimeSpan.FromMinutes(1)))
            .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        _producer.InitTransactions(Patience);
    }

    /// <summary>Records that were written.</summary>
    public int Count { get; private set; }

    /// <summary>Writes a snapshot, or forgets the patient when it is null.</summary>
    /// <exception cref="KafkaException">The brokers do not take it.</exception>
    public void Write(int partition, byte[] key, byte[]? value)
    {
        if (!_isOpen)
            _producer.BeginTransaction();
        _isOpen = true;
        _producer.Produce(new TopicPartition(_topic, partition), new Message<byte[], byte[]> { Key = key, Value = value! });    // null is a tombstone
        Count++;
        _bytes += key.Length + (value?.Length ?? 0);
        if (_bytes >= BytesOfTransaction)
            Commit();
    }

    /// <summary>Commits what is written and not yet committed.</summary>
    /// <exception cref="KafkaException">The brokers do not take it.</exception>
    public void Commit()
    {
        if (_isOpen)
            _producer.CommitTransaction(Patience);
        (_isOpen, _bytes) = (false, 0);
    }

    /// <summary>What is not committed is gone.</summary>
    public void Dispose() => _producer.Dispose();
}
