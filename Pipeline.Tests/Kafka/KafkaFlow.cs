using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;

namespace Pipeline.Tests.Kafka;

/// <summary>The topology between a broker's topics and a sink in memory, as a process would run it.</summary>
internal sealed class KafkaFlow : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Guid Topic = new("00112233-4455-6677-8899-aabbccddeeff");

    private readonly CancellationTokenSource _stop = new();
    private readonly List<IPatientSink> _sinks;
    private readonly Task<Counts> _running;
    private readonly MeterListener _listener = new();
    private readonly TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KafkaFlow(KafkaOptions options, RecordingSink sink, ListLogger<KafkaSource> log, TopologyOptions topology, TimeProvider time, IPatientSink[] more, Func<int, byte[]>? allocate = null)
    {
        if (options.LocalCheckpoints is not null)    // each process has a folder of its own
        {
            options = options.Copy();
            options.LocalCheckpoints = new LocalCheckpoints(CheckpointFolders.New(), Topic);
        }
        Options = options;
        Sink = sink;
        Log = log;
        Source = new KafkaSource(options, Metrics, log, time) { Allocate = allocate };
        _sinks = [sink, .. more];
        _listener.EnableMeasurementEvents(Metrics.Paused);
        _listener.SetMeasurementEventCallback<long>((_, _, _, _) => _paused.TrySetResult());
        _listener.Start();
        _running = TestPartitions.RunAsync(Source, _sinks, topology, time, _stop.Token, SumStage.Factory, partitions => Partitions = partitions);
    }

    public KafkaOptions Options { get; }

    public RecordingSink Sink { get; }

    public Partitions Partitions { get; private set; } = null!;     // set before it reads

    public KafkaSource Source { get; }

    public KafkaMetrics Metrics { get; } = new();

    public ListLogger<KafkaSource> Log { get; }

    public static KafkaFlow Start(KafkaOptions options, RecordingSink? sink = null, TopologyOptions? topology = null, TimeProvider? time = null, params IPatientSink[] more) =>
        new(options, sink ?? new RecordingSink(), new(), topology ?? new TopologyOptions(), time ?? TimeProvider.System, more);

    /// <summary>The same, with little memory: each record's value is put into what <paramref name="allocate"/> gives, or throws.</summary>
    public static KafkaFlow StartIn(KafkaOptions options, Func<int, byte[]> allocate) =>
        new(options, new RecordingSink(), new(), new TopologyOptions(), TimeProvider.System, [], allocate);

    /// <summary>Waits, by the sink's batches, until <paramref name="enough"/>.</summary>
    public async Task UntilAsync(Func<RecordingSink, bool> enough)
    {
        using var late = new CancellationTokenSource(Patience);
        while (!enough(Sink))
        {
            var arrived = Sink.Arrived.WaitAsync(late.Token);
            if (await Task.WhenAny(arrived, _running) == _running)
                await _running;
            await arrived;
        }
    }

    /// <summary>Waits until a partition is paused.</summary>
    public Task UntilPausedAsync() => _paused.Task.WaitAsync(Patience);

    /// <summary>Waits until the group has given it so many partitions.</summary>
    public async Task UntilOwnedAsync(int partitions)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Source.Lags.Count != partitions)
            await timer.WaitForNextTickAsync(late.Token);
    }

    /// <summary>Waits until so many records or more are known to wait in the partitions.</summary>
    public async Task UntilLagAsync(long records)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Source.Lags.Sum(lag => lag.Records) < records)
            await timer.WaitForNextTickAsync(late.Token);
    }

    /// <summary>Waits until the source knows of a fault.</summary>
    public async Task UntilFaultAsync()
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Source.Health.Fault is null)
            await timer.WaitForNextTickAsync(late.Token);
    }

    /// <summary>Waits until something keeps it from being ready, and says <paramref name="what"/>.</summary>
    public async Task UntilNotReadyAsync(string what = "")
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Source.Fault?.Contains(what, StringComparison.Ordinal) != true)
            await timer.WaitForNextTickAsync(late.Token);
    }

    /// <summary>Waits until the group has committed so many records.</summary>
    public static async Task UntilCommittedAsync(KafkaOptions options, long records)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await IsCommittedAsync(options, records))
            await timer.WaitForNextTickAsync(late.Token);
    }

    private static async Task<bool> IsCommittedAsync(KafkaOptions options, long records)
    {
        try
        {
            return await CommittedAsync(options) >= records;
        }
        catch (KafkaException fault) when (fault.Error.Code is ErrorCode.NotCoordinatorForGroup or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.GroupLoadInProgress)
        {
            return false;   // the first group of a cluster
        }
    }

    /// <summary>The letters, as soon as there are so many.</summary>
    public static async Task<IReadOnlyList<StoredLetter>> ListedAsync(DeadLetterBox box, int count)
    {
        using var late = new CancellationTokenSource(Patience);
        while (true)
            if (await box.ListAsync(late.Token) is var letters && letters.Count >= count)
                return letters;
    }

    /// <summary>Stops it as SIGTERM does: what was read is finished, acknowledged and committed.</summary>
    public async Task<Counts> StopAsync()
    {
        await _stop.CancelAsync();
        return await _running.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var sink in _sinks)
            await sink.DisposeAsync();
        await Source.DisposeAsync();
        _listener.Dispose();
        Metrics.Dispose();
        _stop.Dispose();
    }

    /// <summary>Publishes chunks of one second of 10 samples, seconds [from, to), for each patient, and waits until the broker has them.</summary>
    public static async Task PublishAsync(KafkaOptions options, int patients, int from, int to)
    {
        await using var publisher = new KafkaPublisher(options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        foreach (var chunk in Ward(patients, from, to))
            await publisher.PublishAsync(chunk, CancellationToken.None);
        await publisher.FlushAsync(CancellationToken.None).WaitAsync(Patience);
    }

    /// <summary>The points of an uninterrupted run over the same chunks, as <see cref="Text"/>, in order.</summary>
    public static async Task<IEnumerable<string>> UninterruptedAsync(int patients, int seconds)
    {
        await using var sink = new RecordingSink();
        await using var source = new InMemorySource([.. Ward(patients, 0, seconds)]);
        await TestPartitions.RunAsync(source, [sink], new TopologyOptions(), TimeProvider.System, CancellationToken.None, SumStage.Factory);
        return sink.Points.Select(Text).Order(StringComparer.Ordinal);
    }

    /// <summary>A point without the record that it comes from.</summary>
    public static string Text(VitalPoint point) => (point with { Origin = default }).ToString();

    public static IEnumerable<SampleChunk> Ward(int patients, int from, int to)
    {
        for (var second = from; second < to; second++)
            for (var p = 0; p < patients; p++)
                yield return Chunks.Of(10 * second, 10, patient: $"P{p}");
    }

    /// <summary>Windows of 8 s each 2 s that are whole after so many seconds.</summary>
    public static int WindowsAfter(int seconds) => seconds < 8 ? 0 : (seconds - 8) / 2 + 1;

    /// <summary>Committed offsets, summed: how many records of a topic without holes the group has done.</summary>
    public static Task<long> CommittedAsync(KafkaOptions options) => Task.Factory.StartNew(() =>
    {
        using var group = new ConsumerBuilder<Ignore, Ignore>(ClientSettings.Reader(options)).Build();
        return group.Committed(Enumerable.Range(0, options.Partitions).Select(p => new TopicPartition(options.SamplesTopic, p)), TimeSpan.FromSeconds(10))
            .Where(at => !at.Offset.IsSpecial).Sum(at => at.Offset.Value);
    }, TaskCreationOptions.LongRunning);
}
