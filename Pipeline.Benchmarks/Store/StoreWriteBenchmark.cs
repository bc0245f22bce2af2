using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Influx;
using Pipeline.Host.Store;

namespace Pipeline.Benchmarks.Store;

/// <summary>How fast points reach a store: the line alone, the embedded store with its flushes, real servers over one and two connections.</summary>
internal sealed class StoreWriteBenchmark : IBenchmark
{
    private const int BatchPoints = 500;
    private const int BatchesInFlight = 32;

    public string Name => "store-write";

    public string Summary => "Points to line protocol, to the embedded store (flushed), and to InfluxDB 2.7 and 1.6 (gzip): points a second, CPU a point.";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var batches = Enumerable.Range(0, report.Quick ? 40 : 400).Select(window => WardPoints.Batch(window % 8, window, BatchPoints)).ToArray();
        var points = batches.Length * BatchPoints;
        MeasureLines(batches, points, report);
        using var meter = new Meter("Pipeline");
        var folder = Directory.CreateTempSubdirectory("pipeline-bench-").FullName;
        await using (var store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, new NoDeadLetters(), new StoreMetrics(meter), TimeProvider.System, NullLogger<EmbeddedStore>.Instance))
            report.Add("embedded_points_per_s", points / await WriteAllAsync(store, batches, stop), "points/s");
        Directory.Delete(folder, recursive: true);
        foreach (var (api, version) in new[] { (InfluxApi.V2, "2"), (InfluxApi.V1, "1") })
        {
            using var server = await RealInflux.StartAsync(api);
            if (server is null)
            {
                report.Remark($"no InfluxDB {version} on this machine");
                continue;
            }
            await using var sink = new InfluxSink(
                new InfluxClient(server.Options, TimeProvider.System), new NoDeadLetters(), new InfluxMetrics(meter), NullLogger<InfluxSink>.Instance);
            await WriteAllAsync(sink, batches, stop);   // what follows is compiled code, and overwrites the same points
            var cpu = Environment.CpuUsage.TotalTime;
            report.Add($"influx{version}_points_per_s", points / await WriteAllAsync(sink, batches, stop), "points/s");
            report.Add($"influx{version}_cpu", (Environment.CpuUsage.TotalTime - cpu).TotalNanoseconds / points, "ns");
            if (await server.CountAsync() != points)
                report.Remark($"InfluxDB {version} holds {await server.CountAsync()} of {points} points");
        }
    }

    private static void MeasureLines(OutputBatch[] batches, int points, Report report)
    {
        var lines = new ArrayBufferWriter<byte>(1 << 20);
        var best = double.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var cost = Cost.Of(() =>
            {
                foreach (var batch in batches)
                {
                    lines.ResetWrittenCount();
                    foreach (var point in batch.Points)
                        LineProtocol.Append(point, lines);
                }
            });
            best = Math.Min(best, cost.ThreadCpuSeconds);
        }
        report.Add("line", best / points * 1e9, "ns");
    }

    private static async Task<double> WriteAllAsync(IPatientSink sink, OutputBatch[] batches, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = BatchesInFlight, CancellationToken = stop }, async (batch, token) => await sink.WriteAsync(batch, token));
        return watch.Elapsed.TotalSeconds;
    }
}
