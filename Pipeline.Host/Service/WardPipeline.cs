using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Streams;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Actors.Serving;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.Networks;
using Pipeline.Host.State;
using Pipeline.Host.Status;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Features;

namespace Pipeline.Host.Service;

/// <summary>
/// Kafka → topology → store, results topic and dead letters: the edges of <c>run</c> and <c>demo</c>, which differ in their settings only.
/// </summary>
internal sealed class WardPipeline : IAsyncDisposable
{
    private readonly TopologyOptions _topology;
    private readonly CtgRules _ctg;
    private readonly AlarmRules _alarms;
    private readonly TimeProvider _time;
    private readonly WardCluster? _cluster;
    private readonly WardReadings? _readings;
    private readonly Meter _storeMeter = new("Pipeline.Store");
    private readonly KafkaMetrics _kafkaMetrics;
    private readonly PatientPlaces _places;
    private readonly SilenceWatch _silence;
    private readonly ResultsTopicSink _results, _events;
    private readonly DeadLetterSink _deadLetters;
    private readonly IPatientSink _store;
    private readonly TimeSpan _reloadInterval;
    private readonly NetworkRegistry _networks;
    private readonly ReloadMetrics _reloads = new();
    private readonly List<ModelWatch> _watches = [];
    private readonly SnapshotStore _passive;
    private readonly LocalActors _actors = new();
    private Partitions? _shards;

    /// <summary>Starts the sinks; the source connects when it runs.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="loggers">For the parts.</param>
    /// <param name="time">For the parts.</param>
    /// <param name="watchStore">Puts something before the store, which owns it then: a probe.</param>
    /// <param name="cluster">Where patients live, and where they are read; null: in this process alone.</param>
    /// <param name="readings">What readers are shown; null: that of the <paramref name="cluster"/>, or nobody reads.</param>
    /// <exception cref="CommandException"><c>Topology:Model</c>, <c>Topology:QrsModel</c> or <c>Topology:FetalModel</c> is no model that can be used.</exception>
    /// <exception cref="IOException">The embedded store's folder, or that of the idle patients, cannot be used.</exception>
    public WardPipeline(PipelineSettings settings, ILoggerFactory loggers, TimeProvider time, Func<IPatientSink, IPatientSink>? watchStore = null, WardCluster? cluster = null,
        WardReadings? readings = null)
    {
        (_topology, _ctg, _alarms, _time) = (settings.Topology, settings.Ctg, settings.Alarms, time);
        (_cluster, _readings) = (cluster, readings ?? cluster?.Readings);
        _passive = settings.Kafka.StateFolder is { Length: > 0 } folder ? SnapshotStore.Create(folder) : SnapshotStore.CreateTemporary();
        _kafkaMetrics = new KafkaMetrics(time);
        _places = cluster?.Places ?? new PatientPlaces(new PlacementLog(loggers.CreateLogger<PlacementLog>(), time).Note);
        _reloadInterval = settings.Inference.ReloadInterval;
        _networks = new NetworkRegistry(settings.Inference, time);
        ModelCatalog.Register(_networks, settings.Topology, settings.Inference);
        var log = loggers.CreateLogger<ModelWatch>();
        _networks.Switched += change => Tell(log, change, NetworkKind.Of(change.Task).WhenChanged);
        _watches.AddRange(NetworkKind.All.Where(kind => _networks[kind.Task] is not null).Select(kind => ModelWatch.Of(_networks, kind, _reloads, time, log)));
        _results = new ResultsTopicSink(settings.Kafka, _kafkaMetrics, loggers.CreateLogger<ResultsTopicSink>(), time);
        _events = new ResultsTopicSink(settings.Kafka, _kafkaMetrics, loggers.CreateLogger<ResultsTopicSink>(), time, isOfEvents: true);
        _deadLetters = new DeadLetterSink(settings.Kafka, _kafkaMetrics, loggers.CreateLogger<DeadLetterSink>(), time);
        Source = new KafkaSource(settings.Kafka, _kafkaMetrics, loggers.CreateLogger<KafkaSource>(), time) { DeadLetters = _deadLetters };
        IPatientSink? presence = null;      // of InfluxDB alone: the segments hold the series and nothing else
        if (settings.Influx.Url is { } url)
        {
            var client = new InfluxClient(settings.Influx, time);
            if (settings.Influx.SendsSecretsInClear)
                loggers.CreateLogger<InfluxSink>().SecretInClear(url.GetLeftPart(UriPartial.Authority));
            var influx = new InfluxSink(client, _deadLetters, new InfluxMetrics(_storeMeter), loggers.CreateLogger<InfluxSink>());
            presence = influx;
            (_store, StoreState, StoreName) = (influx, influx.State, $"InfluxDB at {url.GetLeftPart(UriPartial.Path)}");
            History = new InfluxHistory(client);
        }
        else
        {
            var embedded = new EmbeddedStore(settings.Store, _deadLetters, new StoreMetrics(_storeMeter), time, loggers.CreateLogger<EmbeddedStore>());
            (_store, StoreState, StoreName) = (embedded, embedded.State, $"embedded store in {Path.GetFullPath(settings.Store.Directory)}");
            History = new SegmentHistory(settings.Store.Directory);
        }
        _store = watchStore?.Invoke(_store) ?? _store;
        _silence = new SilenceWatch(Source, _readings?.Latest, presence, settings.Topology.SilentAfter, loggers.CreateLogger<SilenceWatch>(), time);
    }

