using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class SilenceWatchTests
{
    [Fact]
    public async Task What_a_process_knows_of_the_beds_of_a_partition_that_has_left_it_is_no_present_value_for_long()
    {
        var time = new ManualTimeProvider();
        using var metrics = new KafkaMetrics(time);
        await using var source = new KafkaSource(new KafkaOptions(), metrics, NullLogger<KafkaSource>.Instance, time);
        await using var latest = new LatestValues();
        await using var partitions = TestPartitions.Of(new TopologyOptions(), [], time, SumStage.Factory);
        var watch = new SilenceWatch(source, latest, null, TimeSpan.FromSeconds(10), NullLogger<SilenceWatch>.Instance, time);
        partitions.Assign(3, "samples");
        await latest.WriteAsync(Points.Batch(3, 1), CancellationToken.None);      // of partition 3
        await LookAsync(seconds: 60);
        Assert.Equal(63, ValueOf());

        await partitions.RevokeAsync(3, CancellationToken.None);
        await LookAsync(seconds: 9);
        Assert.Equal(63, ValueOf());    // its new owner has nothing yet
        await LookAsync(seconds: 2);

        Assert.Null(ValueOf());
        Assert.All(PatientReport.From(latest.ByPatient(new PatientId("P1")))!.Series, series => Assert.Equal(("silent", Points.Start.AddSeconds(6).ToDateTimeOffset()), (series.Status, series.SilentSince)));

        async Task LookAsync(int seconds)
        {
            for (var second = 0; second < seconds; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await watch.LookAsync(partitions, CancellationToken.None);
            }
        }

        double? ValueOf() => PatientReport.From(latest.ByPatient(new PatientId("P1")))!.Series[0].Value;
    }
}
