using System.IO.MemoryMappedFiles;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Host.Configuration;
using Pipeline.Host.Demo;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Host.Store;

namespace Pipeline.Benchmarks.Ward;

/// <summary>A ward in real time: how long after its last samples a point is stored, and what the pipeline costs meanwhile.</summary>
internal sealed class WardLatencyBenchmark : IBenchmark
{
    private const int Beds = 200;
    private const int Partitions = 8;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public string Name => "ward-latency";

    public string Summary => "200 beds (PPG + ACC 125 Hz, ECG 250 Hz) in real time, embedded broker to embedded store: last chunk handed to the producer to point stored";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        // The first seconds compile the code and are left out.
        var (seconds, warmUp) = report.Quick ? (14, 4) : (75, 15);
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-");
        try
        {
            var stampsPath = Path.Combine(folder.FullName, "stamps");
            await File.WriteAllBytesAsync(stampsPath, new byte[WardFeeder.StampAt(seconds + 1, 0, 0, Beds)], stop);
            using var feeder = await FeederProcess.StartAsync(new FeedRequest(Beds, seconds, Partitions, stampsPath), stop);
            using var file = MemoryMappedFile.CreateFromFile(stampsPath, FileMode.Open);
            using var stamps = file.CreateViewAccessor();
            var settings = new PipelineSettings(
                EmbeddedBroker.Reach(new KafkaOptions { Partitions = Partitions, CheckpointFolder = Path.Combine(folder.FullName, "checkpoints") }, feeder.BootstrapServers),
                new TopologyOptions { Model = report.Model ?? new TopologyOptions().Model }, new InfluxOptions(), new EmbeddedStoreOptions { Directory = Path.Combine(folder.FullName, "store") }, new InferenceOptions());
            LatencyProbe? probe = null;
            await using var pipeline = new WardPipeline(settings, NullLoggerFactory.Instance, TimeProvider.System,
                store => probe = new LatencyProbe(store, point => SinceProduced(point, stamps, seconds, warmUp)));
            using var stopPipeline = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var running = pipeline.RunAsync(stopPipeline.Token);
            await UntilAsync(() => pipeline.Source.Lags.Count > 0, running, stop);
            feeder.Go();
            await Task.Delay(TimeSpan.FromSeconds(warmUp), stop);

            var before = Cost.Now();
            await UntilAsync(() => pipeline.Counts is { } counts && counts[Count.Records] >= feeder.RecordCount && counts[Count.Batches] == counts[Count.BatchesAcknowledged], running, stop);
            var cost = Cost.Now() - before;
            await stopPipeline.CancelAsync();
            var total = await running;
            await feeder.EndAsync(stop);

            report.Add("latency_p50", probe!.Latency.Percentile(0.5)!.Value.TotalMilliseconds, "ms");   // set by the pipeline; there were points
            report.Add("latency_p99", probe.Latency.Percentile(0.99)!.Value.TotalMilliseconds, "ms", new Reference("promised at most", 250));
            report.Add("cores_used", cost.ProcessCpuSeconds / cost.WallSeconds, "1", new Reference("promised at most", 0.3));
            report.Remark($"{probe.Latency.Count:N0} points measured; {feeder.SampleCount - total[Count.SamplesTaken]:N0} of {feeder.SampleCount:N0} samples not taken");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Since the chunk that completed the point's window: the first one sent that ends with the window or later.</summary>
    private static TimeSpan? SinceProduced(VitalPoint point, MemoryMappedViewAccessor stamps, int seconds, int warmUp)
    {
        var bed = int.Parse(point.Bed.AsSpan("bed-".Length), System.Globalization.CultureInfo.InvariantCulture);
        var device = point.Device == "ecg" ? 1 : 0;
        var end = (int)Math.Round(point.Time.SecondsSince(WardFeeder.Start));
        if (end <= warmUp)
            return null;
        for (; end <= seconds; end++)
            if (stamps.ReadInt64(WardFeeder.StampAt(end, bed, device, Beds)) is > 0 and var stamp)
                return TimeProvider.System.GetElapsedTime(stamp);
        return null;
    }

    private static async Task UntilAsync(Func<bool> condition, Task running, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Look);
        while (!condition())
        {
            if (running.IsCompleted)
                await running;
            await timer.WaitForNextTickAsync(stop);
        }
    }
}
