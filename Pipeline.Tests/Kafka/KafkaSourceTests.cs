using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Kafka;

/// <summary>The source and the shards on the embedded broker.</summary>
public sealed class KafkaSourceTests : IDisposable
{
    private readonly EmbeddedBroker _broker = new();
    private readonly KafkaOptions _options;

    public KafkaSourceTests()
    {
        _options = _broker.Prepare(new KafkaOptions { Partitions = 4 }, CheckpointFolders.New());
        _options.CheckpointInterval = TimeSpan.FromMilliseconds(100);
        // The broker waits one session, less a second, for the members of a group that changes.
        _options.ConsumerProperties["session.timeout.ms"] = "2000";
    }

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task What_is_published_becomes_points_and_is_committed()
    {
        await KafkaFlow.PublishAsync(_options, patients: 6, from: 0, to: 20);
        await using var flow = KafkaFlow.Start(_options);
        await flow.UntilAsync(sink => sink.Points.Count() == 6 * KafkaFlow.WindowsAfter(20));

        var counts = await flow.StopAsync();

        Assert.Equal(6 * 20, counts[Count.ChunksTaken]);
        Assert.Equal(6 * 20, await KafkaFlow.CommittedAsync(_options));
        Assert.All(flow.Sink.Points, point => Assert.Equal((_options.SamplesTopic, Murmur2.PartitionOf(point.Patient.Value, 4)), (point.Origin.Topic, point.Origin.Partition)));
    }

    [Fact]
    public async Task A_restart_continues_where_the_last_run_ended()
    {
        await KafkaFlow.PublishAsync(_options, patients: 3, from: 0, to: 10);
        await using (var first = KafkaFlow.Start(_options))
            await first.UntilAsync(sink => sink.Points.Count() == 3 * KafkaFlow.WindowsAfter(10));
        await KafkaFlow.PublishAsync(_options, patients: 3, from: 10, to: 24);

        await using var second = KafkaFlow.Start(_options);
        // Without durable state the windows that began before the restart are lost to it: the first whole one begins at 10 s.
        await second.UntilAsync(sink => sink.Points.Count(point => point.WindowStart >= Chunks.Start.AddSeconds(10)) == 3 * KafkaFlow.WindowsAfter(14));
        var counts = await second.StopAsync();

        Assert.Equal(3 * 14, counts[Count.Records]);
        Assert.Equal(3 * 24, await KafkaFlow.CommittedAsync(_options));
    }

    [Fact]
    public async Task A_sink_that_does_not_acknowledge_pauses_the_partitions_and_loses_nothing()
    {
        var gate = new TaskCompletionSource();
        var options = _options.Copy();
        options.PaceByGroup = false;    // 1,200 small records are far less than the broker keeps
        await KafkaFlow.PublishAsync(options, patients: 4, from: 0, to: 300);
        var small = new TopologyOptions { MailboxCapacity = 16, MaxBatchPoints = 10, MaxBatchesInFlight = 1 };
        await using var flow = KafkaFlow.Start(options, new RecordingSink { Gate = gate.Task }, small);
        await flow.UntilPausedAsync();
        Assert.Equal(0, await KafkaFlow.CommittedAsync(options));

        gate.SetResult();
        await flow.UntilAsync(sink => sink.Points.Count() == 4 * KafkaFlow.WindowsAfter(300));
        await flow.StopAsync();

        Assert.Equal(4 * 300, await KafkaFlow.CommittedAsync(options));
        Assert.Empty(flow.Log.At(LogLevel.Error));
    }

    [Fact]
    public async Task What_is_acknowledged_while_it_stops_stays_committed()
    {
        await KafkaFlow.PublishAsync(_options, patients: 4, from: 0, to: 20);
        var draining = new TimerWatch(_options.DrainTimeout);
        await using var flow = KafkaFlow.Start(_options, time: draining);
        await KafkaFlow.UntilCommittedAsync(_options, 4 * 20);
        flow.Sink.Gate = draining.Started;
        await KafkaFlow.PublishAsync(_options, patients: 4, from: 20, to: 40);
        await flow.UntilAsync(sink => sink.Points.Count() == 4 * KafkaFlow.WindowsAfter(40));

        await flow.StopAsync();

        Assert.Equal(4 * 40, await KafkaFlow.CommittedAsync(_options));
    }

    [Fact]
    public async Task The_lag_of_paused_partitions_grows_with_what_is_published()
    {
        var gate = new TaskCompletionSource();
        var options = _options.Copy();
        options.PaceByGroup = false;
        await KafkaFlow.PublishAsync(options, patients: 4, from: 0, to: 300);
        var small = new TopologyOptions { MailboxCapacity = 16, MaxBatchPoints = 10, MaxBatchesInFlight = 1 };
        await using var flow = KafkaFlow.Start(options, new RecordingSink { Gate = gate.Task }, small);
        await flow.UntilPausedAsync();

        await KafkaFlow.PublishAsync(options, patients: 4, from: 300, to: 900);

        await flow.UntilLagAsync(4 * 600);
        gate.SetResult();
        await flow.UntilAsync(sink => sink.Points.Count() == 4 * KafkaFlow.WindowsAfter(900));
    }

