using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Tests.Alarms;
using Pipeline.Tests.Support;
using Xunit;
using static Pipeline.Tests.Alarms.AlarmRun;

namespace Pipeline.Tests.Kafka;

/// <summary>The topic for systems that want events and alarms alone, on the embedded broker.</summary>
public sealed class EventsTopicTests : IDisposable
{
    private readonly EmbeddedBroker _broker = new();

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task Events_and_changes_of_alarms_alone_are_written_in_order_with_the_identity_that_they_have_among_the_results()
    {
        var options = _broker.Prepare(new KafkaOptions { Partitions = 2 }, CheckpointFolders.New());
        var changes = new AlarmRun().From(8, 60, Rate(125)).Changes.Select(AlarmPointTests.PointOf);
        var told = Points.Of(4) with
        {
            Estimate = new Estimate(SignalKind.Ecg, Metric.RhythmEpisode, 4, double.NaN, 0.9, 0.9, EstimateStatus.Ok, "classical"),
            Event = new PatientEvent(EventKind.Pause, 10, 14, Points.Start, true, EventPriority.Medium, "4.0 s between two beats"),
        };
        var batch = Points.Batch([Points.Of(1), told, Points.Of(2), .. changes, Points.Of(3)]);
        using var metrics = new KafkaMetrics();
        await using var sink = new ResultsTopicSink(options, metrics, NullLogger<ResultsTopicSink>.Instance, TimeProvider.System, isOfEvents: true);

        await sink.WriteAsync(batch, CancellationToken.None);
        await sink.WriteAsync(Points.Batch(7, 3), CancellationToken.None);      // nothing of it
        await sink.WriteAsync(batch, CancellationToken.None);                   // as after a crash

        var read = (await TopicReading.ReadAllAsync(options, options.EventsTopic)).Select(record => ResultCodec.Decode(record.Message.Value, out _)!).ToArray();
        Assert.Equal([told, .. changes, told, .. changes], read);
        Assert.Equal(read.Length / 2, read.Select(ResultIdentity.Of).Distinct().Count());
        Assert.Empty(await TopicReading.ReadAllAsync(options, options.ResultsTopic));
    }
}
