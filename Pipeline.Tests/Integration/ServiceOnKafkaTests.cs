using System.Net;
using System.Text.Json;
using Confluent.Kafka;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Host.Status;
using Pipeline.Host.Wire;
using Pipeline.Host.Wire.V1;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Kafka;
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
        var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var configuration = ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}", "Kafka:Properties:topic.metadata.refresh.interval.ms=500");
        var service = ServiceHost.RunAsync(configuration, TimeProvider.System, stop.Token, listening.SetResult);
        using var watch = new HttpClient { BaseAddress = new Uri((await listening.Task.WaitAsync(Patience)).First()) };

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

    [SkippableFact]
    public async Task Status_shows_the_shards_with_owner_lag_patients_and_checkpoint_and_whom_it_cannot_reach()
    {
        const int Beds = 6;
        var kafka = await server.PrepareAsync();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        using var measured = new MeasuredValues();
        var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var configuration = ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}", "Kafka:CheckpointInterval=00:00:00.2");
        var service = ServiceHost.RunAsync(configuration, TimeProvider.System, stop.Token, listening.SetResult);
        var url = (await listening.Task.WaitAsync(Patience)).First();
        await using (var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System))
            await ServiceTests.PublishAsync(publisher, ServiceTests.Chunks(Beds, seconds: 12), from: 0, to: 12);

        var ward = await StatusAsync(url, status => status.Shards.Sum(shard => shard.Own?.ActivePatients ?? 0) == Beds && status.Shards.All(shard => shard.UncommittedRecords == 0)
            && status.Members.All(member => member.Unready is null));
        var (progress, age) = (measured.Of("pipeline.restore.progress partition=0"), measured.Of("pipeline.checkpoint.age partition=0"));
        await using var mute = KafkaFlow.Start(kafka);
        var two = await StatusAsync(url, status => status.Members.Count == 2 && status.Shards.All(shard => shard.Owner is not null) && status.Members[1].Partitions.Count > 0);
        await mute.StopAsync();
        await stop.CancelAsync();

        Assert.Equal(ExitCode.Ok, await service.WaitAsync(Patience));
        var member = Assert.Single(ward.Members);
        Assert.Equal((null, null), (member.Fault, member.Unready));
        Assert.StartsWith("127.0.0.1:", member.Address, StringComparison.Ordinal);
        Assert.Equal([0, 1, 2, 3], member.Partitions);
        Assert.All(ward.Shards.Where(shard => shard.End > 0), shard => Assert.InRange(TimeProvider.System.GetUtcNow() - shard.Own!.LastCheckpoint!.Value, TimeSpan.Zero, Patience));
        Assert.Equal("it announces no address", two.Members[1].Fault);
        Assert.InRange(measured.Of("pipeline.checkpoints fate=committed") ?? 0, 1, long.MaxValue);
        Assert.InRange(measured.Of("pipeline.checkpoint.bytes") ?? 0, 1, long.MaxValue);
        Assert.InRange(age ?? -1, 0, Patience.TotalSeconds);
        Assert.Equal(1, progress);
        Assert.NotNull(measured.Of("pipeline.restore.duration"));
    }

    [SkippableFact]
    public async Task Beds_patients_and_live_samples_are_read_over_http()
    {
        var kafka = await server.PrepareAsync();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource(Patience);
        var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var service = ServiceHost.RunAsync(ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}"), TimeProvider.System, stop.Token, listening.SetResult);
        using var http = new HttpClient { BaseAddress = new Uri((await listening.Task.WaitAsync(Patience)).First()) };
        var chunks = ServiceTests.Chunks(beds: 2, seconds: 60);
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);
        await ServiceTests.PublishAsync(publisher, chunks, from: 0, to: 12);

        JsonElement beds;
        do
            beds = await GetAsync(http, "/api/beds", stop.Token);
        while (beds.ValueKind != JsonValueKind.Object || beds.GetProperty("beds").GetArrayLength() < 2);
        var patient = beds.GetProperty("beds")[0].GetProperty("patients")[0].GetProperty("patient").GetString();
        var one = await GetAsync(http, $"/api/patients/{patient}", stop.Token);
        using var unknown = await http.GetAsync(new Uri("/api/patients/nobody", UriKind.Relative), stop.Token);
        var data = await FirstSamplesAsync(http, $"/api/patients/{patient}/samples", second => ServiceTests.PublishAsync(publisher, chunks, second, second + 1), stop.Token);
        using var open = await http.GetAsync(new Uri($"/api/patients/{patient}/samples", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stop.Token);
        await stop.CancelAsync();
        await service.WaitAsync(Patience);      // who looks does not hold it up

        Assert.Equal("heart_rate", one.GetProperty("series")[0].GetProperty("metric").GetString());
        Assert.Equal("/min", one.GetProperty("series")[0].GetProperty("unit").GetString());
        Assert.StartsWith("127.0.0.1:", one.GetProperty("process").GetString(), StringComparison.Ordinal);
        Assert.True(one.GetProperty("ageSeconds").GetDouble() > 0);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(patient, data.GetProperty("patient").GetString());
        Assert.NotEmpty(data.GetProperty("channels")[0].GetProperty("values").EnumerateArray());
    }

    /// <summary>Looks at a patient's samples, and publishes a second after the other until some are seen.</summary>
    private static async Task<JsonElement> FirstSamplesAsync(HttpClient http, string path, Func<int, Task> publish, CancellationToken stop)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stop);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
        var line = lines.ReadLineAsync(stop).AsTask();
        for (var second = 12; ; line = lines.ReadLineAsync(stop).AsTask())
        {
            while (!line.IsCompleted && second < 60)
                await publish(second++);
            if (await line is { } text && text.StartsWith("data: ", StringComparison.Ordinal))
                return JsonSerializer.Deserialize<JsonElement>(text["data: ".Length..]);
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient http, string path, CancellationToken stop)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), stop);
        return answer.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(stop)) : default;
    }

    [SkippableFact]
    public async Task Status_says_when_there_is_no_topic_and_when_there_is_no_process()
    {
        var kafka = server.Options();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var service = ServiceHost.RunAsync(ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}"), TimeProvider.System, stop.Token, listening.SetResult);
        var url = (await listening.Task.WaitAsync(Patience)).First();

        Assert.Equal($"There is no topic '{kafka.SamplesTopic}': ./pipeline topics creates it.", await RefusalAsync(url, "starting"));
        await stop.CancelAsync();
        await service.WaitAsync(Patience);
        Assert.StartsWith($"No process answers at {url}/ (", await RefusalAsync(url, "starting"), StringComparison.Ordinal);
    }

    private static async Task<string> RefusalAsync(string url, string before)
    {
        using var late = new CancellationTokenSource(Patience);
        while (true)
        {
            late.Token.ThrowIfCancellationRequested();
            var error = new StringWriter();
            Assert.Equal(ExitCode.Failed, await CommandLine.InvokeAsync(["status", "--url", url], TextWriter.Null, error, CancellationToken.None));
            if (error.ToString().Trim() is var said && said != before)
                return said;
        }
    }

    /// <summary>Asks, as a person does again and again, until what is shown is as <paramref name="wanted"/>.</summary>
    private static async Task<WardStatus> StatusAsync(string url, Func<WardStatus, bool> wanted)
    {
        using var late = new CancellationTokenSource(Patience);
        while (true)
        {
            late.Token.ThrowIfCancellationRequested();
            var output = new StringWriter();
            if (await CommandLine.InvokeAsync(["status", "--json", "--url", url], output, TextWriter.Null, CancellationToken.None) != ExitCode.Ok)
                continue;   // it is starting
            var status = JsonSerializer.Deserialize<WardStatus>(output.ToString(), StatusQuery.Json)!;
            if (wanted(status))
                return status;
        }
    }

    [SkippableFact]
    public async Task A_state_of_a_newer_program_ends_the_service_and_both_versions_are_named()
    {
        var kafka = await server.PrepareAsync();
        using var folder = new TemporaryFolder();
        var newer = new Snapshot { Version = SnapshotCodec.Version + 1 }.ToByteArray();
        using (var producer = new ProducerBuilder<byte[], byte[]>(ClientSettings.Producer(kafka)).Build())
            await producer.ProduceAsync(new TopicPartition(kafka.StateTopic, 2), new() { Key = "P7"u8.ToArray(), Value = newer });

        var configuration = ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}", "Kafka:CheckpointInterval=00:00:05");
        var refused = await Assert.ThrowsAsync<StateRefusedException>(() => ServiceHost.RunAsync(configuration, TimeProvider.System, CancellationToken.None).WaitAsync(Patience));

        Assert.StartsWith($"{kafka.StateTopic} partition 2: P7: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"version {SnapshotCodec.Version + 1}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{SnapshotCodec.Version}", refused.Message.Replace($"{SnapshotCodec.Version + 1}", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
