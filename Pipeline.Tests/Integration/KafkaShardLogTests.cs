using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models.State;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.State;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Checkpoints in a real broker's transactions.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class KafkaShardLogTests(KafkaServer server) : ShardLogContract, IDisposable
{
    private KafkaOptions? _options;
    private Member? _member;    // of the contract's tests

    public void Dispose() => _member?.Dispose();

    private protected override async Task<IShardLog> OpenAsync()
    {
        _options ??= await server.PrepareAsync();
        _member ??= new Member(_options);
        _member.PollUntil(() => _member.Owned == 4);
        return Log(_options, _member);
    }

    [SkippableFact]
    public async Task The_group_stands_behind_the_last_checkpoint()
    {
        await using var log = await OpenAsync();
        var lease = await AssignAsync(log, 2, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 25, ["P1"]), CommitOutcome.Committed);

        Assert.Equal(26, _member!.Committed(2));
    }

    [SkippableFact]
    public async Task An_old_generation_commits_nothing_that_is_ever_seen()
    {
        var options = await server.PrepareAsync();
        using var first = new Member(options);
        first.PollUntil(() => first.Owned == 4);
        await using var log = Log(options, first);
        var lease = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 5, ["P1"]), CommitOutcome.Committed);

        // The first is frozen from here on: it hears nothing of the second, its lease stands, it holds the generation of before.
        var frozen = first.Membership();
        await using var late = Log(options, () => frozen);
        var lateLease = await AssignAsync(late, 0, "5: P1@5");
        using var second = new Member(options);
        first.PollUntil(() =>
        {
            second.Poll();
            return second.Owned > 0;
        });
        await CommitAsync(late, Snapshots.Checkpoint(lateLease, 9, ["P1", "P9"]), CommitOutcome.Fenced);

        await using var next = Log(options, second);
        await AssignAsync(next, 0, "5: P1@5");
        Assert.Equal(6, second.Committed(0));
        // Whoever is in the present generation goes on with the same producer.
        var stands = await AssignAsync(next, 3, "nothing:");
        await CommitAsync(next, Snapshots.Checkpoint(stands, 1, ["P7"]), CommitOutcome.Committed);
        Assert.DoesNotContain(await TopicReading.ReadAllAsync(options, options.StateTopic), record => record.Message.Key.AsSpan().SequenceEqual("P9"u8));
    }

    [SkippableFact]
    public async Task Every_topic_has_an_id_of_its_own()
    {
        var options = await server.PrepareAsync();
        using var admin = new KafkaAdmin(options, TimeProvider.System);

        var samples = await admin.TopicAsync(options.SamplesTopic);

        Assert.NotNull(samples);
        Assert.NotEqual(Guid.Empty, samples.Value.Id);
        Assert.Equal(samples, await admin.TopicAsync(options.SamplesTopic));
        Assert.NotEqual(samples.Value.Id, (await admin.TopicAsync(options.StateTopic))?.Id);
        Assert.Null(await admin.TopicAsync("no-such-topic"));
    }

    [SkippableFact]
    public async Task The_open_transaction_of_a_process_that_died_is_neither_seen_nor_waited_for()
    {
        var options = await server.PrepareAsync();
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        await using var log = Log(options, member);
        var lease = await AssignAsync(log, 1, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 5, ["P1"]), CommitOutcome.Committed);
        using var died = Begun(options, $"{options.GroupId}-died");
        died.Produce(new TopicPartition(options.StateTopic, 1), new Message<byte[], byte[]> { Key = "P1"u8.ToArray(), Value = SnapshotCodec.Encode(Snapshots.Of("P1", 1, 8)) });
        died.Flush(Patience);

        await using var next = Log(options, member);
        var restored = await AssignAsync(next, 1, "5: P1@5");

        await CommitAsync(next, Snapshots.Checkpoint(restored, 6, ["P2"]), CommitOutcome.Committed);
        died.AbortTransaction(Patience);
        await using var last = Log(options, member);
        await AssignAsync(last, 1, "6: P1@5 P2@6");
    }

    [SkippableFact]
    public async Task A_first_checkpoint_that_is_not_yet_shown_is_waited_for_as_the_groups_offset_may_be_shown_before()
    {
        var options = await server.PrepareAsync();
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        await using var log = Log(options, member);

        await IsWaitedForAsync(log, options, topic: null, "8: P1@8");
    }

    [SkippableFact]
    public async Task The_first_checkpoint_of_a_topic_that_was_made_anew_is_waited_for_behind_the_old_topics_mark()
    {
        var options = await server.PrepareAsync();
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        await using var log = Log(options, member);
        var lease = await AssignAsync(log, 1, "nothing:");
        var old = Snapshots.Checkpoint(lease, 5, ["P2"]);
        await CommitAsync(log, old with { Through = old.Through with { TopicId = Guid.NewGuid() } }, CommitOutcome.Committed);

        await IsWaitedForAsync(log, options, Task.FromResult(Snapshots.Topic), "8: P1@8 P2@5");
    }

    [SkippableFact]
    public async Task A_checkpoint_that_the_group_has_and_nobody_sees_yet_is_waited_for_and_an_open_transaction_is_not()
    {
        var options = await server.PrepareAsync();
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        await using var log = Log(options, member);
        var lease = await AssignAsync(log, 1, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 5, ["P2"]), CommitOutcome.Committed);

        await IsWaitedForAsync(log, options, topic: null, "8: P1@8 P2@5", committed: 9, atOnce: () => AssignAsync(log, 1, "5: P2@5", committed: 6));
    }

    [SkippableFact]
    public async Task What_the_owner_before_left_open_when_it_died_is_ended_by_the_next_one_long_before_its_time_out()
    {
        var options = await server.PrepareAsync();
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        await using var log = Log(options, member);
        var lease = await AssignAsync(log, 1, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 5, ["P1"]), CommitOutcome.Committed);
        // Goes on under the id of that log as it would, up to the commit: the brokers do not say where the group stands.
        var writer = new Changelog(options, log.Health, NullLogger.Instance, TimeProvider.System, null).ReadNewest(1, CancellationToken.None).Writer;
        Assert.NotNull(writer);
        using var died = Begun(options, writer);
        died.Produce(new TopicPartition(options.StateTopic, 1), new Message<byte[], byte[]> { Key = "P1"u8.ToArray(), Value = SnapshotCodec.Encode(Snapshots.Of("P1", 1, 8)) });
        died.SendOffsetsToTransaction([new TopicPartitionOffset(options.SamplesTopic, 1, 9)], member.Membership(), Patience);
        died.Flush(Patience);

        await using var next = Log(options, member);
        var restored = await next.AssignAsync(1, null, null, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(5, restored.Through?.Offset);
        Assert.Equal(6, member.Committed(1));
        Assert.Throws<KafkaException>(() => died.CommitTransaction(Patience));
        await CommitAsync(log, Snapshots.Checkpoint(lease, 7, ["P1"]), CommitOutcome.Committed);     // a process that is alive after all tries again
    }

    [SkippableTheory]
    [InlineData(null, 1_200_000, 100)]        // the client refuses the record
    [InlineData("262144", 400_000, 90_000)]   // the brokers refuse the batch that it is in, and that of its neighbours, which fit alone
    public async Task A_snapshot_that_fits_into_no_record_is_refused_alone_and_the_checkpoints_of_all_shards_are_committed(string? most, int large, int small)
    {
        var options = await server.PrepareAsync();
        using (var admin = new KafkaAdmin(options, TimeProvider.System))
            if (most is not null)
                await admin.AlterAsync(options.StateTopic, new Dictionary<string, string> { ["max.message.bytes"] = most });
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        var letters = new List<DeadLetter>();
        await using var log = new KafkaShardLog(
            options, member.Membership, new MemoryPatients(), NullLogger<KafkaShardLog>.Instance, TimeProvider.System, null, null, letters.Add);
        var (lease, other) = (await AssignAsync(log, 0, "nothing:"), await AssignAsync(log, 1, "nothing:"));
        await CommitAsync(log, Of(lease, 5, ("P1", small), ("P2", small), ("P3", small), ("P4", small)), CommitOutcome.Committed);

        await CommitAsync(log, Of(lease, 10, ("P1", small), ("P2", large), ("P3", small), ("P4", small)), CommitOutcome.Committed);
        await CommitAsync(log, Of(other, 10, ("Q1", small)), CommitOutcome.Committed);
        await CommitAsync(log, Of(lease, 15, ("P1", small), ("P2", large)), CommitOutcome.Committed);

        var letter = Assert.Single(letters);    // not one each time
        Assert.Equal(("state", options.SamplesTopic, 0, 10L), (letter.Stage, letter.Origin.Topic, letter.Origin.Partition, letter.Origin.Offset));
        Assert.Contains("does not fit into a record", letter.Reason, StringComparison.Ordinal);
        await AssignAsync(log, 0, "15: P1@15 P2@5 P3@10 P4@10");
        await AssignAsync(log, 1, "10: Q1@10");

        var again = await AssignAsync(log, 0, "15: P1@15 P2@5 P3@10 P4@10");
        await CommitAsync(log, Of(again, 20, ("P2", small)), CommitOutcome.Committed);
        await AssignAsync(log, 0, "20: P1@15 P2@20 P3@10 P4@10");

        static ShardCheckpoint Of(ShardLease lease, long through, params (string Patient, int Size)[] changed) => new(
            lease, new RecordPosition(Snapshots.Topic, lease.Shard, through), [.. changed.Select(one => Snapshots.Of(one.Patient, lease.Shard, through, one.Size))], []);
    }

    private static async Task IsWaitedForAsync(
        KafkaShardLog log, KafkaOptions options, Task<Guid>? topic, string expected, long committed = 0, Func<Task>? atOnce = null)
    {
        using var first = Begun(options, $"{options.GroupId}-first");
        var partition = new TopicPartition(options.StateTopic, 1);
        first.Produce(partition, new Message<byte[], byte[]> { Key = "P1"u8.ToArray(), Value = SnapshotCodec.Encode(Snapshots.Of("P1", 1, 8)) });
        first.Produce(partition, new Message<byte[], byte[]> { Key = SnapshotCodec.MarkKey.ToArray(), Value = SnapshotCodec.EncodeMark(new ShardMark(new RecordPosition(Snapshots.Topic, 1, 8), null)) });
        first.Flush(Patience);

        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => log.AssignAsync(1, committed, topic, null, soon.Token));
        if (atOnce is not null)
            await atOnce();

        var restoring = RestoredAsync(log, log.AssignAsync(1, committed, topic, null, CancellationToken.None), expected);
        first.CommitTransaction(Patience);
        await restoring;
    }

    [SkippableFact]
    public async Task A_broker_that_is_killed_is_waited_for_and_the_checkpoint_is_committed()
    {
        var options = await server.PrepareAsync();
        using var member = new Member(options);
        member.PollUntil(() => member.Owned == 4);
        await using var log = Log(options, member);
        var lease = await AssignAsync(log, 0, "nothing:");
        await CommitAsync(log, Snapshots.Checkpoint(lease, 1, ["P1"]), CommitOutcome.Committed);

        await server.KillAsync();
        var committing = log.CommitAsync(Snapshots.Checkpoint(lease, 2, ["P2"]), CancellationToken.None);
        await server.RestartAsync();
        member.PollUntil(() => committing.IsCompleted);

        // The group may have forgotten its member meanwhile: then nothing of the checkpoint is there.
        var outcome = await committing.WaitAsync(Patience);
        await AssignAsync(log, 0, outcome == CommitOutcome.Committed ? "2: P1@1 P2@2" : "1: P1@1");
    }

    /// <summary>A producer with an open transaction, which ends after a minute.</summary>
    private static IProducer<byte[], byte[]> Begun(KafkaOptions options, string transactionalId)
    {
        var producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Transactions(options, transactionalId, TimeSpan.FromSeconds(60))).Build();
        producer.InitTransactions(Patience);
        producer.BeginTransaction();
        return producer;
    }

    private static KafkaShardLog Log(KafkaOptions options, Member member) => Log(options, member.Membership);

    private static KafkaShardLog Log(KafkaOptions options, Func<IConsumerGroupMetadata> membership) =>
        new(options, membership, new MemoryPatients(), NullLogger<KafkaShardLog>.Instance, TimeProvider.System);

    /// <summary>A consumer of the group that only belongs to it.</summary>
    private sealed class Member : IDisposable
    {
        private readonly KafkaOptions _options;
        private readonly IConsumer<byte[], byte[]> _consumer;

        public Member(KafkaOptions options)
        {
            _options = options;
            _consumer = new ConsumerBuilder<byte[], byte[]>(ClientSettings.Consumer(options)).SetLogHandler((_, _) => { }).Build();
            _consumer.Subscribe(options.SamplesTopic);
        }

        public int Owned => _consumer.Assignment.Count;

        public IConsumerGroupMetadata Membership() => _consumer.ConsumerGroupMetadata;

        public void Poll() => _consumer.Consume(TimeSpan.FromMilliseconds(20));

        public void PollUntil(Func<bool> holds)
        {
            using var late = new CancellationTokenSource(Patience);
            while (!holds())
            {
                late.Token.ThrowIfCancellationRequested();
                Poll();
            }
        }

        public long Committed(int partition) =>
            _consumer.Committed([new TopicPartition(_options.SamplesTopic, partition)], Patience).Single().Offset.Value;

        public void Dispose()
        {
            _consumer.Close();
            _consumer.Dispose();
        }
    }
}
