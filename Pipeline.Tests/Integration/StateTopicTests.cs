using System.Net;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Actors;
using Pipeline.Host.Diagnosis;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Topics that are missing, wrong or made anew, on a real broker.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class StateTopicTests(KafkaServer server)
{
    private const int Patients = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData(GroupProtocolKind.Classic, true)]
    [InlineData(GroupProtocolKind.Classic, false)]
    [InlineData(GroupProtocolKind.Consumer, true)]
    [InlineData(GroupProtocolKind.Consumer, false)]
    public async Task Series_go_on_when_the_samples_topic_is_made_anew_while_a_process_runs_and_while_none_does(GroupProtocolKind protocol, bool isRunning)
    {
        var options = await server.PrepareAsync();
        options.GroupProtocol = protocol;
        options.ConsumerProperties["topic.metadata.refresh.interval.ms"] = "300";
        await KafkaFlow.PublishAsync(options, Patients, from: 0, to: 15);
        var points = new List<VitalPoint>();
        await using var first = KafkaFlow.Start(options);
        await KafkaFlow.UntilCommittedAsync(options, Patients * 15);
        if (!isRunning)
            await first.StopAsync();

        await DeleteAsync(options, options.SamplesTopic);
        await MendAsync(options);
        await KafkaFlow.PublishAsync(options, Patients, from: 15, to: 27);
        await using var second = isRunning ? null : KafkaFlow.Start(options);
        await (second ?? first).UntilAsync(_ => Seen(first, second).Count() == Patients * KafkaFlow.WindowsAfter(27));
        await first.StopAsync();
        await (second?.StopAsync() ?? Task.FromResult(new Counts()));

        Assert.Equal(await KafkaFlow.UninterruptedAsync(Patients, 27), Seen(first, second).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task A_state_topic_that_alone_is_missing_is_told_in_one_line_and_waited_for()
    {
        var kafka = await server.PrepareAsync();
        await DeleteAsync(kafka, kafka.StateTopic);
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var service = ServiceHost.RunAsync(
            ServiceTests.Configure(
                kafka, null, $"Store:Directory={folder.Path}", "Kafka:CheckpointInterval=00:00:00.2",
                "Kafka:Properties:topic.metadata.propagation.max.ms=1000"),    // for so long, by default 30 s, a topic that is missing is taken for a new one
            TimeProvider.System, stop.Token, listening.SetResult);
        using var watch = new HttpClient { BaseAddress = new Uri((await listening.Task.WaitAsync(Patience)).First()) };

        var said = "";
        while (!said.Contains("state (", StringComparison.Ordinal))
            using (var answer = await ServiceTests.ReadyIsAsync(watch, HttpStatusCode.ServiceUnavailable))
                said = answer.RootElement.GetProperty("checks")[0].GetProperty("detail").GetString() ?? "";
        var doctor = await FindingsAsync(kafka);
        await MendAsync(kafka);
        using (await ServiceTests.ReadyIsAsync(watch, HttpStatusCode.OK))
            await stop.CancelAsync();

        Assert.Equal(ExitCode.Ok, await service.WaitAsync(Patience));
        Assert.StartsWith($"state ({kafka.StateTopic}): ", said, StringComparison.Ordinal);
        Assert.EndsWith("A topic is missing: run ./pipeline topics", said, StringComparison.Ordinal);
        Assert.Contains(doctor, finding => finding is { Verdict: Verdict.Fail, Mend: "run ./pipeline topics" } && finding.Found == $"{kafka.StateTopic} is missing");
    }

    [SkippableFact]
    public async Task Doctor_says_when_the_state_topic_is_not_compacted_has_other_partitions_or_may_not_be_written()
    {
        var options = await server.PrepareAsync();
        using var admin = new AdminClientBuilder(ClientSettings.Admin(options)).Build();
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [new() { Type = ResourceType.Topic, Name = options.StateTopic }] = [new() { Name = "cleanup.policy", Value = "delete", IncrementalOperation = AlterConfigOpType.Set }],
        });
        Assert.Equal($"cleanup.policy of {options.StateTopic} is delete: snapshots are deleted by their age", (await StateAsync(options)).Found);

        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), alter: true, TimeProvider.System);
        Assert.Equal(Verdict.Ok, (await StateAsync(options)).Verdict);
        await server.DenyTransactionsAsync($"{options.GroupId}-doctor");
        var denied = await StateAsync(server.Secured(options));
        Assert.Equal(Verdict.Fail, denied.Verdict);
        Assert.StartsWith($"grant Write and Describe on the transactional ids that begin with {options.GroupId}-", denied.Mend, StringComparison.Ordinal);

        using (var grow = new KafkaAdmin(options, TimeProvider.System))
            await grow.GrowAsync(options.SamplesTopic, 6);
        Assert.Equal("run ./pipeline topics --partitions 6", (await StateAsync(options)).Mend);
    }

    private static IEnumerable<string> Seen(params KafkaFlow?[] flows) => flows.SelectMany(flow => flow?.Sink.Points ?? []).Select(KafkaFlow.Text).Distinct();

    private static async Task<Finding> StateAsync(KafkaOptions options) => (await FindingsAsync(options)).Single(finding => finding.Check == "Kafka state");

    private static async Task<List<Finding>> FindingsAsync(KafkaOptions options)
    {
        var findings = new List<Finding>();
        await foreach (var finding in KafkaExamination.RunAsync(options, TimeProvider.System, CancellationToken.None))
            findings.Add(finding);
        return findings;
    }

    private static async Task DeleteAsync(KafkaOptions options, string topic)
    {
        using var admin = new AdminClientBuilder(ClientSettings.Admin(options)).Build();
        await admin.DeleteTopicsAsync([topic], new DeleteTopicsOptions { OperationTimeout = Patience, RequestTimeout = Patience });
        while (!(await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None)).Single(state => state.Plan.Name == topic).IsMissing)
        {
            // The brokers have it in their list for a moment.
        }
    }

    private static async Task MendAsync(KafkaOptions options) =>
        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), alter: false, TimeProvider.System);
}
