using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pipeline.Actors;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>More partitions for topics with data, and rights that are missing for that, on a real broker.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class PartitionGrowthTests(KafkaServer server)
{
    private const int Patients = 12;

    [SkippableFact]
    public async Task Series_go_on_over_a_change_of_the_number_of_partitions_also_when_a_first_attempt_was_interrupted()
    {
        var options = await server.PrepareAsync();
        var points = new List<VitalPoint>();
        points.AddRange(await RunAsync(options, from: 0, to: 12));
        // The first attempt ends when the state is copied, and the ward goes on for a while as it was.
        using (var admin = new KafkaAdmin(options, TimeProvider.System))
            await admin.GrowAsync(options.StateTopic, 8);
        new PartitionGrowth(options, 8, TimeProvider.System).Copy(4, CancellationToken.None);
        points.AddRange(await RunAsync(options, from: 12, to: 21));

        var grown = await TopicsAsync(options, ExitCode.Ok);
        var again = await TopicsAsync(options, ExitCode.Ok);
        options.Partitions = 8;
        points.AddRange(await RunAsync(options, from: 21, to: 33));

        var moving = Enumerable.Range(0, Patients).Count(p => Murmur2.PartitionOf($"P{p}", 4) != Murmur2.PartitionOf($"P{p}", 8));
        Assert.Contains($"moved    the state of {moving} patients; set Kafka:Partitions to 8", grown, StringComparison.Ordinal);
        Assert.DoesNotContain("moved", again, StringComparison.Ordinal);
        Assert.Equal(await KafkaFlow.UninterruptedAsync(Patients, seconds: 33), points.Select(KafkaFlow.Text).Distinct().Order(StringComparer.Ordinal));
        var state = await TopicReading.ReadAllAsync(options, options.StateTopic);
        foreach (var key in state.GroupBy(record => (record.Partition.Value, Key: Encoding.UTF8.GetString(record.Message.Key))).Where(key => key.Key.Key[0] == 'P'))
            Assert.Equal(Murmur2.PartitionOf(key.Key.Key, 8) == key.Key.Value, key.Last().Message.Value is not null);
    }

    [SkippableFact]
    public async Task It_is_refused_while_somebody_reads_while_records_are_not_done_and_for_fewer_partitions()
    {
        var options = await server.PrepareAsync();
        await KafkaFlow.PublishAsync(options, patients: 3, from: 0, to: 4);

        var said = await TopicsAsync(options, ExitCode.Failed);
        Assert.True(said.Contains("12 records are not done (partitions ", StringComparison.Ordinal), said);
        await using (var flow = KafkaFlow.Start(options))
        {
            await flow.UntilOwnedAsync(4);
            Assert.Contains($"Group {options.GroupId} has 1 members. Stop the publishers", await TopicsAsync(options, ExitCode.Failed), StringComparison.Ordinal);
        }
        Assert.Contains("Kafka only adds partitions, and 2 are fewer.", await TopicsAsync(options, ExitCode.BadUsage, "2"), StringComparison.Ordinal);
        Assert.All(await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), topic => Assert.Equal(4, topic.Partitions));
    }

    [SkippableFact]
    public async Task Partitions_that_somebody_adds_with_Kafkas_own_tools_are_taken_up_with_their_state()
    {
        var options = await server.PrepareAsync();
        await using var flow = KafkaFlow.Start(options);
        await KafkaFlow.PublishAsync(options, patients: 12, from: 0, to: 10);
        await flow.UntilAsync(sink => sink.Points.Count() == 12 * KafkaFlow.WindowsAfter(10));

        using (var admin = new KafkaAdmin(options, TimeProvider.System))
            await admin.GrowAsync(options.SamplesTopic, 6);
        await flow.UntilOwnedAsync(6);
        var more = options.Copy();
        more.Partitions = 6;
        await KafkaFlow.PublishAsync(more, patients: 12, from: 10, to: 30);
        await KafkaFlow.UntilCommittedAsync(more, 12 * 30);

        Assert.Contains(flow.Sink.Points, point => point.Origin.Partition >= 4);
        Assert.All(flow.Sink.Points.Where(point => point.WindowStart >= Chunks.Start.AddSeconds(12)), point => Assert.Equal(Murmur2.PartitionOf(point.Patient.Value, 6), point.Origin.Partition));
        Assert.Null(flow.Source.Fault);
        Assert.Single(flow.Log.At(LogLevel.Warning), line => line.Contains("has been given 6, as many as", StringComparison.Ordinal));
        Assert.Equal(6, (await Topics.ExamineAsync(more, TimeProvider.System, CancellationToken.None)).Single(topic => topic.Plan.Name == options.StateTopic).Partitions);
    }

    [SkippableFact]
    public async Task A_state_topic_that_the_user_may_not_grow_is_named_with_what_mends_it_while_the_other_partitions_go_on()
    {
        var options = await server.PrepareAsync();
        await server.AllowTopicAsync(options.StateTopic, "Read", "Write", "Describe");
        await using var flow = KafkaFlow.Start(server.Secured(options));
        await flow.UntilOwnedAsync(4);

        using var admin = new KafkaAdmin(options, TimeProvider.System);
        await admin.GrowAsync(options.SamplesTopic, 6);
        await flow.UntilNotReadyAsync("has 4 partitions");
        await KafkaFlow.PublishAsync(options, Patients, from: 0, to: 10);
        var others = Enumerable.Range(0, Patients).Count(patient => Murmur2.PartitionOf($"P{patient}", 6) < 4);
        await flow.UntilAsync(sink => sink.Points.Count() == others * KafkaFlow.WindowsAfter(10));

        Assert.InRange(others, 1, Patients - 1);
        Assert.Contains($"{options.StateTopic} has 4 partitions and {options.SamplesTopic} has 6: the patients of the others wait.", flow.Source.Fault, StringComparison.Ordinal);
        Assert.Contains($"kafka-acls --add --allow-principal User:NAME --operation Alter --topic {options.StateTopic}", flow.Source.Fault, StringComparison.Ordinal);
        Assert.EndsWith($"--alter --topic {options.StateTopic} --partitions 6", flow.Source.Fault, StringComparison.Ordinal);
        Assert.Single(flow.Log.At(LogLevel.Error));

        await admin.GrowAsync(options.StateTopic, 6);   // what the command does
        await flow.UntilAsync(sink => sink.Points.Count() == Patients * KafkaFlow.WindowsAfter(10));
        Assert.Null(flow.Source.Fault);
    }

    [SkippableFact]
    public async Task Topics_that_the_user_may_not_create_or_alter_are_named_with_the_right_that_is_missing()
    {
        string[] allowed = ["Describe", "DescribeConfigs", "ClusterAction", "IdempotentWrite"];
        var options = await server.PrepareAsync();
        var missing = options.Copy();
        missing.SamplesTopic = $"{options.SamplesTopic}.new";
        await server.AllowTopicAsync(options.SamplesTopic, "Read", "Describe", "DescribeConfigs");
        await server.AllowTopicAsync(missing.SamplesTopic, "Read", "Describe", "DescribeConfigs");
        await server.RestrictClusterAsync(allowed);
        try
        {
            var notCreated = await Assert.ThrowsAsync<KafkaException>(() => MendAsync(server.Secured(missing)));
            options.Retention = TimeSpan.FromDays(1);
            var notAltered = await Assert.ThrowsAsync<KafkaException>(() => MendAsync(server.Secured(options)));

            Assert.StartsWith($"Topic {missing.SamplesTopic} was not created: ", notCreated.Message, StringComparison.Ordinal);
            Assert.EndsWith($"--operation Create --topic {missing.SamplesTopic}", notCreated.Message, StringComparison.Ordinal);
            Assert.StartsWith($"The settings of topic {options.SamplesTopic} were not changed: ", notAltered.Message, StringComparison.Ordinal);
            Assert.EndsWith($"--operation AlterConfigs --topic {options.SamplesTopic}", notAltered.Message, StringComparison.Ordinal);
        }
        finally
        {
            await server.AllowClusterAsync(allowed);
        }

        static async Task MendAsync(KafkaOptions options) =>
            await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), alter: true, TimeProvider.System);
    }

    [Fact]
    public void A_key_goes_to_the_partition_of_Javas_partitioner()
    {
        foreach (var key in Enumerable.Range(0, 500).Select(number => $"patient-{number * 7919}"))
            Assert.Equal(Murmur2.PartitionOf(key, 24), KeyPartition.Of(Encoding.UTF8.GetBytes(key), 24));
    }

    /// <summary>A process that does what is published meanwhile, and is stopped.</summary>
    private static async Task<IEnumerable<VitalPoint>> RunAsync(KafkaOptions options, int from, int to)
    {
        await KafkaFlow.PublishAsync(options, Patients, from, to);
        await using var flow = KafkaFlow.Start(options);
        await KafkaFlow.UntilCommittedAsync(options, Patients * to);
        await flow.StopAsync();
        return flow.Sink.Points;
    }

    private static async Task<string> TopicsAsync(KafkaOptions options, int expected, string partitions = "8")
    {
        var said = new StringWriter();
        string[] names = [nameof(KafkaOptions.GroupId), nameof(KafkaOptions.SamplesTopic), nameof(KafkaOptions.ResultsTopic), nameof(KafkaOptions.EventsTopic), nameof(KafkaOptions.DeadLettersTopic), nameof(KafkaOptions.StateTopic)];
        var code = await CommandLine.InvokeAsync(
            ["topics", "--kafka", options.BootstrapServers, "--partitions", partitions, .. names.SelectMany(name => new[] { "--set", $"Kafka:{name}={typeof(KafkaOptions).GetProperty(name)!.GetValue(options)}" })],
            said, said, CancellationToken.None);
        Assert.True(code == expected, said.ToString());
        return said.ToString();
    }
}
