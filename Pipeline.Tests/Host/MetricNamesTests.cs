using System.Diagnostics.Metrics;
using Pipeline.Host.Influx;
using Pipeline.Host.Kafka;
using Pipeline.Host.Networks;
using Pipeline.Host.Store;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

/// <summary>
/// Names, types, labels and buckets on <c>/metrics</c> are a public interface: dashboards and alerts of those who run it read them. To approve a change, copy the
/// line that the failing test prints into Golden/metrics.txt.
/// </summary>
[Collection(nameof(MeasurementsCollection))]
public sealed class MetricNamesTests
{
    private static readonly string Approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "metrics.txt"));

    [Fact]
    public async Task What_Kafka_the_stores_and_the_models_measure_is_named_as_approved()
    {
        await using var application = await WatchServerTests.StartAsync(_ => { });
        using var kafka = new KafkaMetrics();
        using var meter = new Meter("Pipeline.Store");
        using var models = new ReloadMetrics();
        foreach (var counter in new[] { kafka.Read, kafka.ReadBytes, kafka.Refused, kafka.LostToRetention, kafka.Paused, kafka.CommitFailures })
            counter.Add(1);
        kafka.ReadFaults.Add(1, new KeyValuePair<string, object?>("partition", 3));
        kafka.SetLags([new PartitionLag(3, 5, 7)]);
        kafka.State.Begin(3).Report(0.5);
        kafka.State.NoteRestored(3, 1, 1, DateTimeOffset.UnixEpoch);
        kafka.State.NoteUnsent();
        kafka.State.NoteTransaction([3], CheckpointFate.Committed, 1, 1, TimeSpan.FromSeconds(1));
        var influx = new InfluxMetrics(meter);
        influx.Queued(1);
        influx.Stored(1);
        influx.Retried("r");
        influx.DeadLettered(1, "r");
        var store = new StoreMetrics(meter);
        store.Queued(1);
        store.Retried();
        store.DeadLettered(1);
        store.Flushed(1, 1, TimeSpan.FromSeconds(1));
        models.Taken("heart_rate");

        var found = Exposition.Families(await WatchServerTests.GetAsync(application, "/metrics"));

        Assert.True(found.Count >= 31, $"{found.Count} families");      // those above; an engine that another test has not ended yet measures, too
        foreach (var line in found.Values)
            Assert.Contains(line + "\n", Approved, StringComparison.Ordinal);
    }
}
