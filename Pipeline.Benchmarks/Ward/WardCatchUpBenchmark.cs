using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Host.Store;

namespace Pipeline.Benchmarks.Ward;

/// <summary>After an outage: how fast the backlog of a large ward is worked off, by the very pipeline that <c>run</c> is.</summary>
internal sealed class WardCatchUpBenchmark : IBenchmark
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    public string Name => "ward-catch-up";

    public string Summary => "1,000 beds (PPG + ACC 125 Hz, ECG 250 Hz), 3 minutes of backlog in the embedded broker, all estimators, results topic, embedded store";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var request = report.Quick ? new FeedRequest(50, 20, 8, "") : new FeedRequest(1_000, 180, 125, "");
        using var feeder = await FeederProcess.StartAsync(request, stop);
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-");
        try
        {
            var settings = new PipelineSettings(
                EmbeddedBroker.Reach(new KafkaOptions { Partitions = request.Partitions }, feeder.BootstrapServers),
                new TopologyOptions(), new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder.FullName });
            await using var pipeline = new WardPipeline(settings, NullLoggerFactory.Instance, TimeProvider.System);
            var heapBefore = GC.GetTotalMemory(forceFullCollection: true);
            using var stopPipeline = CancellationTokenSource.CreateLinkedTokenSource(stop);

            var before = Cost.Now();
            var running = pipeline.RunAsync(stopPipeline.Token);
            var (third, end) = await WatchAsync(pipeline, feeder.RecordCount, running, stop);
            var cost = Cost.Now() - before;

            var heap = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
            await stopPipeline.CancelAsync();
            var counts = await running;
            var feederCpu = await feeder.EndAsync(stop);
            Tell(report, request, feeder, counts, cost, feederCpu);
            report.Add("memory_at_one_third", third / 1048576.0, "MiB");
            report.Add("memory_at_end", end / 1048576.0, "MiB", new Reference("at one third", third / 1048576.0));
            report.Add("memory_per_patient", heap / 1024.0 / request.Beds, "KiB", new Reference("promised at most", 64));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Tell(Report report, FeedRequest request, FeederProcess feeder, Counts counts, Cost cost, double feederCpu)
    {
        var patientSeconds = (double)request.Beds * request.Seconds;
        report.Add("times_real_time", request.Seconds / cost.WallSeconds, "x", new Reference("promised at least", 20));
        report.Add("cpu_per_patient_second", cost.ProcessCpuSeconds / patientSeconds * 1e6, "us");
        report.Add("broker_cpu_per_patient_second", feederCpu / patientSeconds * 1e6, "us");
        report.Add("cores_used", cost.ProcessCpuSeconds / cost.WallSeconds, "1");
        report.Add("samples_per_s", counts[Count.Samples] / cost.WallSeconds, "1/s");
        report.Add("allocated_per_patient_second", cost.ProcessBytes / patientSeconds, "By");
        report.Remark($"{counts[Count.Windows]:N0} windows, {counts[Count.Estimates]:N0} estimates, {counts[Count.Values]:N0} with a value; "
            + $"{counts[Count.SamplesTaken]:N0} of {feeder.SampleCount:N0} samples taken, {feeder.SampleCount - counts[Count.Samples]:N0} lost");
    }

    /// <summary>Until everything is handled and acknowledged; resident bytes at one third and at the end.</summary>
    private static async Task<(long Third, long End)> WatchAsync(WardPipeline pipeline, long records, Task running, CancellationToken stop)
    {
        long third = 0;
        using var timer = new PeriodicTimer(Look);
        while (await timer.WaitForNextTickAsync(stop))
        {
            if (running.IsCompleted)
                await running;
            if (pipeline.Counts is not { } counts)
                continue;
            if (third == 0 && counts[Count.Records] >= records / 3)
                third = Environment.WorkingSet;
            if (counts[Count.Records] >= records && counts[Count.Batches] == counts[Count.BatchesAcknowledged])
                break;
        }
        return (third, Environment.WorkingSet);
    }
}
