using System.Net;
using Pipeline.Host.Commands;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Host.Web;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>The service against a real broker.</summary>
[Collection(nameof(KafkaServer))]
[Trait("Category", "Integration")]
public sealed class ServiceOnKafkaTests(KafkaServer server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task A_missing_topic_is_told_with_the_command_that_creates_it_and_waited_for()
    {
        var kafka = server.Options();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var listening = new TaskCompletionSource<WatchServer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var configuration = ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}", "Kafka:Properties:topic.metadata.refresh.interval.ms=500");
        var service = ServiceHost.RunAsync(configuration, TimeProvider.System, stop.Token, listening.SetResult);
        using var watch = new HttpClient { BaseAddress = new Uri((await listening.Task.WaitAsync(Patience)).Urls.First()) };

        var missing = "";
        while (!missing.Contains("./pipeline topics", StringComparison.Ordinal))
            using (var answer = await ServiceTests.ReadyIsAsync(watch, HttpStatusCode.ServiceUnavailable))
                missing = answer.RootElement.GetProperty("checks")[0].GetProperty("detail").GetString() ?? "";
        await Topics.MendAsync(kafka, await Topics.ExamineAsync(kafka, TimeProvider.System, stop.Token), alter: false, TimeProvider.System);
        using var ready = await ServiceTests.ReadyIsAsync(watch, HttpStatusCode.OK);
        await stop.CancelAsync();

        Assert.Equal(ExitCode.Ok, await service.WaitAsync(Patience));
        Assert.Equal("4 partitions assigned", ready.RootElement.GetProperty("checks")[0].GetProperty("detail").GetString());
    }
}
