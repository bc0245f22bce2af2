using System.Diagnostics;
using System.Text.RegularExpressions;
using Pipeline.Host.Configuration;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Host;

/// <summary>What is deployed sets only keys that the service knows, to values that it takes.</summary>
public sealed partial class DeploymentFilesTests
{
    private static readonly string Root = RepositoryRoot.Path;

    [Fact]
    public void The_settings_of_the_kubernetes_manifests_are_understood()
    {
        var settings = PipelineSettings.From(Settings.Load(Path.Combine(Root, "k8s", "appsettings.json"), []));

        Assert.NotNull(settings.Influx.Url);
        Assert.Equal("/run/secrets/influx/token", settings.Influx.TokenFile);
        Assert.Contains($"value: {settings.Kafka.BootstrapServers}\n", Text("k8s/topics.yaml"), StringComparison.Ordinal);
        Assert.Contains($"maxReplicas: {settings.Kafka.Partitions}\n", Text("k8s/horizontalpodautoscaler.yaml"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker-compose.yml", 10)]
    [InlineData("Pipeline.Host/Dockerfile", 2)]
    public void The_settings_in_a_file_of_environment_variables_are_understood(string file, int atLeast)
    {
        var assignments = EnvironmentVariable().Matches(File.ReadAllText(Path.Combine(Root, file)))
            .Select(match => $"{match.Groups["key"].Value}={match.Groups["value"].Value.Trim('"')}").Distinct().ToArray();

        Assert.True(assignments.Length >= atLeast, $"only {assignments.Length} settings were found in {file}");
        _ = PipelineSettings.From(Settings.Load(null, assignments));
    }

    [SkippableFact]
    public async Task The_compose_file_is_one()
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "docker-compose")));
        Skip.IfNot(found, "docker-compose is not installed");
        using var compose = Process.Start(new ProcessStartInfo("docker-compose", ["-f", Path.Combine(Root, "docker-compose.yml"), "config", "-q"])
        {
            RedirectStandardError = true,
        })!;
        var said = await compose.StandardError.ReadToEndAsync();
        await compose.WaitForExitAsync();

        Assert.True(compose.ExitCode == 0, said);
    }

    [Theory]
    [InlineData("docker-compose.yml", 5)]
    [InlineData("Pipeline.Host/Dockerfile", 2)]
    public void Every_image_is_named_by_an_exact_version(string file, int atLeast)
    {
        var images = Image().Matches(File.ReadAllText(Path.Combine(Root, file))).Select(match => match.Groups["name"].Value).ToArray();

        Assert.True(images.Length >= atLeast, $"only {images.Length} images were found in {file}");
        Assert.All(images, image => Assert.Matches(@"^[a-z./]+:v?\d+\.\d+\.\d+$", image));
    }

    [Fact]
    public void What_compose_keeps_running_is_looked_at_and_reached_from_this_machine_only()
    {
        var text = Text("docker-compose.yml");
        var section = text[text.IndexOf("\nservices:", StringComparison.Ordinal)..text.IndexOf("\nvolumes:", StringComparison.Ordinal)];
        var services = ComposeService().Matches(section).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["body"].Value);
        string[] ending = ["secrets", "influx-tokens", "admin", "topics"], optional = ["simulate"];

        Assert.Equal(["grafana", "influxdb", "kafka", "pipeline-1", "pipeline-2", "prometheus"], services.Keys.Except([.. ending, .. optional]).Order());
        Assert.All(services.Keys.Except([.. ending, .. optional]), name => Assert.Matches("healthcheck:|<<: [*]pipeline", services[name]));
        Assert.All(Port().Matches(text), port => Assert.StartsWith("- 127.0.0.1:", port.Value, StringComparison.Ordinal));
        Assert.DoesNotContain("_TOKEN: $", text, StringComparison.Ordinal);
        Assert.DoesNotContain("_PASSWORD: ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_setting_of_compose_is_in_the_example_with_its_default()
    {
        var example = File.ReadLines(Path.Combine(Root, ".env.example")).Where(line => !line.StartsWith('#')).Order(StringComparer.Ordinal);
        var used = ComposeSetting().Matches(File.ReadAllText(Path.Combine(Root, "docker-compose.yml")))
            .Select(match => $"{match.Groups["name"].Value}={match.Groups["default"].Value}").Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(used, example);
    }

    private static string Text(string file) => File.ReadAllText(Path.Combine(Root, file));

    [GeneratedRegex(@"(?m)^(FROM |\s+image: (&\S+ )?)(?<name>[^*\s]\S*)")]
    private static partial Regex Image();

    [GeneratedRegex(@"(?ms)^  (?<name>[a-z0-9-]+):\n(?<body>.*?)(?=^  [a-z0-9-]+:\n|\z)")]
    private static partial Regex ComposeService();

    [GeneratedRegex(@"- \S*:\d+(?=\n)")]
    private static partial Regex Port();

    [GeneratedRegex(@"\$\{(?<name>[A-Z0-9_]+):-(?<default>[^}]*)\}")]
    private static partial Regex ComposeSetting();

    [GeneratedRegex(@"\b(?<key>[A-Z][A-Za-z]+__[A-Za-z_]+)[:=] ?(?<value>[^\s\\]+)")]
    private static partial Regex EnvironmentVariable();
}
