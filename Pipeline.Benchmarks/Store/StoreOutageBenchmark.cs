using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Influx;

namespace Pipeline.Benchmarks.Store;

/// <summary>
/// InfluxDB is killed in the middle of a run and stays away for a minute: what is lost, what memory does, how long catching up takes.
/// Eight shards write the points of 1,000 beds (two series each, one point every 2 s) as they fall due, a few batches in flight each, as the
/// service's shards do; what falls due during the outage waits in the topic, not in memory.
/// </summary>
internal sealed class StoreOutageBenchmark : IBenchmark
{
    private const int Shards = 8;
    private const int BatchesInFlight = 4;
    private const int Beds = 1_000;

    public string Name => "store-outage";

    public string Summary => "InfluxDB 2.7 and 1.6 killed for 60 s under 1,000 beds (1,000 points/s): points lost, memory, time to catch up.";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        foreach (var (api, version) in new[] { (InfluxApi.V2, "2"), (InfluxApi.V1, "1") })
        {
            using var server = await RealInflux.StartAsync(api);
            if (server is null)
            {
                report.Remark($"no InfluxDB {version} on this machine");
                continue;
            }
            await MeasureAsync(server, $"influx{version}", report, stop);
        }
    }

    private static async Task MeasureAsync(RealInflux server, string name, Report report, CancellationToken stop)
    {
        var (before, outage) = report.Quick ? (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)) : (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60));
        using var meter = new Meter("Pipeline");
        await using var sink = new InfluxSink(
            new InfluxClient(server.Options, TimeProvider.System), new NoDeadLetters(), new InfluxMetrics(meter), NullLogger<InfluxSink>.Instance);
        var run = new Run(sink);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var shards = Enumerable.Range(0, Shards).Select(shard => Task.Run(() => run.WriteShardAsync(shard, end.Token), stop)).ToArray();

        await Task.Delay(before, stop);
        var calm = MemoryNow();
        await server.KillAsync();
        var peak = await WatchAsync(outage, stop);
        var behind = run.Due - run.Acknowledged;
        var back = Stopwatch.StartNew();
        await server.RestartAsync();
        while (run.Due - run.Acknowledged > Beds * WardPoints.SeriesOfABed)
        {
            peak = Math.Max(peak, MemoryNow());
            await Task.Delay(10, stop);
        }
        var caughtUp = back.Elapsed;
        await end.CancelAsync();
        await Task.WhenAll(shards);

        report.Add($"{name}_points_lost", run.Acknowledged - await server.CountAsync(), "points");
        report.Add($"{name}_points_behind", behind, "points");
        report.Add($"{name}_catch_up", caughtUp.TotalSeconds, "s");
        report.Add($"{name}_memory_before", calm / 1048576.0, "MiB");
        report.Add($"{name}_memory_peak", peak / 1048576.0, "MiB");
    }

    private static async Task<long> WatchAsync(TimeSpan time, CancellationToken stop)
    {
        var peak = 0L;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < time; await Task.Delay(100, stop))
            peak = Math.Max(peak, MemoryNow());
        return peak;
    }

    private static long MemoryNow()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    /// <summary>The shards' side: points fall due with time, whether the store takes them or not.</summary>
    private sealed class Run(InfluxSink sink)
    {
        private readonly Stopwatch _time = Stopwatch.StartNew();
        private long _acknowledged;

        public long Due => (long)(_time.Elapsed.TotalSeconds / WardPoints.HopSeconds) * Beds * WardPoints.SeriesOfABed;

        public long Acknowledged => Interlocked.Read(ref _acknowledged);

        public async Task WriteShardAsync(int shard, CancellationToken stop)
        {
            using var places = new SemaphoreSlim(BatchesInFlight);
            using var hop = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            try
            {
                for (var window = 0L; ; window++)
                {
                    while (_time.Elapsed.TotalSeconds < window * WardPoints.HopSeconds + shard * WardPoints.HopSeconds / Shards)
                        await hop.WaitForNextTickAsync(stop);
                    await places.WaitAsync(stop);
                    _ = WriteBatchAsync(shard, window, places);
                }
            }
            catch (OperationCanceledException)
            {
                for (var place = 0; place < BatchesInFlight; place++)
                    await places.WaitAsync(CancellationToken.None);
            }
        }

        private async Task WriteBatchAsync(int shard, long window, SemaphoreSlim places)
        {
            var batch = WardPoints.Batch(shard, window, Beds / Shards * WardPoints.SeriesOfABed);
            await sink.WriteAsync(batch, CancellationToken.None);
            Interlocked.Add(ref _acknowledged, batch.Points.Count);
            places.Release();
        }
    }
}
