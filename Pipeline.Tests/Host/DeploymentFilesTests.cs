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
    }

    [Theory]
    [InlineData("docker-compose.yml", 6)]
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
            Environment = { ["INFLUX_TOKEN"] = "token", ["GRAFANA_PASSWORD"] = "password" },
        })!;
        var said = await compose.StandardError.ReadToEndAsync();
        await compose.WaitForExitAsync();

        Assert.True(compose.ExitCode == 0, said);
    }

    [GeneratedRegex(@"\b(?<key>[A-Z][A-Za-z]+__[A-Za-z_]+)[:=] ?(?<value>[^\s\\]+)")]
    private static partial Regex EnvironmentVariable();
}
