using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Inference;
using Pipeline.Host.Configuration;
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

    public string Summary => "1,000 beds (PPG + ACC 125 Hz, ECG 250 Hz), 3 minutes of backlog in the embedded broker, all estimators, results topic, embedded store (--model NAME: with a network)";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var model = new TopologyOptions { Model = report.Model ?? new TopologyOptions().Model };
        report.Remark($"heart rate from PPG: {model.Model}");
        if (report.Quick)
        {
            Tell(report, await RunAsync(new FeedRequest(50, 20, 8, ""), model, stop));
            return;
        }
        // A service that lost its broker has been running for long: its code is compiled.
        await RunAsync(new FeedRequest(200, 40, 25, ""), model, stop);
        Tell(report, await RunAsync(new FeedRequest(1_000, 180, 125, ""), model, stop));
    }

    internal static async Task<Outcome> RunAsync(FeedRequest request, TopologyOptions topology, CancellationToken stop)
    {
        using var feeder = await FeederProcess.StartAsync(request, stop);
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-");
        try
        {
            var settings = new PipelineSettings(
                EmbeddedBroker.Reach(new KafkaOptions { Partitions = request.Partitions, CheckpointFolder = Path.Combine(folder.FullName, "checkpoints") }, feeder.BootstrapServers),
                topology, new InfluxOptions(), new EmbeddedStoreOptions { Directory = folder.FullName }, new InferenceOptions());
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
            return new Outcome(request, feeder.SampleCount, counts, cost, feeder.LoadCpuSeconds, await feeder.EndAsync(stop), third, end, heap);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Tell(Report report, Outcome o)
    {
        var patientSeconds = (double)o.Request.Beds * o.Request.Seconds;
        report.Add("times_real_time", o.Request.Seconds / o.Cost.WallSeconds, "x", new Reference("promised at least", 20));
        report.Add("times_real_time_of_two_free_cores", 2 * o.Request.Seconds / (o.Cost.ProcessCpuSeconds + o.BrokerCpuSeconds), "x", new Reference("promised at least", 20));
        report.Add("cpu_per_patient_second", o.Cost.ProcessCpuSeconds / patientSeconds * 1e6, "us");
        report.Add("broker_cpu_per_patient_second", o.BrokerCpuSeconds / patientSeconds * 1e6, "us");
        report.Add("feeder_cpu_per_patient_second", o.FeederCpuSeconds / patientSeconds * 1e6, "us");
        report.Add("cores_used", o.Cost.ProcessCpuSeconds / o.Cost.WallSeconds, "1");
        report.Add("samples_per_s", o.Counts[Count.Samples] / o.Cost.WallSeconds, "1/s");
        report.Add("allocated_per_patient_second", o.Cost.ProcessBytes / patientSeconds, "By");
        report.Add("memory_at_one_third", o.MemoryAtThird / 1048576.0, "MiB");
        report.Add("memory_at_end", o.MemoryAtEnd / 1048576.0, "MiB", new Reference("at one third", o.MemoryAtThird / 1048576.0));
        report.Add("memory_per_patient", o.HeapBytes / 1024.0 / o.Request.Beds, "KiB", new Reference("promised at most", 64));
        if (o.Counts[Count.Questions] > 0)
            report.Add("network_windows_per_s", o.Counts[Count.Answers] / o.Cost.WallSeconds, "1/s");
        report.Remark($"{o.Counts[Count.Windows]:N0} windows, {o.Counts[Count.Questions]:N0} of them asked of a network, {o.Counts[Count.Estimates]:N0} estimates, {o.Counts[Count.Values]:N0} with a value; "
            + $"{o.Counts[Count.SamplesTaken]:N0} of {o.SampleCount:N0} samples taken, {o.SampleCount - o.Counts[Count.Samples]:N0} lost");
        report.Remark("feeder: the devices' producer and the broker's taking, before the clock starts; broker: its giving, while the clock runs; both in a process of their own");
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
            if (counts[Count.Records] >= records && counts.IsSettled)
                break;
        }
        return (third, Environment.WorkingSet);
    }

    internal sealed record Outcome(
        FeedRequest Request, long SampleCount, Counts Counts, Cost Cost, double FeederCpuSeconds, double BrokerCpuSeconds, long MemoryAtThird, long MemoryAtEnd, long HeapBytes);
}
