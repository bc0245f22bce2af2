using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Commands;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The service as <c>run</c> starts it, between an embedded broker and a store that answers over HTTP.</summary>
public sealed class ServiceTests
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_store_that_is_killed_in_the_middle_loses_nothing_and_readiness_says_it()
    {
        const int Beds = 4;
        using var broker = new EmbeddedBroker();
        var kafka = broker.Prepare(new KafkaOptions { Partitions = 2 });
        await using var influx = new FakeInflux();
        await influx.StartAsync();
        using var stop = new CancellationTokenSource();
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        var started = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var service = ServiceHost.RunAsync(Configure(kafka, influx.Url), TimeProvider.System, stop.Token, started.SetResult);
        using var watch = new HttpClient { BaseAddress = new Uri((await started.Task.WaitAsync(Patience)).First()) };
        var chunks = Chunks(Beds, seconds: 40);

        await PublishAsync(publisher, chunks, from: 0, to: 16);
        await influx.HoldsAsync(Beds);
        await ReadyIsAsync(watch, HttpStatusCode.OK);
        await influx.KillAsync();
        await PublishAsync(publisher, chunks, from: 16, to: 30);
        var down = await ReadyIsAsync(watch, HttpStatusCode.ServiceUnavailable);
        await influx.StartAsync();
        await PublishAsync(publisher, chunks, from: 30, to: 40);
        // Windows of 8 s every 2 s in 40 s: 17 of each device, PPG and ECG.
        await influx.HoldsAsync(Beds * 2 * 17);
        await ReadyIsAsync(watch, HttpStatusCode.OK);
        await stop.CancelAsync();

        Assert.Equal(ExitCode.Ok, await service.WaitAsync(Patience));
        Assert.Equal(Beds * 2 * 17, influx.PointCount);
        Assert.Contains("store", down.RootElement.GetProperty("checks").EnumerateArray().Where(c => !c.GetProperty("ready").GetBoolean()).Select(c => c.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("Topology:WindowHop=00:00:30", "Topology:WindowHop is '00:00:30'; ")]
    [InlineData("Kafka:Partitions=0", "Kafka:Partitions is '0'; allowed: 1 to 10000")]
    [InlineData("Influx:Url=influx", "Influx:Url is 'influx'; allowed: http://HOST:PORT or https://HOST:PORT")]
    [InlineData("Kafka:Bootstrap=x", "Kafka:Bootstrap is no setting; the nearest is Kafka:BootstrapServers")]
    [InlineData("Influx:MaxLines=many", "Influx:MaxLines is 'many'; allowed: 1 to 5000")]
    public async Task A_wrong_setting_ends_run_at_once_with_exit_2(string assignment, string message)
    {
        var error = new StringWriter();

        var exit = await CommandLine.InvokeAsync(["run", "--set", assignment], TextWriter.Null, error, CancellationToken.None);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.Single(error.ToString().TrimEnd().Split('\n'));
    }

    internal static IConfigurationRoot Configure(KafkaOptions kafka, Uri? influx, params string[] more) => Settings.Load(null,
    [
        $"Kafka:BootstrapServers={kafka.BootstrapServers}", $"Kafka:SamplesTopic={kafka.SamplesTopic}", $"Kafka:ResultsTopic={kafka.ResultsTopic}", $"Kafka:EventsTopic={kafka.EventsTopic}",
        $"Kafka:DeadLettersTopic={kafka.DeadLettersTopic}", $"Kafka:StateTopic={kafka.StateTopic}", $"Kafka:GroupId={kafka.GroupId}", "Kafka:CommitInterval=00:00:00.1",
        "Kafka:CheckpointInterval=00:00:00.1", .. kafka.PaceByGroup ? [$"Kafka:CheckpointFolder={CheckpointFolders.New()}"] : Array.Empty<string>(),
        .. kafka.ConsumerProperties.Select(property => $"Kafka:ConsumerProperties:{property.Key}={property.Value}"),
        $"Influx:Url={influx}", "Influx:RetryDelay=00:00:00.05", "Influx:MaxRetryDelay=00:00:00.2",
        "Web:Urls=http://127.0.0.1:0", "Access:Open=ThisMachine", "Logging:LogLevel:Default=None", .. more,
    ]);

    /// <summary>All chunks of each second.</summary>
    internal static List<SampleChunk>[] Chunks(int beds, int seconds)
    {
        var start = new Timestamp(1_767_225_600L * Timestamp.NanosecondsPerSecond);
        var ward = Enumerable.Range(0, beds).Select(bed => new SimulatedBed(SimulatedWard.Bed(bed, 1, start, 1, default) with { HasAbp = false })).ToArray();
        return [.. Enumerable.Range(0, seconds).Select(_ =>
        {
            var chunks = new List<SampleChunk>();
            foreach (var bed in ward)
                bed.Next(chunks);
            return chunks;
        })];
    }

    internal static async Task PublishAsync(KafkaPublisher publisher, List<SampleChunk>[] chunks, int from, int to)
    {
        foreach (var chunk in chunks[from..to].SelectMany(second => second))
            await publisher.PublishAsync(chunk, CancellationToken.None);
        await publisher.FlushAsync(CancellationToken.None);
    }

    /// <summary>Asks until readiness is as wanted.</summary>
    internal static async Task<JsonDocument> ReadyIsAsync(HttpClient watch, HttpStatusCode wanted)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using var answer = await watch.GetAsync(new Uri("/health/ready", UriKind.Relative), late.Token);
            if (answer.StatusCode == wanted)
                return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(late.Token));
            await timer.WaitForNextTickAsync(late.Token);
        }
    }
}
