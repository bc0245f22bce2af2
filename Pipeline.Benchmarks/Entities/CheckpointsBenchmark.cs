using System.Diagnostics;
using Pipeline.Benchmarks.Ward;
using Pipeline.Host.Kafka;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// Checkpoints of a whole ward in a real broker's transactions, one after the other without pause, and then a restore of all of it: with topics as
/// <c>./pipeline topics</c> makes them, every patient changed in every checkpoint.
/// </summary>
internal sealed class CheckpointsBenchmark : IBenchmark
{
    private const int Patients = 1_000;

    public string Name => "checkpoints";

    public string Summary => "1,000 patients' snapshots and 8 offsets in one transaction of a real broker, again and again; then the restore of all of them";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (BenchBroker.FindScript() is not { } script)
        {
            report.Remark("skipped: ../shared/servers/kafka (or PIPELINE_SHARED) is not there");
            return;
        }
        await using var broker = await BenchBroker.StartAsync(script, stop);
        using var group = await CheckpointedWard.JoinAsync(broker, stop);
        var ward = CheckpointedWard.Snapshots(report.Quick ? 100 : Patients, group.Options.Partitions);
        var rounds = report.Quick ? 2 : 25;
        await using (var log = group.Log())
            await CommitAsync(report, broker, group, log, ward, rounds, stop);
        for (var i = 0; i < (report.Quick ? 1 : 3); i++)
            await RestoreAsync(report, group, ward, rounds, stop);
    }

    private static async Task CommitAsync(Report report, BenchBroker broker, CheckpointedWard group, KafkaShardLog log, PatientSnapshot[][] ward, int rounds, CancellationToken stop)
    {
        var leases = await Task.WhenAll(ward.Select((_, shard) => log.AssignAsync(shard, 0, null, stop)));
        var times = new List<double>();
        var (cost, brokerCpu) = (Cost.Now(), broker.CpuSeconds);
        for (var round = 1; round <= rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            await group.CommitAsync(log, leases, ward, round, stop);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        (cost, brokerCpu) = (Cost.Now() - cost, broker.CpuSeconds - brokerCpu);
        var count = (double)rounds * ward.Sum(patients => patients.Length);
        report.Add("commit_of_the_ward", times.Order().ElementAt(times.Count / 2), "ms");
        report.Add("cpu_per_snapshot", cost.ProcessCpuSeconds / count * 1e6, "us");
        report.Add("broker_cpu_per_snapshot", brokerCpu / count * 1e6, "us");
    }

    private static async Task RestoreAsync(Report report, CheckpointedWard group, PatientSnapshot[][] ward, int rounds, CancellationToken stop)
    {
        var stored = group.OffsetsOfTheState();
        await using var log = group.Log();
        var start = Stopwatch.GetTimestamp();
        await CheckpointedWard.CheckAsync(log, ward, rounds, stop);
        report.Add("restore_of_the_ward", Stopwatch.GetElapsedTime(start).TotalSeconds, "s", new Reference("wanted for 1,000 patients", 2));
        report.Remark($"{ward.Sum(patients => patients.Length)} patients; offsets of {stored} records lie between the changelog's ends");
    }
}
