using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pipeline.Actors;
using Pipeline.Actors.Cluster;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Service;
using Pipeline.Host.Status;
using Pipeline.Models.Signals;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>Several services that share a real broker: one cluster, patients placed by the group.</summary>
[Collection(nameof(KafkaServer)), Trait("Category", "Integration")]
public sealed class WardOnKafkaTests(KafkaServer server)
{
    private const int Beds = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [SkippableFact]
    public async Task Patients_move_with_their_partitions_and_either_service_answers_for_all()
    {
        var kafka = await server.PrepareAsync();
        using var late = new CancellationTokenSource(Patience);
        var chunks = ServiceTests.Chunks(Beds, seconds: 40);
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);

        await using var first = await RunningService.StartAsync(kafka, late.Token);
        await ServiceTests.PublishAsync(publisher, chunks, from: 0, to: 12);
        await first.UntilAsync(status => status.Members.Count == 1 && IsDone(status));
        await using var second = await RunningService.StartAsync(kafka, late.Token);
        await first.UntilAsync(status => status.Members.Count == 2 && status.Members.All(member => member.Partitions.Count == 2 && member.Unready is null && member.Fault is null));
        await ServiceTests.PublishAsync(publisher, chunks, from: 12, to: 26);
        await second.UntilAsync(IsDone);
        var (before, beside) = (await first.ProcessesAsync(), await second.ProcessesAsync());
        await second.StopAsync();
        await ServiceTests.PublishAsync(publisher, chunks, from: 26, to: 40);
        await first.UntilAsync(status => status.Members.Count == 1 && IsDone(status));
        var after = await first.ProcessesAsync();

        Assert.Equal(Beds, before.Count);
        Assert.Equal(before, beside);
        Assert.Equal(2, before.Values.Distinct().Count());
        Assert.Equal(Beds, after.Count);
        Assert.Single(after.Values.Distinct());
    }

    [SkippableFact]
    public async Task A_process_that_was_removed_from_the_cluster_goes_on_from_its_last_checkpoints_by_itself()
    {
        var kafka = await server.PrepareAsync();
        using var late = new CancellationTokenSource(Patience);
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        await using var checks = new ServiceCollection().AddLogging().AddHealthChecks().Services.BuildServiceProvider();
        await using var cluster = new WardCluster(Options.Create(new ClusterOptions()), checks.GetRequiredService<HealthCheckService>(), NullLoggerFactory.Instance, TimeProvider.System);
        var settings = PipelineSettings.From(ServiceTests.Configure(kafka, null, $"Store:Directory={folder.Path}", "Kafka:CheckpointInterval=00:00:00.2"));
        await cluster.StartAsync(settings.Kafka, () => [], late.Token);
        WindowsSink? windows = null;
        await using var pipeline = new WardPipeline(settings, NullLoggerFactory.Instance, TimeProvider.System, store => windows = new WindowsSink(store), cluster);
        var running = pipeline.RunAsync(stop.Token);
        var chunks = ServiceTests.Chunks(Beds, seconds: 40);
        await using var publisher = new KafkaPublisher(kafka, NullLogger<KafkaPublisher>.Instance, TimeProvider.System);

        await ServiceTests.PublishAsync(publisher, chunks, from: 0, to: 20);
        await windows!.UntilAsync(Beds, lastWindow: 5, late.Token);
        var before = cluster.Node.Current;
        before.Cluster.Down(cluster.Node.Address);
        await ServiceTests.PublishAsync(publisher, chunks, from: 20, to: 40);
        await windows.UntilAsync(Beds, lastWindow: 15, late.Token);
        await stop.CancelAsync();
        await running.WaitAsync(late.Token);

        Assert.NotSame(before, cluster.Node.Current);
        Assert.All(windows.ByPatient(), patient => Assert.Equal(Enumerable.Range(0, 16).Select(id => (long)id), patient.Take(16)));
    }

    private static bool IsDone(WardStatus status) => status.Shards.All(shard => shard.UncommittedRecords == 0 && shard.Own is not null);

    /// <summary>The ECG windows that reach the store.</summary>
    private sealed class WindowsSink(IPatientSink store) : IPatientSink
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, SortedSet<long>> _windows = [];
        private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            await store.WriteAsync(batch, stop);
            lock (_lock)
            {
                foreach (var point in batch.Points.Where(point => point.Estimate.Signal == SignalKind.Ecg))
                {
                    if (!_windows.TryGetValue(point.Patient.Value, out var windows))
                        _windows.Add(point.Patient.Value, windows = []);
                    windows.Add(point.WindowId);
                }
                _more.TrySetResult();
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public ValueTask DisposeAsync() => store.DisposeAsync();

        public long[][] ByPatient()
        {
            lock (_lock)
                return [.. _windows.Values.Select(windows => windows.ToArray())];
        }

        public async Task UntilAsync(int patients, long lastWindow, CancellationToken late)
        {
            while (true)
            {
                Task more;
                lock (_lock)
                {
                    if (_windows.Count == patients && _windows.Values.All(windows => windows.Max >= lastWindow))
                        return;
                    more = _more.Task;
                }
                await more.WaitAsync(late);
            }
        }
    }

    private sealed class RunningService : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly CancellationToken _late;
        private Task<int> _service = Task.FromResult(ExitCode.Ok);
        private HttpClient? _http;

        private RunningService(CancellationToken late) => _late = late;

        public static async Task<RunningService> StartAsync(KafkaOptions kafka, CancellationToken late)
        {
            var started = new RunningService(late);
            var listening = new TaskCompletionSource<ICollection<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
            started._service = ServiceHost.RunAsync(
                ServiceTests.Configure(kafka, null, $"Store:Directory={started._folder.Path}", "Kafka:CheckpointInterval=00:00:00.2"), TimeProvider.System, started._stop.Token, listening.SetResult);
            started._http = new HttpClient { BaseAddress = new Uri((await listening.Task.WaitAsync(late)).First()) };
            return started;
        }

        public async Task UntilAsync(Func<WardStatus, bool> wanted)
        {
            while (await GetAsync<WardStatus>(StatusQuery.Path, StatusQuery.Json) is not { } status || !wanted(status))
                _late.ThrowIfCancellationRequested();
        }

        /// <summary>The process that has each patient.</summary>
        public async Task<Dictionary<string, string>> ProcessesAsync()
        {
            var beds = await GetAsync<JsonElement>("/api/beds", JsonSerializerOptions.Web);
            return beds.GetProperty("beds").EnumerateArray().SelectMany(bed => bed.GetProperty("patients").EnumerateArray())
                .ToDictionary(patient => patient.GetProperty("patient").GetString()!, patient => patient.GetProperty("process").GetString()!);
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            Assert.Equal(ExitCode.Ok, await _service.WaitAsync(_late));
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _http?.Dispose();
            _folder.Dispose();
            _stop.Dispose();
        }

        private async Task<T?> GetAsync<T>(string path, JsonSerializerOptions json)
        {
            using var answer = await _http!.GetAsync(new Uri(path, UriKind.Relative), _late);
            return answer.IsSuccessStatusCode ? JsonSerializer.Deserialize<T>(await answer.Content.ReadAsStringAsync(_late), json) : default;
        }
    }
}
