using System.Globalization;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Chaos;

/// <summary>A real Kafka of one or more brokers that can be killed one by one.</summary>
internal sealed class ChaosKafka : IAsyncDisposable
{
    private readonly ServerScripts _scripts;
    private readonly string _data = Directory.CreateTempSubdirectory("pipeline-chaos-kafka-").FullName;

    private ChaosKafka(ServerScripts scripts, int brokers) => (_scripts, Brokers) = (scripts, brokers);

    /// <summary>How many.</summary>
    public int Brokers { get; }

    /// <summary>Where they are.</summary>
    public string BootstrapServers { get; private set; } = "";

    /// <summary>Starts them and creates the topics as <c>./pipeline topics</c> does.</summary>
    public static async Task<ChaosKafka> StartAsync(ServerScripts scripts, int brokers, int partitions, TimeProvider time, CancellationToken stop)
    {
        var kafka = new ChaosKafka(scripts, brokers);
        try
        {
            var said = await scripts.RunAsync("kafka", kafka._data, "start", "--brokers", Text(brokers), "--port", "0", "--parent", ServerScripts.Parent);
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

    /// <summary>SIGKILL to broker <paramref name="number"/>, from 1.</summary>
    public Task KillAsync(int number) => _scripts.RunAsync("kafka", _data, "kill-broker", Text(number));

    /// <summary>Starts a killed one again on its data.</summary>
    public Task RestartAsync(int number) => _scripts.RunAsync("kafka", _data, "restart-broker", Text(number));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _scripts.RunAsync("kafka", _data, "stop", "--kill", "--clean");
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
