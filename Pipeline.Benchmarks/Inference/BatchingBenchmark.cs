using System.Globalization;
using Pipeline.Actors.Inference;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;

namespace Pipeline.Benchmarks.Inference;

/// <summary>The batching worker against the bare batched forward of the same network, and how long a window waits.</summary>
internal sealed class BatchingBenchmark : IBenchmark
{
    private const int Patients = 1_000;
    private static readonly TimeSpan Hop = TimeSpan.FromSeconds(2);

    public string Name => "batching";

    public string Summary => "1,000 patients through the batching worker (one thread, batches of 64), request posted to answer applied, against the bare forward of full batches that are already in place";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        await RunAsync(BenchNetwork.Shipped(NetworkKind.HeartRate), 40_000, report.Quick ? 1_000 : 40_000, report, stop);
        await RunAsync(BenchNetwork.Shipped(NetworkKind.Autoencoder), null, report.Quick ? 500 : 20_000, report, stop);
        if (BenchNetwork.CnnLstm() is { } network)
            await RunAsync(network, null, report.Quick ? 128 : 3_000, report, stop);
        else
            report.Remark("the CNN-LSTM is left out: libtorch, whose exporter writes it, is not here");
    }

    private static async Task RunAsync(BenchNetwork network, double? target, int windows, Report report, CancellationToken stop)
    {
        var options = new InferenceOptions();
        MeasureForward(network, target, windows, report);
        using var telemetry = new InferenceTelemetry();
        await using var workers = new InferenceWorkers(network.Name, network.Open, options, TimeProvider.System, telemetry);
        using var bare = network.Open(options.BatchSizes);
        FillInput(bare);
        var ward = new ServedWard(workers, Patients);
        await ward.RunClosedAsync(Math.Max(windows / 4, options.MaxBatch), stop);
        RunBare(bare, options.MaxBatch, windows / 4);
        var rounds = report.Quick ? 1 : 7;
        var (direct, served, elapsed) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var before = Cost.Now();
            var computed = RunBare(bare, options.MaxBatch, windows);
            direct.Add((Cost.Now() - before).ProcessCpuSeconds / computed);
            before = Cost.Now();
            await ward.RunClosedAsync(windows, stop);
            var cost = Cost.Now() - before;
            served.Add(cost.ProcessCpuSeconds / windows);
            elapsed.Add(cost.WallSeconds / windows);
        }
        var (one, all) = (Quantiles.Median(direct), Quantiles.Median(served));
        report.Add(network.Name + "_served", 1 / all, "windows/CPU s", new Reference("bare forward", 1 / one));
        report.Add(network.Name + "_served_elapsed", 1 / Quantiles.Median(elapsed), "windows/s");
        report.Add(network.Name + "_overhead", (all - one) * 1e6, "us/window", new Reference("promised at most", 2));
        foreach (var allAtOnce in new[] { false, true })
            await MeasureLatencyAsync(network, ward, allAtOnce, report, stop);
    }

    private static void MeasureForward(BenchNetwork network, double? target, int windows, Report report)
    {
        int[] sizes = report.Quick ? [1, 32] : [1, 8, 32, 64, 128];
        using var session = network.Open(sizes);
        FillInput(session);
        var seconds = SideBySide.ThreadCpuSeconds(1, report.Quick ? 1 : 5, [.. sizes.Select(size => (Action)(() => RunBare(session, size, windows / 4)))]);
        for (var i = 0; i < sizes.Length; i++)
        {
            var computed = (windows / 4 + sizes[i] - 1) / sizes[i] * sizes[i];
            report.Add(
                string.Create(CultureInfo.InvariantCulture, $"{network.Name}_forward_batch_{sizes[i]}"), computed / seconds[i], "windows/CPU s",
                target is { } wanted && sizes[i] >= 32 ? new Reference("promised at least", wanted) : null);
        }
    }

    private static async Task MeasureLatencyAsync(BenchNetwork network, ServedWard ward, bool allAtOnce, Report report, CancellationToken stop)
    {
        var (seconds, late) = await ward.RunOpenAsync(Hop, report.Quick ? 1 : 8, allAtOnce, stop);
        seconds.Sort();
        var phases = allAtOnce ? "all_at_once" : "uniform";
        report.Add($"{network.Name}_{phases}_p50", seconds[seconds.Count / 2] * 1e3, "ms");
        report.Add($"{network.Name}_{phases}_p99", seconds[seconds.Count * 99 / 100] * 1e3, "ms", allAtOnce ? null : new Reference("promised at most", 50));
        report.Add($"{network.Name}_{phases}_max", seconds[^1] * 1e3, "ms");
        if (late > 0)
            report.Remark($"{late} windows were due before the patient's last answer was there");
    }

    private static void FillInput(IModelSession session)
    {
        var rows = BenchNetwork.Rows(session.BatchSizes[^1], session.InputLength);
        for (var i = 0; i < rows.Length; i++)
            rows[i].CopyTo(session.Input[(i * session.InputLength)..]);
    }

    private static int RunBare(IModelSession session, int size, int windows)
    {
        var computed = 0;
        for (; computed < windows; computed += size)
            session.Run(size);
        return computed;
    }
}
