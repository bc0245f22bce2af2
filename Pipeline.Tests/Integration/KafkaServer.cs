using System.Diagnostics;
using System.Globalization;
using Pipeline.Host.Kafka;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>A real Kafka broker of the tests' own, on free ports, with SASL and TLS listeners beside the plain one; gone with the test process.</summary>
public sealed class KafkaServer : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private string? _script;
    private Dictionary<string, string> _settings = [];
    private int _topics;

    /// <summary>Why there is no server; null when there is one.</summary>
    public string? Absent { get; private set; }

    /// <summary>A setting as the script writes it: <c>KAFKA_PLAIN</c>, <c>KAFKA_SASL_TLS</c>, <c>KAFKA_CA</c>, <c>KAFKA_PASSWORD</c>.</summary>
    public string this[string name] => _settings[name];

    public async Task InitializeAsync()
    {
        var script = SharedFolder.Root is { } root ? Path.Combine(root, "servers", "kafka") : null;
        if (script is null || !File.Exists(script))
        {
            Absent = "no Kafka to test against: ../shared/servers/kafka (or PIPELINE_SHARED) is not there";
            return;
        }
        _script = script;
        var (code, said) = await RunAsync("start", "--brokers", "1", "--port", "0", "--sasl", "--tls", "--parent", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        if (code != 0)
        {
            Absent = $"Kafka does not start: {said.Trim()}";
            return;
        }
        _settings = File.ReadLines(Path.Combine(_folder.Path, "env")).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1].Trim('\''));
    }

    public async Task DisposeAsync()
    {
        if (_settings.Count > 0)
            await RunAsync("stop", "--kill", "--clean");
        _folder.Dispose();
    }

    /// <summary>Where the broker keeps a partition's records.</summary>
    public string PartitionFolder(string topic, int partition) => Path.Combine(_folder.Path, "broker-1", "data", string.Create(CultureInfo.InvariantCulture, $"{topic}-{partition}"));

    public Task KillAsync() => RunAsync("kill-broker", "1");

    public Task RestartAsync() => RunAsync("restart-broker", "1");

    /// <summary>Lets nobody but another user use a transactional id.</summary>
    public Task DenyTransactionsAsync(string id) => RunAsync("acls", "--add", "--allow-principal", "User:other", "--operation", "All", "--transactional-id", id);

    /// <summary>Takes every right on a consumer group from the user of the tests.</summary>
    public Task DenyGroupAsync(string id) => RunAsync("acls", "--add", "--allow-principal", "User:other", "--operation", "All", "--group", id);

    /// <summary>Lets the user of the tests do this with a topic, and nothing else.</summary>
    public Task AllowTopicAsync(string topic, params string[] operations) => RunAsync(
        ["acls", "--add", "--allow-principal", $"User:{this["KAFKA_USER"]}", .. operations.SelectMany(operation => new[] { "--operation", operation }), "--topic", topic]);

    /// <summary>Lets the user of the tests do this with the cluster, and nothing else; undone by <see cref="AllowClusterAsync"/>.</summary>
    public Task RestrictClusterAsync(params string[] operations) => RunAsync(ClusterRule("--add", operations));

    /// <summary>Takes the same rule away.</summary>
    public Task AllowClusterAsync(params string[] operations) => RunAsync([.. ClusterRule("--remove", operations), "--force"]);

    private string[] ClusterRule(string verb, string[] operations) =>
        ["acls", verb, "--allow-principal", $"User:{this["KAFKA_USER"]}", .. operations.SelectMany(operation => new[] { "--operation", operation }), "--cluster"];

    /// <summary>The same options, by the listener with a user and TLS: only there are rights looked at.</summary>
    internal KafkaOptions Secured(KafkaOptions options)
    {
        var secured = options.Copy();
        secured.BootstrapServers = this["KAFKA_SASL_TLS"];
        // As an environment variable would write them.
        secured.Properties["security_protocol"] = "SASL_SSL";
        secured.Properties["sasl_mechanism"] = "SCRAM-SHA-512";
        secured.Properties["sasl.username"] = this["KAFKA_USER"];
        secured.Properties["sasl.password"] = this["KAFKA_PASSWORD"];
        secured.Properties["ssl.ca.location"] = this["KAFKA_CA"];
        return secured;
    }

    /// <summary>Options with topics and a group of their own; skips the test where there is no server.</summary>
    internal KafkaOptions Options()
    {
        Skip.If(Absent is not null, Absent);
        var prefix = string.Create(CultureInfo.InvariantCulture, $"t{++_topics}");
        return new KafkaOptions
        {
            BootstrapServers = this["KAFKA_PLAIN"],
            GroupId = prefix,
            SamplesTopic = $"{prefix}.samples",
            ResultsTopic = $"{prefix}.results",
            EventsTopic = $"{prefix}.events",
            DeadLettersTopic = $"{prefix}.dead-letters",
            CommandsTopic = $"{prefix}.commands",
            StateTopic = $"{prefix}.state",
            Partitions = 4,
            CommitInterval = TimeSpan.FromMilliseconds(100),
            CheckpointInterval = TimeSpan.FromMilliseconds(200),
            ConsumerProperties = { ["fetch.wait.max.ms"] = "50" },
        };
    }

    /// <summary>The same, with the topics created as <c>./pipeline topics</c> does.</summary>
    internal async Task<KafkaOptions> PrepareAsync()
    {
        var options = Options();
        await Topics.MendAsync(options, await Topics.ExamineAsync(options, TimeProvider.System, CancellationToken.None), alter: false, TimeProvider.System);
        return options;
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        // Into a file: the brokers that it leaves running would keep a pipe open.
        var said = Path.Combine(_folder.Path, "said");
        using var script = Process.Start(new ProcessStartInfo("bash", ["-c", "\"$0\" \"$@\" > \"$KAFKA_SAID\" 2>&1", _script!, .. arguments, "--dir", _folder.Path])
        {
            Environment = { ["KAFKA_SAID"] = said },
        }) ?? throw new InvalidOperationException("bash did not start");
        await script.WaitForExitAsync();
        return (script.ExitCode, File.Exists(said) ? await File.ReadAllTextAsync(said) : "");
    }
}

/// <summary>The tests that share one broker; one after the other.</summary>
[CollectionDefinition(nameof(KafkaServer))]
public sealed class KafkaServerCollection : ICollectionFixture<KafkaServer>;
