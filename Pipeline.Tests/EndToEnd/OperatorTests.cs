using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary><c>run</c> as an operator sees it: a process with signals, exit codes, health and metrics.</summary>
public sealed class OperatorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Measured only with another store, with checkpoints, or when something fails; <c>MetricNamesTests</c> has most of them.</summary>
    private static readonly string[] NotHere =
    [
        "pipeline_checkpoint", "pipeline_restore", "pipeline_influx", "pipeline_inference_retries", "pipeline_store_retries", "pipeline_store_dead_letters", "pipeline_model_reloads",
        "pipeline_kafka_commit_failures", "pipeline_kafka_lost_to_retention", "pipeline_kafka_paused", "pipeline_kafka_read_faults", "pipeline_kafka_refused",
    ];

    [Fact]
    public async Task It_becomes_ready_measures_what_was_approved_and_ends_in_order_when_it_is_asked_to()
    {
        using var broker = new EmbeddedBroker();
        var kafka = broker.Prepare(new KafkaOptions { Partitions = 2 });
        using var store = new TemporaryFolder();
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        await ServiceTests.PublishAsync(publisher, ServiceTests.Chunks(beds: 2, seconds: 14), from: 0, to: 14);
        var url = FreePort.Find();
        string[] settings =
        [
            $"Kafka:BootstrapServers={kafka.BootstrapServers}", "Kafka:Partitions=2", "Kafka:CommitInterval=00:00:00.1", "Kafka:CheckpointInterval=00:00:00.1", $"Kafka:CheckpointFolder={store.Path}/checkpoints",
            .. kafka.ConsumerProperties.Select(property => $"Kafka:ConsumerProperties:{property.Key}={property.Value}"),
            $"Store:Directory={store.Path}", $"Web:Urls={url}", "Access:Open=ThisMachine",
        ];
        using var run = new HostProcess(["run", .. settings.SelectMany(setting => new[] { "--set", setting })]);
        using var watch = new HttpClient { BaseAddress = url };

        var metrics = await MetricsAsync(watch, text =>
            text.Contains("pipeline_store_lines_total{} 16\n", StringComparison.Ordinal) && text.Contains("pipeline_kafka_delivered_total", StringComparison.Ordinal));
        using var ready = await ServiceTests.ReadyIsAsync(watch, HttpStatusCode.OK);
        run.Terminate();
        var (exit, output, error) = await run.EndAsync(Patience);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Equal("", error);
        Assert.Contains("Stopping: finishing what was read", output, StringComparison.Ordinal);
        Assert.Matches("Stopped after [0-9]+ records, 16 windows, 16 estimates", output);
        Assert.Equal(["kafka", "store", "lag"], ready.RootElement.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()));
        Assert.DoesNotContain("sim-0000", metrics, StringComparison.Ordinal);
        var approved = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Golden", "metrics.txt"));
        Assert.Equal(approved.Where(IsAlwaysThere), Exposition.Families(metrics).Values.Where(IsAlwaysThere));

        static bool IsAlwaysThere(string line) => !NotHere.Any(name => line.StartsWith(name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_misspelt_key_is_refused_with_the_nearest_one()
    {
        using var run = new HostProcess("run", "--set", "Kafak:SamplesTopic=x");

        var (exit, output, error) = await run.EndAsync(Patience);

        Assert.Equal((ExitCode.BadUsage, "", "Kafak:SamplesTopic is no setting; the nearest is Kafka:SamplesTopic"), (exit, output, error.TrimEnd()));
    }

    private static async Task<string> MetricsAsync(HttpClient watch, Func<string, bool> isWanted)
    {
        using var late = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await timer.WaitForNextTickAsync(late.Token))
            try
            {
                if (await watch.GetStringAsync(new Uri("/metrics", UriKind.Relative), late.Token) is var text && isWanted(text))
                    return text;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
        throw new TimeoutException();
    }
}
