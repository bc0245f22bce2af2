using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Benchmarks.Ward;
using Pipeline.Host.Kafka;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>How long a process takes to have the state of all shards of a ward when their owner has just gone: read from the changelog, and kept warm.</summary>
internal sealed class StandbyBenchmark : IBenchmark
{
    private const int Rounds = 5, Checkpoints = 10;

    public string Name => "standby";

    public string Summary => "restore of a ward of 1,000 beds from a real broker's changelog, with its state kept warm (Kafka:Standby=1) and without";

    public async Task RunAsync(Report report, CancellationToken stop)
    {
        if (BenchBroker.FindScript() is not { } script)
        {
            report.Remark("skipped: ../shared/servers/kafka (or PIPELINE_SHARED) is not there");
            return;
        }
        await using var broker = await BenchBroker.StartAsync(script, stop);
        using var group = await CheckpointedWard.JoinAsync(broker, stop);
        var ward = CheckpointedWard.Snapshots(report.Quick ? 100 : 1_000, group.Options.Partitions);
        await using var owner = group.Log();
        var leases = await Task.WhenAll(ward.Select((_, shard) => owner.AssignAsync(shard, 0, null, stop)));
        long offset = 0;
        while (offset < Checkpoints)
            await group.CommitAsync(owner, leases, ward, ++offset, stop);
        for (var round = 0; round < Rounds; round++)
        {
            // An owner that dies has said its last word some seconds ago; one that hands over says it at that moment, for every patient.
            await using (var standby = await WarmAsync(group, ward.Length, stop))
                await MeasureAsync(report, "of_a_dead_owner_warm", group, standby, ward, offset, stop);
            await MeasureAsync(report, "of_a_dead_owner_cold", group, null, ward, offset, stop);
            await using (var standby = await WarmAsync(group, ward.Length, stop))
            {
                await group.CommitAsync(owner, leases, ward, ++offset, stop);
                await MeasureAsync(report, "handed_over_warm", group, standby, ward, offset, stop);
            }
            await group.CommitAsync(owner, leases, ward, ++offset, stop);
            await MeasureAsync(report, "handed_over_cold", group, null, ward, offset, stop);
        }
    }

    private static async Task<StandbyReader> WarmAsync(CheckpointedWard group, int shards, CancellationToken stop)
    {
        var standby = new StandbyReader(group.Options, NullLogger.Instance, TimeProvider.System, null);
        standby.Keep(Enumerable.Range(0, shards));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (standby.WarmCount < shards)
            await timer.WaitForNextTickAsync(stop);
        return standby;
    }

    private static async Task MeasureAsync(
        Report report, string name, CheckpointedWard group, StandbyReader? standby, PatientSnapshot[][] ward, long offset, CancellationToken stop)
    {
        await using var log = group.Log(standby);
        var start = Stopwatch.GetTimestamp();
        await CheckpointedWard.CheckAsync(log, ward, offset, stop);
        report.Add($"restore_{name}", Stopwatch.GetElapsedTime(start).TotalSeconds, "s");
    }
}
