using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Host.Kafka;

namespace Pipeline.Chaos.Servers;

/// <summary>A real Kafka of one or more brokers that can be killed one by one.</summary>
internal sealed class ChaosKafka : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Look = TimeSpan.FromMilliseconds(200);

    private readonly ServerScripts _scripts;
    private int _partitions;
    private readonly string _data = Directory.CreateTempSubdirectory("pipeline-chaos-kafka-").FullName;

    private ChaosKafka(ServerScripts scripts, int brokers, int partitions) => (_scripts, Brokers, _partitions) = (scripts, brokers, partitions);

    /// <summary>How many.</summary>
    public int Brokers { get; }

    /// <summary>Where they are.</summary>
    public string BootstrapServers { get; private set; } = "";

    /// <summary>Starts them and creates the topics as <c>./pipeline topics</c> does.</summary>
    public static async Task<ChaosKafka> StartAsync(
        ServerScripts scripts, int brokers, int partitions, IEnumerable<string> settings, TimeProvider time, CancellationToken stop)
    {
        var kafka = new ChaosKafka(scripts, brokers, partitions);
        try
        {
            var said = await scripts.RunAsync("kafka", kafka._data, ["start", "--brokers", Text(brokers), "--port", "0", "--parent", ServerScripts.Parent, .. settings.SelectMany(setting => new[] { "--set", setting })]);
            kafka.BootstrapServers = said.TrimEnd().Split('\n')[^1].Trim();
            var options = new KafkaOptions { BootstrapServers = kafka.BootstrapServers, Partitions = partitions, Replicas = brokers };
            await Topics.MendAsync(options, await Topics.ExamineAsync(options, time, stop), alter: false, time);
            return kafka;
        }
        catch
        {
            await kafka.DisposeAsync();
            throw;
        }
    }

    /// <summary>CPU time of all brokers that run.</summary>
    public double CpuSeconds => ServerScripts.CpuSeconds(_data);

    /// <summary>What the segments of a topic take on the disks of all brokers.</summary>
    public long BytesOf(string topic) => Directory.EnumerateDirectories(_data, $"{topic}-*", SearchOption.AllDirectories).SelectMany(partition => Directory.EnumerateFiles(partition, "*.log"))
        .Sum(segment => new FileInfo(segment) is { Exists: true } there ? there.Length : 0);

    /// <summary>SIGKILL to broker <paramref name="number"/>, from 1.</summary>
    public Task KillAsync(int number) => _scripts.RunAsync("kafka", _data, "kill-broker", Text(number));

    /// <summary>Starts a killed one again on its data.</summary>
    public Task RestartAsync(int number) => _scripts.RunAsync("kafka", _data, "restart-broker", Text(number));

    /// <summary>Broker <paramref name="number"/> answers no more until <see cref="ResumeAsync"/>.</summary>
    public Task PauseAsync(int number) => _scripts.RunAsync("kafka", _data, "pause-broker", Text(number));

    /// <summary>It goes on where it stood.</summary>
    public Task ResumeAsync(int number) => _scripts.RunAsync("kafka", _data, "resume-broker", Text(number));

    /// <summary>Gives the topics more partitions, and moves the patients' state along, as <c>./pipeline topics --partitions</c> does.</summary>
    public async Task<int> GrowAsync(int partitions, TimeProvider time, CancellationToken stop)
    {
        var moved = await new PartitionGrowth(new KafkaOptions { BootstrapServers = BootstrapServers, Replicas = Brokers }, partitions, time).RunAsync(stop);
        _partitions = partitions;
        return moved;
    }

    /// <summary>Deletes a topic with all that is in it, and creates it anew as <c>./pipeline topics</c> does.</summary>
    public async Task RemakeAsync(string topic, TimeProvider time, CancellationToken stop)
    {
        var options = new KafkaOptions { BootstrapServers = BootstrapServers, Partitions = _partitions, Replicas = Brokers };
        using (var admin = new AdminClientBuilder(ClientSettings.Admin(options)).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build())
            await admin.DeleteTopicsAsync([topic], new DeleteTopicsOptions { OperationTimeout = Patience, RequestTimeout = Patience });
        using var timer = new PeriodicTimer(Look, time);
        IReadOnlyList<TopicState> found;
        while (!(found = await Topics.ExamineAsync(options, time, stop)).Single(state => state.Plan.Name == topic).IsMissing)
            await timer.WaitForNextTickAsync(stop);
        await Topics.MendAsync(options, found, alter: false, time);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _scripts.RunAsync("kafka", _data, "stop", "--kill", "--clean");
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
