using System.Diagnostics;
using Pipeline.Benchmarks.Ward;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// A worker that dies an hour after the ward began: how much of the changelog there is, and how long another one takes to read the state of all
/// shards. The hour's checkpoints are written one after the other, the last of them at the interval of a real run, with the broker's cleaner as
/// it is set by default; nothing is waited for between the last checkpoint and the restore.
/// </summary>
internal sealed class RestoreBenchmark : IBenchmark
{
    /// <summary>As the default of the brokers is; those of tests clean more often.</summary>
    private const string CleanersPause = "log.cleaner.backoff.ms=15000";

    /// <summary>More is not left on the disk before the cleaner came: a real run writes a tenth as fast.</summary>
    private const long MostOnDisk = 16L << 30;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public string Name => "restore";

    public string Summary => "a real broker's changelog after 60 minutes of a ward of 1,000 (720 checkpoints), and of 10,000 beds (40 checkpoints): its size, and the restore of all of it";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (BenchBroker.FindScript() is not { } script)
        {
            report.Remark("skipped: ../shared/servers/kafka (or PIPELINE_SHARED) is not there");
            return;
        }
        if (report.Quick)
        {
            await RunAsync(report, script, 100, checkpoints: 20, real: 1, wanted: 2, stop);
            return;
        }
        await RunAsync(report, script, 1_000, checkpoints: 720, real: 6, wanted: 2, stop);
        await RunAsync(report, script, 10_000, checkpoints: 40, real: 6, wanted: 10, stop);
    }

    private static async Task RunAsync(Report report, string script, int patients, int checkpoints, int real, double wanted, CancellationToken stop)
    {
        await using var broker = await BenchBroker.StartAsync(script, stop, CleanersPause);
        using var group = await CheckpointedWard.JoinAsync(broker, stop);
        var ward = CheckpointedWard.Snapshots(patients, group.Options.Partitions);
        var sizes = new List<long>();
        await using (var log = group.Log())
        {
            var leases = await Task.WhenAll(ward.Select((_, shard) => log.AssignAsync(shard, 0, null, stop)));
            var last = Stopwatch.GetTimestamp();
            for (var checkpoint = 1; checkpoint <= checkpoints; checkpoint++)
            {
                await WaitAsync(broker, group.Options.StateTopic, checkpoint > checkpoints - real ? last : null, stop);
                last = Stopwatch.GetTimestamp();
                await group.CommitAsync(log, leases, ward, checkpoint, stop);
                sizes.Add(broker.BytesOf(group.Options.StateTopic));
            }
        }
        Tell(report, patients, ward, sizes, real);
        for (var i = 0; i < 3; i++)
        {
            await using var log = group.Log();
            var start = Stopwatch.GetTimestamp();
            await CheckpointedWard.CheckAsync(log, ward, checkpoints, stop);
            report.Add($"restore_of_{patients}", Stopwatch.GetElapsedTime(start).TotalSeconds, "s", new Reference("wanted", wanted));
        }
    }

    /// <summary>Waits for the next interval of a real run since <paramref name="last"/>; without one only while too much is on the disk.</summary>
    private static async Task WaitAsync(BenchBroker broker, string topic, long? last, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (last is { } since ? Stopwatch.GetElapsedTime(since) < Interval : broker.BytesOf(topic) > MostOnDisk)
            await timer.WaitForNextTickAsync(stop);
    }

    private static void Tell(Report report, int patients, PatientSnapshot[][] ward, List<long> sizes, int real)
    {
        report.Add($"changelog_of_{patients}", sizes[^1] / 1048576.0, "MiB");
        report.Add($"changelog_of_{patients}_most_at_the_real_interval", sizes.TakeLast(real).Max() / 1048576.0, "MiB");
        report.Remark($"{patients:N0} patients, {sizes.Count} checkpoints: {sizes[0] / 1048576.0:N0} MiB after the first, "
            + $"{sizes.Max() / 1048576.0:N0} MiB at most, {sizes[^1] / 1048576.0:N0} MiB when the worker died, {ward.Length} partitions");
    }
}