    [Fact]
    public async Task A_record_for_which_there_is_no_memory_is_read_again_and_none_is_skipped()
    {
        await KafkaFlow.PublishAsync(_options, patients: 4, from: 0, to: 40);
        var count = 0;

        await using var flow = KafkaFlow.StartIn(_options, size => ++count % 13 is 0 or 1 ? throw new InsufficientMemoryException("none is left") : new byte[size]);
        await flow.UntilAsync(sink => sink.Points.Count() == 4 * KafkaFlow.WindowsAfter(40));
        await KafkaFlow.UntilCommittedAsync(_options, 4 * 40);
        var counts = await flow.StopAsync();

        Assert.True(count > 4 * 40 + 20, $"{count} records were given memory");
        Assert.Equal(4 * 40, counts[Count.ChunksTaken]);
        Assert.Equal(await KafkaFlow.UninterruptedAsync(4, 40), flow.Sink.Points.Select(KafkaFlow.Text).Order(StringComparer.Ordinal));
        Assert.Contains(flow.Log.At(LogLevel.Error), line => line.Contains("InsufficientMemoryException: none is left", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Records_that_the_broker_deleted_before_they_were_read_are_reported()
    {
        var options = _options.Copy();
        options.PaceByGroup = false;
        await KafkaFlow.PublishAsync(options, patients: 1, from: 0, to: 10);
        await using (var first = KafkaFlow.Start(options))
            await first.UntilAsync(sink => sink.Points.Any());
        await using (var publisher = new KafkaPublisher(options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System))
        {
            // 12 MB of chunks into a partition that keeps 5 MiB.
            var channels = new ChannelLayout([.. Enumerable.Range(0, 64).Select(c => new Channel($"C{c}", SignalKind.Unknown, "1"))]);
            for (var chunk = 0; chunk < 1_200; chunk++)
                await publisher.PublishAsync(Chunks.Of(80L * chunk, 80, patient: "P0", epoch: 1, channels: channels), CancellationToken.None);
            await publisher.FlushAsync(CancellationToken.None);
        }

        await using var flow = KafkaFlow.Start(options);
        await flow.UntilAsync(sink => sink.Points.Any());
        await flow.StopAsync();

        Assert.Contains(flow.Log.At(LogLevel.Error), line => line.Contains("are gone, offsets 10 to", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broker_that_goes_down_is_waited_for()
    {
        await using var flow = KafkaFlow.Start(_options);
        await KafkaFlow.PublishAsync(_options, patients: 2, from: 0, to: 8);
        await flow.UntilAsync(sink => sink.Points.Count() == 2);

        _broker.GoDown();
        var publishing = KafkaFlow.PublishAsync(_options, patients: 2, from: 8, to: 12);
        _broker.ComeBack();
        await publishing;
        await flow.UntilAsync(sink => sink.Points.Count() == 2 * KafkaFlow.WindowsAfter(12));

        Assert.Equal(2 * 12, (await flow.StopAsync())[Count.ChunksTaken]);
    }

    [Fact]
    public async Task Results_and_dead_letters_can_be_read_back()
    {
        await KafkaFlow.PublishAsync(_options, patients: 2, from: 0, to: 12);
        await using (var publisher = new KafkaPublisher(_options, NullLogger<KafkaPublisher>.Instance, TimeProvider.System))
        {
            await publisher.PublishAsync("P0"u8.ToArray(), [1, 2, 3], CancellationToken.None);
            await publisher.FlushAsync(CancellationToken.None);
        }
        using var metrics = new KafkaMetrics();
        await using var flow = KafkaFlow.Start(
            _options, null, null, null,
            new ResultsTopicSink(_options, metrics, NullLogger<ResultsTopicSink>.Instance, TimeProvider.System),
            new DeadLetterSink(_options, metrics, NullLogger<DeadLetterSink>.Instance, TimeProvider.System));
        await flow.UntilAsync(sink => sink.Points.Count() == 2 * KafkaFlow.WindowsAfter(12) && sink.DeadLetters.Any());
        await flow.StopAsync();

        var results = await TopicReading.ReadAllAsync(_options, _options.ResultsTopic);
        var letters = await TopicReading.ReadAllAsync(_options, _options.DeadLettersTopic);

        Assert.Equal(
            flow.Sink.Points.OrderBy(point => point.ToString(), StringComparer.Ordinal),
            results.Select(record => ResultCodec.Decode(record.Message.Value, out _)!).OrderBy(point => point.ToString(), StringComparer.Ordinal));
        await using (var again = new ResultsTopicSink(_options, metrics, NullLogger<ResultsTopicSink>.Instance, TimeProvider.System))
            await again.WriteAsync(flow.Sink.Batches.First(batch => batch.Points.Count > 0), CancellationToken.None);   // as after a crash
        Assert.Equal(results.Count, (await ResultsReader.ReadAsync(_options, TimeProvider.System, CancellationToken.None)).Count);
        var letter = DeadLetterCodec.Decode(Assert.Single(letters).Message.Value, out var complete, out _);
        Assert.True(complete);
        Assert.Equal(("decode", "P0", "1,2,3"), (letter?.Stage, System.Text.Encoding.UTF8.GetString(letter!.Key.Span), string.Join(',', letter.Payload.ToArray())));
        Assert.Contains("not a sample chunk", letter.Reason, StringComparison.Ordinal);
    }

    /// <summary>The system's time, which says when somebody begins to wait for so long.</summary>
    private sealed class TimerWatch(TimeSpan wait) : TimeProvider
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == wait)
                _started.TrySetResult();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
