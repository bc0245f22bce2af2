using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Host.Kafka;
using Pipeline.Host.Networks;
using Pipeline.Host.Publishing;
using Pipeline.Host.Wire;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Chaos.Series;

/// <summary>
/// A simulated ward that is published to Kafka, and the series that it must give: the same chunks through the same topology in this process,
/// uninterrupted.
/// </summary>
internal sealed class ChaosWard : IAsyncDisposable
{
    private readonly int _seed;
    private readonly BedScenario[] _beds;
    private readonly ConcurrentDictionary<string, Published> _published = new(StringComparer.Ordinal);
    private WardFeed? _feed;
    private KafkaPublisher? _publisher;
    private Func<KafkaPublisher>? _newPublisher;

    private const int LabourEvery = 8;

    /// <summary>A ward of <paramref name="beds"/> beds that begins at <paramref name="start"/>; every eighth is one of a mother in labour.</summary>
    public ChaosWard(int beds, int seed, Timestamp start)
    {
        (_seed, Start) = (seed, start);
        _beds = [.. Enumerable.Range(0, beds).Select(Bed)];
    }

    private BedScenario Bed(int index) => index % LabourEvery == LabourEvery - 1
        ? SimulatedWard.LabourBed(index, _seed, SimulatedWard.StartOf(index, Start), epoch: 1, DeviceFaults.Usual)
        : SimulatedWard.Bed(index, _seed, SimulatedWard.StartOf(index, Start), epoch: 1, DeviceFaults.Usual);

    /// <summary>Event time of the beginning.</summary>
    public Timestamp Start { get; }

    /// <summary>Pseudonyms.</summary>
    public IEnumerable<string> Patients => _beds.Select(bed => bed.Patient.Value);

    /// <summary>Chunks that the brokers were given.</summary>
    public long ChunkCount => _published.Values.Sum(patient => patient.Count + patient.Ends.Count);

    /// <summary>Everything that is due before this event time is published.</summary>
    public Timestamp Reached => _feed?.Reached ?? Start;

    /// <summary>From now on the ward runs at so many of its seconds a second; 0: it stands still.</summary>
    public void RunAt(double speed) => _feed?.RunAt(speed);

    /// <summary>The publisher ends and another one begins, which knows how many partitions there are now. Not while the ward runs.</summary>
    public async Task RestartPublisherAsync()
    {
        await DisposeAsync();
        _publisher = _newPublisher?.Invoke();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _publisher?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Completes when the brokers have every chunk that was published so far.</summary>
    public Task FlushAsync(CancellationToken stop) => _publisher?.FlushAsync(stop) ?? Task.CompletedTask;

    /// <summary>Publishes until <paramref name="stop"/>, then ends the streams; completes when the brokers have all of it.</summary>
    public async Task FeedAsync(KafkaOptions kafka, double speed, ILoggerFactory loggers, TimeProvider time, CancellationToken stop)
    {
        _newPublisher = () => new KafkaPublisher(kafka, loggers.CreateLogger<KafkaPublisher>(), time);
        _publisher = _newPublisher();
        _feed = new WardFeed([.. _beds.Select(bed => SimulatedSequence.Of(bed, seconds: null, truth: null))], Start, speed, async (chunk, abort) =>
        {
            var patient = _published.GetOrAdd(chunk.Patient.Value, _ => new Published());
            // The feed itself ends the streams when it is stopped; a simulated device never does.
            if (chunk.EndOfStream)
                patient.Ends.Add(chunk);
            else
                patient.Count++;
            await _publisher.PublishAsync(chunk, abort);
            if (!chunk.EndOfStream && CommandAfter(patient.Count) is { } command)
                await _publisher.PublishAsync(SampleEncoder.Key(chunk.Patient), CommandCodec.EncodeRecord(chunk.Patient, command), abort);
        }, new ProductionClock(time), time);
        await _feed.RunAsync(stop, CancellationToken.None);
        await _publisher.FlushAsync(CancellationToken.None);
    }

    /// <summary>What an uninterrupted run makes of what was published, patient by patient.</summary>
    public async IAsyncEnumerable<(string Patient, Dictionary<PointKey, PointFields> Points)> ExpectAsync(TopologyOptions options, TimeProvider time)
    {
        await using var networks = new NetworkRegistry(new InferenceOptions(), time);
        ModelCatalog.Register(networks, options, new InferenceOptions());
        await using var local = new LocalActors();
        foreach (var bed in _beds)
        {
            var points = new ExpectedPoints();
            await using var source = new PublishedChunks(Replay(bed));
            await using var partitions = new Partitions(options, [points], time, new PartitionParts
            {
                Actors = local.Actors,
                Alarms = new AlarmRules(),
                Networks = networks,
            });
            await Topology.RunAsync(source, partitions, CancellationToken.None);
            yield return (bed.Patient.Value, points.Points);
        }
    }

    private IEnumerable<SampleChunk> Replay(BedScenario bed)
    {
        if (!_published.TryGetValue(bed.Patient.Value, out var published))
            return [];
        return SimulatedSequence.Of(bed, seconds: null, truth: null).Take(published.Count).SelectMany((chunk, index) =>
            CommandAfter(index + 1) is { } command ? [chunk, SampleChunk.Of(bed.Patient, command)] : (IEnumerable<SampleChunk>)[chunk]).Concat(published.Ends);
    }

    /// <summary>What somebody wants of a patient's alarms when so many of its chunks have come; null: nothing. Any living heart is above these limits.</summary>
    private AlarmCommand? CommandAfter(int chunks) => chunks switch
    {
        10 => new AlarmCommand(AlarmCommandKind.Admit, Start, "chaos", ""),
        20 => new AlarmCommand(AlarmCommandKind.Limits, Start, "chaos", "") { Limits = new LimitChange { HeartRateVeryLow = 15, HeartRateLow = 16, HeartRateHigh = 17 } },
        160 => new AlarmCommand(AlarmCommandKind.Acknowledge, Start, "chaos", ""),
        120 => new AlarmCommand(AlarmCommandKind.Move, Start, "chaos", "") { Bed = "moved" },
        170 => new AlarmCommand(AlarmCommandKind.Discharge, Start, "chaos", ""),
        190 => new AlarmCommand(AlarmCommandKind.Admit, Start, "chaos", ""),
        130 => new AlarmCommand(AlarmCommandKind.Pause, Start, "chaos", "") { Time = TimeSpan.FromSeconds(20) },
        _ => null,
    };

    /// <summary>What was published of a patient; written by the feed alone.</summary>
    private sealed class Published
    {
        public int Count { get; set; }

        public List<SampleChunk> Ends { get; } = [];
    }

    private sealed class PublishedChunks(IEnumerable<SampleChunk> chunks) : ISampleSource
    {
        public async Task RunAsync(Partitions shards, CancellationToken stop)
        {
            shards.Assign(0, "expected");
            long offset = 0;
            foreach (var chunk in chunks)
            {
                var record = new ShardRecord(offset++, chunk);
                while (!shards.TryPost(0, record))
                    await shards.WaitForSpaceAsync(0, stop);
            }
            await shards.RevokeAsync(0, stop);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class ExpectedPoints : IPatientSink
    {
        public Dictionary<PointKey, PointFields> Points { get; } = [];

        public Task WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            foreach (var point in batch.Points)
                Points[PointKey.Of(point)] = PointFields.Of(point);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
