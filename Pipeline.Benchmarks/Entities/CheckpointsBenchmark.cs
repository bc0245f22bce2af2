using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Benchmarks.Ward;
using Pipeline.Host.Kafka;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// Checkpoints of a whole ward in a real broker's transactions, one after the other without pause, and then a restore of all of it: with topics as
/// <c>./pipeline topics</c> makes them, every patient changed in every checkpoint.
/// </summary>
internal sealed class CheckpointsBenchmark : IBenchmark
{
    private const int Patients = 1_000;
    private const int Beds = 40;

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
        var options = new KafkaOptions { BootstrapServers = broker.BootstrapServers, Replicas = 1 };
        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, stop), alter: false, TimeProvider.System);
        using var member = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Consumer(options)).SetLogHandler((_, _) => { }).Build();
        member.Subscribe(options.SamplesTopic);
        while (member.Assignment.Count < options.Partitions)
            member.Consume(TimeSpan.FromMilliseconds(20));

        var ward = Ward(report.Quick ? 100 : Patients, options.Partitions);
        var rounds = report.Quick ? 2 : 25;
        await using (var log = Log(options, member))
            await CommitAsync(report, broker, log, ward, rounds, stop);
        for (var i = 0; i < (report.Quick ? 1 : 3); i++)
            await RestoreAsync(report, options, member, ward, rounds, stop);
        member.Close();
    }

    private static async Task CommitAsync(Report report, BenchBroker broker, KafkaShardLog log, PatientSnapshot[][] ward, int rounds, CancellationToken stop)
    {
        var leases = await Task.WhenAll(ward.Select((_, shard) => log.AssignAsync(shard, null, stop)));
        var times = new List<double>();
        var (cost, brokerCpu) = (Cost.Now(), broker.CpuSeconds);
        for (var round = 1; round <= rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var outcomes = await Task.WhenAll(ward.Select((patients, shard) => log.CommitAsync(
                new ShardCheckpoint(leases[shard].Lease, new RecordPosition(default, shard, round), patients, []), stop)));
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (outcomes.Any(outcome => outcome != CommitOutcome.Committed))
                throw new InvalidOperationException($"Round {round} was not committed.");
        }
        (cost, brokerCpu) = (Cost.Now() - cost, broker.CpuSeconds - brokerCpu);
        var count = (double)rounds * ward.Sum(patients => patients.Length);
        report.Add("commit_of_the_ward", times.Order().ElementAt(times.Count / 2), "ms");
        report.Add("cpu_per_snapshot", cost.ProcessCpuSeconds / count * 1e6, "us");
        report.Add("broker_cpu_per_snapshot", brokerCpu / count * 1e6, "us");
    }

    private static async Task RestoreAsync(
        Report report, KafkaOptions options, IConsumer<byte[], byte[]> member, PatientSnapshot[][] ward, int rounds, CancellationToken stop)
    {
        var stored = ward.Select((_, shard) => member.QueryWatermarkOffsets(new TopicPartition(options.StateTopic, shard), TimeSpan.FromSeconds(10)))
            .Sum(there => there.High.Value - there.Low.Value);
        await using var log = Log(options, member);
        var start = Stopwatch.GetTimestamp();
        var restored = await Task.WhenAll(ward.Select((_, shard) => log.AssignAsync(shard, null, stop)));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (restored.Any(r => r.Through?.Offset != rounds || r.Refused.Count > 0 || r.Patients.Count != ward[r.Lease.Shard].Length))
            throw new InvalidOperationException("The restore differs from what was committed.");
        report.Add("restore_of_the_ward", seconds, "s", new Reference("wanted for 1,000 patients", 2));
        report.Remark($"{restored.Sum(r => r.Patients.Count)} patients; offsets of {stored} records lie between the changelog's ends");
    }

    private static KafkaShardLog Log(KafkaOptions options, IConsumer<byte[], byte[]> member) =>
        new(options, () => member.ConsumerGroupMetadata, NullLogger<KafkaShardLog>.Instance, TimeProvider.System);

    /// <summary>Patients by shard, each with the state of one of some simulated beds.</summary>
    private static PatientSnapshot[][] Ward(int patients, int shards)
    {
        var transfer = new StateTransfer();
        var beds = Enumerable.Range(0, Math.Min(Beds, patients))
            .Select(seed => SnapshotsBenchmark.Bed(seed, hasAbp: false).Select(stream => new PlacedDevice(stream.Capture(transfer), "ward", "bed", default)).ToArray())
            .ToArray();
        return [.. Enumerable.Range(0, shards).Select(shard => Enumerable.Range(0, patients).Where(p => p % shards == shard)
            .Select(p => new PatientSnapshot(new PatientId($"P-{p:00000}"), new RecordPosition(default, shard, 0), beds[p % beds.Length])).ToArray())];
    }
}
