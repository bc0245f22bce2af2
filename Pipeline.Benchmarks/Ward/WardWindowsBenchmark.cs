using Pipeline.Actors;

namespace Pipeline.Benchmarks.Ward;

/// <summary>
/// The "ward windows" workload through the product's topology: mailboxes, shard loops, patient look-up, duplicate and gap rule, windower. Only
/// the message decoder and the statistics stage are the benchmark's. CPU is that of the whole process, making the messages included.
/// </summary>
internal sealed class WardWindowsBenchmark : IBenchmark
{
    private const int Rounds = 5;

    private static readonly Expected SmallW0 = new(false, 100, 60, 5_992, 41, 2_697, 0xc0df24ccc8fa7cd8);
    private static readonly Expected SmallW1 = new(true, 100, 60, 5_992, 41, 2_697, 0xb5a8b5f981a2b52a, 32_794);
    private static readonly Expected LargeW0 = new(false, 1_000, 600, 599_962, 4_636, 296_990, 0x85692bba33001080);

    public string Name => "ward-windows";

    public string Summary => "1,000 patients, 4 x 125 int16 a second, windows of 8 s every 2 s, in memory: W0 statistics, W1 and 1,024-point spectra; chunks per CPU second";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        var small = new WardSignal(100);
        Check(report, SmallW0, await RunAsync(small, 60, spectra: false, stop));
        Check(report, SmallW1, await RunAsync(small, 60, spectra: true, stop));
        if (report.Quick)
            return;
        var large = new WardSignal(1_000);
        await RunAsync(large, 150, spectra: true, stop);     // so that the compiler has seen it all,
        await RunAsync(large, 600, spectra: false, stop);    // and compiled it again for what it saw most
        WardPlainLoop.Run(large, 150);
        var ours = new double[Rounds];
        var plain = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            (ours[i], var result) = await MeasureAsync(() => RunAsync(large, 600, spectra: false, stop), report, $"W0 round {i + 1}");
            Check(report, LargeW0, result);
            (plain[i], result) = await MeasureAsync(() => Task.FromResult(WardPlainLoop.Run(large, 600)), report, $"plain loop round {i + 1}");
            Check(report, LargeW0, result);
        }
        report.Add("chunks_per_cpu_s", Quantiles.Median(ours), "1/s", new Reference("plain Java loop, published", 1_100_000));
        for (var i = 0; i < Rounds; i++)
            (ours[i], _) = await MeasureAsync(() => RunAsync(large, 300, spectra: true, stop), report, $"W1 round {i + 1}");
        report.Add("chunks_per_cpu_s", Quantiles.Median(ours), "1/s", new Reference("W1: plain Java loop, published", 60_000));
        report.Add("plain_loop_chunks_per_cpu_s", Quantiles.Median(plain), "1/s", new Reference("plain Java loop, published", 1_100_000));
    }

    private static async Task<(double Rate, Result Result)> MeasureAsync(Func<Task<Result>> work, Report report, string name)
    {
        GC.Collect();
        var start = Cost.Now();
        var result = await work();
        var cost = Cost.Now() - start;
        var rate = result.MessageCount / cost.ProcessCpuSeconds;
        report.Remark($"{name}: {rate:0} chunks per CPU second; {cost.WallSeconds:0.00} s elapsed, {cost.ProcessCpuSeconds:0.00} s CPU, {cost.ProcessBytes / result.MessageCount} bytes allocated a message");
        return (rate, result);
    }

    /// <summary>Runs the workload once.</summary>
    internal static async Task<Result> RunAsync(WardSignal signal, int seconds, bool spectra, CancellationToken stop)
    {
        var totals = new WardTotals();
        await using var source = new WardSource(signal, seconds);
        await using var local = new LocalActors();
        await using var partitions = new Partitions(new TopologyOptions(), [], TimeProvider.System, new PartitionParts
        {
            Actors = local.Actors,
            Stages = first => [totals.Add(new WardStage(int.Parse(first.Patient.Value.AsSpan(1)), spectra))],
        });
        var counts = await Topology.RunAsync(source, partitions, stop);
        return new Result(source.MessageCount, counts[Count.ChunksDuplicate] + counts[Count.ChunksLate], totals.WindowCount, totals.Checksum, totals.PeakSum);
    }

    private static void Check(Report report, Expected expected, Result result)
    {
        var name = $"{(expected.Spectra ? "W1" : "W0")}, {expected.Patients} patients, {expected.Seconds} s";
        var wanted = new Result(expected.Messages, expected.Dropped, expected.Windows, expected.Checksum, expected.PeakSum);
        if (result != wanted)
            throw new InvalidOperationException($"{name}: {result} where {wanted} is right.");
        if (expected.Seconds == 60)
            report.Remark($"{name}: checksum {result.Checksum:x16}, as it must be");
    }

    internal sealed record Result(long MessageCount, long DroppedCount, long WindowCount, ulong Checksum, long PeakSum);

    private sealed record Expected(bool Spectra, int Patients, int Seconds, long Messages, long Dropped, long Windows, ulong Checksum, long PeakSum = 0);
}
