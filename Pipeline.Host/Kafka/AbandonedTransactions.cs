using Confluent.Kafka;

namespace Pipeline.Host.Kafka;

/// <summary>
/// Ends the transaction that a process left open when it died, without waiting for its time-out: whoever begins with a transactional id ends what is open under it.
/// A process that is alive after all (it stood still, or was slow) is kept from that transaction only: its checkpoint fails and is tried again, if its shards are still its.
/// </summary>
internal sealed class AbandonedTransactions(KafkaOptions options, string own, ClientHealth health, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, long> _endedAt = new(StringComparer.Ordinal);   // locked

    /// <summary>
    /// Ends what <paramref name="transactionalId"/> has open, unless it is this process's own or was ended a moment ago, for another partition. The caller's thread waits for
    /// the brokers; where they refuse, the time-out is what is left.
    /// </summary>
    public void End(string transactionalId)
    {
        if (transactionalId == own || !transactionalId.StartsWith($"{options.GroupId}-", StringComparison.Ordinal))
            return;
        lock (_endedAt)
        {
            if (_endedAt.TryGetValue(transactionalId, out var before) && time.GetElapsedTime(before) < Patience)
                return;
            _endedAt[transactionalId] = time.GetTimestamp();
        }
        try
        {
            using var producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Transactions(options, transactionalId, KafkaShardLog.TransactionTimeout))
                .SetErrorHandler((_, error) => health.Note(error))
                .SetLogHandler((_, message) => health.NoteLibrary(message))
                .Build();
            producer.InitTransactions(Patience);
            log.TransactionEnded(transactionalId);
        }
        catch (KafkaException fault)
        {
            health.Note(fault.Error);
            log.TransactionNotEnded(transactionalId, fault.Error.Reason);
        }
    }
}
