using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;

namespace Pipeline.Host.Service;

/// <summary>This process's place in the cluster that the consumer group forms, and what it can tell readers.</summary>
/// <param name="options">Section <c>Cluster</c>.</param>
/// <param name="health">What the process says of its readiness.</param>
/// <param name="loggers">For the parts.</param>
/// <param name="time">The clock.</param>
internal sealed class WardCluster(IOptions<ClusterOptions> options, HealthCheckService health, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    private readonly long _started = time.GetUtcNow().ToUnixTimeMilliseconds();
    private volatile WardReader? _reader;
    private ClusterNode? _node;
    private GroupWatch? _watch;

    /// <summary>What readers are shown.</summary>
    public WardReadings Readings { get; } = new(time);

    /// <summary>Where this process's patients are, compared with those of the others.</summary>
    public PatientPlaces Places { get; } = new(new PlacementLog(loggers.CreateLogger<PlacementLog>(), time).Note);

    /// <summary>Reads the whole ward; null until <see cref="StartAsync"/> has completed.</summary>
    public WardReader? Reader => _reader;

    /// <summary>Where patients live.</summary>
    /// <exception cref="InvalidOperationException">It has not been started.</exception>
    public ClusterNode Node => _node ?? throw new InvalidOperationException("The cluster's node has not been started.");

    /// <summary>Starts the actor system, and announces it in the consumer's id; to be called before the consumer is created.</summary>
    /// <param name="kafka">Changed.</param>
    /// <param name="shards">The shards that this process owns.</param>
    /// <param name="stop">Gives up.</param>
    public async Task StartAsync(KafkaOptions kafka, Func<IReadOnlyList<ShardStatus>> shards, CancellationToken stop)
    {
        var group = new ClusterGroup();
        var readings = new LocalReadings(Readings.Latest, Readings.Tap, async () => new ProcessStatus(ReadinessChecks.Of(await health.CheckHealthAsync(CancellationToken.None)), shards()));
        var node = _node = await ClusterNode.StartAsync(new ClusterNodeSettings(options.Value, group, loggers, time) { Readings = readings, Places = Places }, stop);
        var self = new GroupNode(node.Address, _started);
        ClusterAddress.Announce(kafka, self);
        _watch = new GroupWatch(kafka, group, self, loggers.CreateLogger<GroupWatch>(), time);
        _reader = new WardReader(node, time);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_watch is { } watch)
            await watch.DisposeAsync();
        if (_node is { } node)
            await node.DisposeAsync();
        (_watch, _node) = (null, null);
    }
}