    /// <summary>The input topic.</summary>
    public KafkaSource Source { get; }

    /// <summary>What is wrong at Kafka and what may mend it, of input, state, results or dead letters; null when nothing is known to be.</summary>
    public string? KafkaFault => Source.Fault ?? _deadLetters.Undelivered ?? _results.Undelivered ?? _events.Undelivered;

    /// <summary>Whether the store stores.</summary>
    public StoreState StoreState { get; }

    /// <summary>Which store it is, for a person.</summary>
    public string StoreName { get; }

    /// <summary>What the store has.</summary>
    public IPointHistory History { get; }

    /// <summary>What was counted so far.</summary>
    public Counts? Counts => _shards?.Total();

    /// <summary>The shards that this process owns, ascending.</summary>
    public IReadOnlyList<ShardStatus> Shards => ShardStatuses.Of(Source.Lags, _kafkaMetrics.State.Shards, _shards?.PatientCounts ?? []);

    /// <summary>Name and version of the network that is asked about PPG; null when the classical estimator is set.</summary>
    public string? Network => RateNetwork?.Identity;

    /// <summary>The network that is asked about PPGs from the next record on; stays this one's. Null: the classical estimator alone.</summary>
    public RateModel? RateNetwork => (RateModel?)_networks[RateModel.Task];

    /// <summary>Reads the patients of a pipeline without a cluster, from its readings.</summary>
    /// <exception cref="InvalidOperationException">It was made without readings.</exception>
    public WardReader ReadAlone() => _actors.Read(
        _readings is { } shown ? new LocalReadings(shown.Latest, shown.Tap, () => Task.FromResult(new ProcessStatus([], Shards))) : throw new InvalidOperationException("Nobody reads this pipeline."),
        _time);

    /// <summary>Runs until <paramref name="stop"/>; what was read is finished, if the sinks acknowledge it in time.</summary>
    public async Task<Counts> RunAsync(CancellationToken stop, StageFactory? stages = null)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watch = _reloadInterval == TimeSpan.Zero ? Task.CompletedTask : Task.WhenAll(_watches.Select(one => one.RunAsync(_reloadInterval, watching.Token)));
        try
        {
            return _cluster is { } cluster
                ? await RunAsync(cluster, stages, stop)
                : await RunAsync(_actors.Actors, stages, stop);
        }
        finally
        {
            await watching.CancelAsync();
            await watch;
        }
    }

    // When the actor system is replaced, all graphs have ended with it: the process gives its partitions back, and takes some anew from their last checkpoints.
    private async Task<Counts> RunAsync(WardCluster cluster, StageFactory? stages, CancellationToken stop)
    {
        var counts = new Counts();
        while (true)
        {
            var incarnation = cluster.Node.Current;
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var running = RunAsync((incarnation.System, incarnation.Patients), stages, ends.Token);
            Source.IsToReturn = await Task.WhenAny(running, incarnation.Ended) != running && !stop.IsCancellationRequested;
            if (Source.IsToReturn)
                await ends.CancelAsync();
            try
            {
                counts.Add(await running);
            }
            catch (AbruptTerminationException) when (incarnation.Ended.IsCompleted)
            {
                // A graph that ended with its actor system.
            }
            if (stop.IsCancellationRequested || !incarnation.Ended.IsCompleted)
                return counts;
            await cluster.Node.AfterAsync(incarnation, stop);
        }
    }

    private async Task<Counts> RunAsync((ActorSystem System, IPatientRegion Region) actors, StageFactory? stages, CancellationToken stop)
    {
        await using var partitions = new Partitions(_topology, [_store, _results, _events, _deadLetters, .. _readings is null ? Array.Empty<IPatientSink>() : [_readings.Latest]], _time, new PartitionParts
        {
            Actors = actors,
            Stages = stages,
            Ctg = _ctg,
            Alarms = _alarms,
            Networks = _networks,
            Passive = _passive,
            Tap = _readings?.Tap,
            Places = _places,
        });
        _shards = partitions;
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watch = _silence.RunAsync(partitions, watching.Token);
        try
        {
            return await Topology.RunAsync(Source, partitions, stop);
        }
        finally
        {
            await watching.CancelAsync();
            await watch;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await _store.DisposeAsync();
        await _results.DisposeAsync();
        await _events.DisposeAsync();
        await _deadLetters.DisposeAsync();
        _reloads.Dispose();
        await _networks.DisposeAsync();
        await _actors.DisposeAsync();
        _passive.Dispose();
        _kafkaMetrics.Dispose();
        _storeMeter.Dispose();
    }

    private static void Tell(ILogger log, in ModelSwitch change, string consequence)
    {
        if (change is { IsGone: true, Before: { } gone })
            log.Gone(change.Shard, change.Model, gone, change.Offset, consequence);
        else if (change.Before is { } before)
            log.Switched(change.Shard, change.Model, before, change.Offset, consequence);
        else
            log.Began(change.Shard, change.Model, change.Offset);
    }
}
