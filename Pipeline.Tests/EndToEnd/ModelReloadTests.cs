using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Tests.Serving;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The service with a network, as <c>run --model FOLDER</c> starts it.</summary>
public sealed class ModelReloadTests
{
    [Fact]
    public async Task A_new_version_in_the_models_folder_is_taken_up_while_the_service_runs_and_nothing_is_lost()
    {
        const int Beds = 3;
        using var folder = new TemporaryFolder();
        TestModels.Write(folder.Path, "reload-1");
        using var broker = new EmbeddedBroker();
        var kafka = broker.Prepare(new KafkaOptions { Partitions = 2 });
        await using var influx = new FakeInflux();
        await influx.StartAsync();
        using var stop = new CancellationTokenSource();
        using var measured = new MeasuredValues();
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        var started = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var settings = ServiceTests.Configure(kafka, influx.Url, $"Topology:Model={folder.Path}", "Inference:ReloadInterval=00:00:00.02");
        var service = ServiceHost.RunAsync(settings, TimeProvider.System, stop.Token, started.SetResult);
        await started.Task.WaitAsync(ServiceTests.Patience);
        var chunks = ServiceTests.Chunks(Beds, seconds: 40);

        await ServiceTests.PublishAsync(publisher, chunks, from: 0, to: 20);
        await influx.HoldsAsync(Beds * 2 * 7);
        Assert.Equal(["heart-rate@reload-1"], RateModels(influx));

        File.WriteAllText(Path.Combine(folder.Path, "model.onnx"), "half a file");
        await measured.HoldsAsync("pipeline.model.reloads task=heart_rate fate=refused", ServiceTests.Patience);
        TestModels.Write(folder.Path, "reload-2");
        await measured.HoldsAsync("pipeline.model.shards model=heart-rate@reload-2", ServiceTests.Patience);
        await ServiceTests.PublishAsync(publisher, chunks, from: 20, to: 40);
        await influx.HoldsAsync(Beds * 2 * 17);
        await stop.CancelAsync();

        Assert.Equal(ExitCode.Ok, await service.WaitAsync(ServiceTests.Patience));
        Assert.Equal(["heart-rate@reload-1", "heart-rate@reload-2"], RateModels(influx));
        Assert.Equal(Beds * 2 * 17, influx.PointCount);
    }

    private static IEnumerable<string> RateModels(FakeInflux influx) =>
        influx.Values("model").Where(model => model.StartsWith("heart-rate@", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
