using Pipeline.Actors;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;
using Pipeline.Host.Publishing;
using Pipeline.Host.Service;
using Pipeline.Host.Web;

namespace Pipeline.Host.Demo;

/// <summary>What the user asked of the demo.</summary>
/// <param name="Beds">Beds of the ward, those with recordings included.</param>
/// <param name="Length">Wall time after which the ward closes; null: when it is stopped.</param>
/// <param name="Speed">Ward seconds a second.</param>
/// <param name="Recordings">Files that the first beds replay.</param>
/// <param name="IsFresh">Whether the ward begins anew even where there is one to continue.</param>
/// <param name="IsLabour">Whether it is a labour ward.</param>
internal sealed record DemoRequest(
    int Beds, TimeSpan? Length, double Speed, IReadOnlyList<string> Recordings, bool IsFresh = false, bool IsLabour = false);

/// <summary>A whole ward in this process: embedded broker, devices, the pipeline as <c>run</c> has it, embedded store.</summary>
/// <param name="request">What is asked.</param>
/// <param name="settings">As for <c>run</c>; the broker's address is replaced by the embedded one's.</param>
/// <param name="loggers">For the parts.</param>
/// <param name="time">For the parts.</param>
internal sealed class DemoRun(DemoRequest request, PipelineSettings settings, ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>Longest wait, at the end, for what was published to be stored.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(60);
    private const int Seed = 1;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly ProductionClock _production = new(time);
    private readonly WardBoard _board = new();
    private long _points;

    /// <summary>
    /// Runs until the ward closes (its length, or <paramref name="stop"/>) and everything published is stored. <paramref name="show"/> is
    /// called each <paramref name="period"/> meanwhile, <paramref name="tell"/> at the beginning when an earlier ward is continued, and
    /// <paramref name="served"/> with the address of the ward's page; null: there is no page.
    /// </summary>
    public async Task<DemoSummary> RunAsync(
        Action<IReadOnlyList<BedView>, WardProgress> show, TimeSpan period, CancellationToken stop, Action<string>? tell = null, Action<string>? served = null)
    {
        var state = WardState.Open(
            settings.Store.Directory, Models.Signals.Timestamp.From(time.GetUtcNow()), Seed, settings.Kafka.Partitions, request.IsFresh, request.IsLabour);
        if (state.Notice is { } notice)
            tell?.Invoke(notice);
        var ward = new Ward(request.Beds, request.Recordings, state);
        using var broker = new EmbeddedBroker();
        var kafka = Prepare(broker, state);
        var score = new TruthScore(ward.TrueRate);
        LatencyProbe? probe = null;
        using var batches = new BatchRows();
        await using var pipeline = new WardPipeline(settings with { Kafka = kafka }, loggers, time, store => probe = new LatencyProbe(store, _production.SinceProduced, batch =>
        {
            Interlocked.Add(ref _points, batch.Points.Count);
            _board.Show(batch);
            score.Compare(batch);
        }), readings: served is null ? null : new WardReadings(time));
        await using var page = served is null ? null : await DemoPage.StartAsync(settings.Web, settings.Access, settings.OpenId, SiteOf(pipeline, kafka), stop);
        if (page is not null)
            served?.Invoke(page.Url);
        await using var publisher = new KafkaPublisher(kafka, loggers.CreateLogger<KafkaPublisher>(), time);

        using var stopPipeline = new CancellationTokenSource();
        var running = pipeline.RunAsync(stopPipeline.Token);
        using var close = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var feed = new WardFeed(ward.Beds, state.Resumes, request.Speed, publisher.PublishAsync, _production, time);
        if (request.Length is { } length)
            close.CancelAfter(length);
        var feeding = feed.RunAsync(close.Token, stopPipeline.Token, endsStreams: false);     // they go on in the next demo

        WardProgress Progress() => ProgressOf(ward, feed, pipeline, probe!);   // set by the pipeline's constructor
        await ShowUntilAsync(feeding, () => show(_board.Beds(), Progress()), period, running);
        await feeding;
        var elapsed = feed.Elapsed;
        await publisher.FlushAsync(stopPipeline.Token);
        await DrainAsync(pipeline, feed.ChunkCount, running);
        show(_board.Beds(), Progress());
        await stopPipeline.CancelAsync();
        var counts = await running;

        var samples = new SampleAccount(feed.SampleCount, counts[Count.SamplesTaken], counts[Count.SamplesDropped], counts[Count.SamplesRefused]);
        var progress = Progress() with { Elapsed = elapsed, SamplesPerSecond = feed.SampleCount / elapsed.TotalSeconds };
        var folder = Path.GetFullPath(settings.Store.Directory);
        var bytes = Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length);
        return new DemoSummary(progress, samples, counts[Count.Estimates], score.Scores, folder, bytes, WorkOf(pipeline.Network, counts, batches), ward.Notes);
    }

    private WardSite SiteOf(WardPipeline pipeline, KafkaOptions kafka)
    {
        var reader = pipeline.ReadAlone();
        return new WardSite(
            () => reader, () => pipeline.History, (patient, command, stop) => CommandPublisher.PublishAsync(kafka, patient, command, time, stop),
            (patient, from, to, stop) => StretchReader.ReadAsync(kafka, patient, from, to, time, stop), () => pipeline.RateNetwork, settings.Alarms, time);
    }

    private KafkaOptions Prepare(EmbeddedBroker broker, WardState state)
    {
        var options = settings.Kafka.Copy();
        options.Partitions = state.Partitions;
        return broker.Prepare(options, state.Folder);
    }

    private WardProgress ProgressOf(Ward ward, WardFeed feed, WardPipeline pipeline, LatencyProbe probe)
    {
        var counts = pipeline.Counts;
        var handled = counts?[Count.Records] ?? 0;
        return new WardProgress(
            feed.Elapsed, feed.Now, ward.BedCount, feed.SampleCount / Math.Max(feed.Elapsed.TotalSeconds, 1e-3), counts?[Count.Windows] ?? 0, Interlocked.Read(ref _points),
            probe.Latency.Percentile(0.5), probe.Latency.Percentile(0.99), Math.Max(0, feed.ChunkCount - handled));
    }

    private static NetworkWork? WorkOf(string? network, Counts counts, BatchRows batches) =>
        network is null ? null : new NetworkWork(network, counts[Count.Answers] - counts[Count.AnswersFailed], counts[Count.AnswersFailed], batches.Mean);

    /// <summary>Shows until <paramref name="feeding"/> ends; a pipeline that ends before it has failed, and says why.</summary>
    private async Task ShowUntilAsync(Task feeding, Action show, TimeSpan period, Task running)
    {
        using var timer = new PeriodicTimer(period, time);
        var tick = timer.WaitForNextTickAsync().AsTask();
        while (await Task.WhenAny(feeding, running, tick) is var first && first != feeding)
        {
            if (first == running)
                await running;
            show();
            tick = timer.WaitForNextTickAsync().AsTask();
        }
    }

    /// <summary>Waits until the pipeline has handled every chunk and every batch is acknowledged.</summary>
    private async Task DrainAsync(WardPipeline pipeline, long chunkCount, Task running)
    {
        var began = time.GetTimestamp();
        using var timer = new PeriodicTimer(Look, time);
        while (pipeline.Counts is not { } counts || counts[Count.Records] < chunkCount || !counts.IsSettled)
        {
            if (time.GetElapsedTime(began) > DrainTimeout || running.IsCompleted)
                return;
            await timer.WaitForNextTickAsync();
        }
    }
}
