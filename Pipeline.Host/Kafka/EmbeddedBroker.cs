using System.Runtime.InteropServices;

namespace Pipeline.Host.Kafka;

/// <summary>
/// A broker inside this process, on 127.0.0.1 and a free port: librdkafka's mock cluster. It speaks Kafka's protocol with groups,
/// rebalances and committed offsets, also to other processes; it keeps 5 MiB a partition, in memory, and has no transactions, compaction,
/// security or time-based retention. Clients of it are to be disposed of first.
/// </summary>
public sealed class EmbeddedBroker : IDisposable
{
    /// <summary>
    /// Most unread bytes that a publisher leaves in a partition: the broker drops whole batches beyond 5 MiB, silently, and counts more
    /// than keys and values.
    /// </summary>
    public const long SafeUnreadBytes = 7 << 19;

    /// <summary>
    /// A publisher waits for the group's commits, and they come with the checkpoints: more often than with a real broker.
    /// </summary>
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(2);

    private readonly int _brokers;
    private nint _handle;
    private nint _cluster;

    /// <summary>Starts it.</summary>
    /// <exception cref="InvalidOperationException">librdkafka cannot start it; the message says why.</exception>
    public EmbeddedBroker(int brokers = 1)
    {
        _brokers = brokers;
        Span<byte> error = stackalloc byte[256];
        var configuration = MockCluster.NewConfiguration();
        // The handle that carries the cluster is a client without servers: its warnings about that say nothing.
        if (MockCluster.Set(configuration, "log_level", "3", error, (nuint)error.Length) != MockCluster.NoError)
            throw new InvalidOperationException($"The embedded broker cannot be configured: {MockCluster.Text(error)}.");
        _handle = MockCluster.NewHandle(MockCluster.Producer, configuration, error, (nuint)error.Length);
        if (_handle == 0)
            throw new InvalidOperationException($"The embedded broker cannot be started: {MockCluster.Text(error)}.");
        _cluster = MockCluster.NewCluster(_handle, brokers);
        if (_cluster == 0)
        {
            MockCluster.DestroyHandle(_handle);
            throw new InvalidOperationException("The embedded broker cannot be started: no free port on 127.0.0.1?");
        }
        MockCluster.SetRebalanceDelay(_cluster, 0);
        BootstrapServers = Marshal.PtrToStringUTF8(MockCluster.Bootstraps(_cluster)) ?? "";
    }

    /// <summary>Its addresses, for any client on this machine.</summary>
    public string BootstrapServers { get; }

    /// <summary>Creates a topic.</summary>
    /// <exception cref="InvalidOperationException">There is one already, or the name is not a topic's.</exception>
    public void CreateTopic(string name, int partitions)
    {
        var code = MockCluster.CreateTopic(Cluster, name, partitions, 1);
        if (code != MockCluster.NoError)
            throw new InvalidOperationException($"Topic '{name}' with {partitions} partitions cannot be created: error {code}.");
    }

    /// <summary>
    /// Creates the pipeline's topics and gives the options that clients need here: the address, frequent commits, publishing paced by the
    /// group, and a short wait of fetches, since this broker answers a waiting one only when its time is up.
    /// </summary>
    public KafkaOptions Prepare(KafkaOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var topic in new[] { options.SamplesTopic, options.ResultsTopic, options.EventsTopic, options.DeadLettersTopic })
            CreateTopic(topic, options.Partitions);
        return Reach(options);
    }

    /// <summary>The same for one process that keeps its patients' state in a local folder, as this broker knows no transactions.</summary>
    internal KafkaOptions Prepare(KafkaOptions options, string checkpointFolder)
    {
        var prepared = Prepare(options);
        (prepared.LocalCheckpoints, prepared.CheckpointInterval) = (new LocalCheckpoints(checkpointFolder, Guid.NewGuid()), CheckpointInterval);
        return prepared;
    }

    /// <summary>The same without creating topics.</summary>
    public KafkaOptions Reach(KafkaOptions options) => Reach(options, BootstrapServers);

    /// <summary>Options to reach an embedded broker of another process.</summary>
    public static KafkaOptions Reach(KafkaOptions options, string bootstrapServers)
    {
        ArgumentNullException.ThrowIfNull(options);
        var reached = options.Copy();
        reached.BootstrapServers = bootstrapServers;
        reached.CommitInterval = TimeSpan.FromMilliseconds(100);
        reached.CheckpointInterval = CheckpointInterval;
        reached.PaceByGroup = true;
        reached.ConsumerProperties["fetch.wait.max.ms"] = "5";
        reached.ConsumerProperties["session.timeout.ms"] = "6000";
        reached.ConsumerProperties["heartbeat.interval.ms"] = "500";
        // It drops whole batches: small ones leave more in the window.
        reached.ProducerProperties["batch.size"] = "131072";
        reached.ProducerProperties["compression.codec"] = "none";
        return reached;
    }

    /// <summary>Takes all its listeners down, as a power cut does; what it keeps stays.</summary>
    public void GoDown() => ForEachBroker(MockCluster.SetDown);

    /// <summary>Brings them back.</summary>
    public void ComeBack() => ForEachBroker(MockCluster.SetUp);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle == 0)
            return;
        MockCluster.DestroyCluster(_cluster);
        MockCluster.DestroyHandle(_handle);
        _cluster = _handle = 0;
    }

    private nint Cluster => _cluster != 0 ? _cluster : throw new ObjectDisposedException(nameof(EmbeddedBroker));

    private void ForEachBroker(Func<nint, int, int> change)
    {
        for (var broker = 1; broker <= _brokers; broker++)
            if (change(Cluster, broker) is not MockCluster.NoError and var code)
                throw new InvalidOperationException($"Broker {broker} of the embedded cluster answers with error {code}.");
    }
}
