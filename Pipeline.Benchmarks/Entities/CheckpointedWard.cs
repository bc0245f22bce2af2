using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Benchmarks.Ward;
using Pipeline.Host.Kafka;
using Pipeline.Host.State;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Entities;

/// <summary>
/// A member of a group, on a broker with the topics as <c>./pipeline topics</c> makes them, that owns all shards: so checkpoints can be committed
/// as a worker commits them, without its stream of records.
/// </summary>
internal sealed class CheckpointedWard : IDisposable
{
    private const int Beds = 40;

    private readonly IConsumer<byte[], byte[]> _member;
    private readonly SnapshotStore _passive = SnapshotStore.CreateTemporary();

    private CheckpointedWard(KafkaOptions options, IConsumer<byte[], byte[]> member) => (Options, _member) = (options, member);

    /// <summary>Where the topics are.</summary>
    public KafkaOptions Options { get; }

    /// <summary>Creates the topics, joins, and waits until all shards are its.</summary>
    public static async Task<CheckpointedWard> JoinAsync(BenchBroker broker, CancellationToken stop)
    {
        var options = new KafkaOptions { BootstrapServers = broker.BootstrapServers, Replicas = 1 };
        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, stop), alter: false, TimeProvider.System);
        var member = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Consumer(options)).SetLogHandler((_, _) => { }).Build();
        member.Subscribe(options.SamplesTopic);
        while (member.Assignment.Count < options.Partitions)
            member.Consume(TimeSpan.FromMilliseconds(20));
        return new CheckpointedWard(options, member);
    }

    /// <summary>Patients by shard, each with the state of one of some simulated beds.</summary>
    public static PatientSnapshot[][] Snapshots(int patients, int shards)
    {
        var transfer = new StateTransfer();
        var beds = Enumerable.Range(0, Math.Min(Beds, patients))
            .Select(seed => SnapshotsBenchmark.Bed(seed, hasAbp: false).Select(stream => new PlacedDevice(stream.Capture(transfer), "ward", "bed", default)).ToArray())
            .ToArray();
        return [.. Enumerable.Range(0, shards).Select(shard => Enumerable.Range(0, patients).Where(p => p % shards == shard)
            .Select(p => new PatientSnapshot(new PatientId($"P-{p:00000}"), new RecordPosition(default, shard, 0), beds[p % beds.Length])).ToArray())];
    }

    /// <summary>A log as a worker has one, with or without shards that are kept warm.</summary>
    public KafkaShardLog Log(StandbyReader? standby = null) =>
        new(Options, () => _member.ConsumerGroupMetadata, _passive, NullLogger<KafkaShardLog>.Instance, TimeProvider.System, null, standby);

    /// <summary>Commits a checkpoint of every shard, each patient of it changed.</summary>
    public async Task CommitAsync(KafkaShardLog log, ShardRestore[] leases, PatientSnapshot[][] ward, long offset, CancellationToken stop)
    {
        _member.Consume(TimeSpan.Zero);     // a member that does not ask for records is thrown out in time
        var outcomes = await Task.WhenAll(ward.Select((patients, shard) => log.CommitAsync(
            new ShardCheckpoint(leases[shard].Lease, new RecordPosition(default, shard, offset), patients, []), stop)));
        if (outcomes.Any(outcome => outcome != CommitOutcome.Committed))
            throw new InvalidOperationException($"Checkpoint {offset} was not committed.");
    }

    /// <summary>What a worker that owns all shards reads when it begins, and how long that takes; checked to be the whole ward at <paramref name="offset"/>.</summary>
    public static async Task CheckAsync(KafkaShardLog log, PatientSnapshot[][] ward, long offset, CancellationToken stop)
    {
        var restored = await Task.WhenAll(ward.Select((_, shard) => log.AssignAsync(shard, 0, null, stop)));
        if (restored.Any(r => r.Through?.Offset != offset || r.Refused.Count > 0 || r.KeptCount != ward[r.Lease.Shard].Length))
            throw new InvalidOperationException("The restore differs from what was committed.");
    }

    /// <summary>Offsets between the ends of the changelog, of all partitions.</summary>
    public long OffsetsOfTheState() => Enumerable.Range(0, Options.Partitions)
        .Select(shard => _member.QueryWatermarkOffsets(new TopicPartition(Options.StateTopic, shard), TimeSpan.FromSeconds(10)))
        .Sum(there => there.High.Value - there.Low.Value);

    public void Dispose()
    {
        _member.Close();
        _member.Dispose();
        _passive.Dispose();
    }
}
