using System.Text.Json;
using Pipeline.Host.Errors;
using Pipeline.Tests.Evaluation;
using Pipeline.Tests.Integration;
using Pipeline.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The published program does by itself what the built one does inside the repository.</summary>
[Collection(nameof(KafkaServer))]
public sealed class PublishedProgramTests(PublishedProgram program, KafkaServer kafka, ITestOutputHelper output) : IClassFixture<PublishedProgram>, IDisposable
{
    private const long MaxBytes = 120L << 20;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_small_and_has_no_libtorch()
    {
        var files = new DirectoryInfo(program.Folder).GetFiles("*", SearchOption.AllDirectories);

        var bytes = files.Sum(f => f.Length);
        output.WriteLine($"{files.Length} files, {bytes >> 20} MiB");
        Assert.InRange(bytes, 1, MaxBytes);
        Assert.DoesNotContain(files, f => f.Extension is ".so" or ".dylib" && f.Name.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task It_runs_a_ward_with_the_network_and_loses_nothing()
    {
        var (exit, said, error) = await program.RunAsync(_folder.Path, "demo", "--beds", "4", "--seconds", "5", "--speed", "4");

        Assert.True(exit == ExitCode.Ok, said + error);
        Assert.Matches(@"network +heart-rate@\S+ answered [1-9]", said);
        Assert.Matches("lost +nothing", said);
        Assert.Contains(Directory.EnumerateFiles(_folder.Path, "*.lp", SearchOption.AllDirectories), file => new FileInfo(file).Length > 0);
    }

    [Fact]
    public async Task It_writes_a_report_with_pictures()
    {
        var data = ReferencedRecordings.Write(_folder.Path, "a", "b");

        var (exit, said, error) = await program.RunAsync(_folder.Path, "evaluate", "heart-rate", "--data", data, "--output", "report.html");

        Assert.True(exit == ExitCode.Ok, said + error);
        var page = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "report.html"));
        Assert.Contains("<ellipse ", page, StringComparison.Ordinal);
        Assert.Contains("<image ", page, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task It_creates_topics_and_gives_them_more_partitions()
    {
        var options = kafka.Options();
        string[] arguments =
        [
            "topics", "--json", "--kafka", options.BootstrapServers, "--set", $"Kafka:GroupId={options.GroupId}", "--set", $"Kafka:SamplesTopic={options.SamplesTopic}",
            "--set", $"Kafka:ResultsTopic={options.ResultsTopic}", "--set", $"Kafka:DeadLettersTopic={options.DeadLettersTopic}", "--set", $"Kafka:StateTopic={options.StateTopic}",
            "--set", "Kafka:Replicas=1", "--partitions",
        ];
        foreach (var partitions in new[] { 2, 5 })
        {
            var (exit, said, error) = await program.RunAsync(_folder.Path, [.. arguments, $"{partitions}"]);

            Assert.True(exit == ExitCode.Ok, said + error);
            var samples = said.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonSerializer.Deserialize<JsonElement>(line))
                .Single(topic => topic.TryGetProperty("topic", out var name) && name.GetString() == options.SamplesTopic);
            Assert.Equal(partitions, samples.GetProperty("partitions").GetInt32());
        }
    }
}
