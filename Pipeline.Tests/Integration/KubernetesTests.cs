using System.Diagnostics;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Integration;

/// <summary>The manifests on a real Kubernetes API server with its controllers; there are no nodes, so pods stay pending.</summary>
[Trait("Category", "Integration")]
public sealed class KubernetesTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly TemporaryFolder _folder = new();
    private readonly string _script = Path.Combine(SharedFolder.Root ?? "", "servers", "kube");
    private string? _absent;

    private string Work => Path.Combine(_folder.Path, "work");

    public async Task InitializeAsync()
    {
        if (!File.Exists(_script))
        {
            _absent = "no Kubernetes: ../shared/servers/kube is not there";
            return;
        }
        Directory.CreateDirectory(Path.Combine(Work, "secrets"));
        foreach (var folder in (string[])["k8s", "deploy"])
            Directory.CreateSymbolicLink(Path.Combine(Work, folder), Path.Combine(RepositoryRoot.Path, folder));
        await File.WriteAllTextAsync(Path.Combine(Work, "secrets", "influx-token"), "token");
        await ShellAsync($"bash '{_script}' start --dir '{_folder.Path}/server' > '{_folder.Path}/said' 2>&1");
    }

    public async Task DisposeAsync()
    {
        if (_absent is null)
            await ShellAsync($"bash '{_script}' stop --kill --dir '{_folder.Path}/server'");
        _folder.Dispose();
    }

    [SkippableFact]
    public async Task What_the_readme_says_works_on_a_fresh_cluster_a_second_time_and_for_an_upgrade()
    {
        Skip.If(_absent is not null, _absent);

        await ShellAsync(CommandsBelow("## First time"));
        var pods = await UntilAsync("kubectl -n pipeline get pods --no-headers --output name", found => Count(found, "pod/pipeline-") == 3);
        var again = await ShellAsync("kubectl apply --validate=strict -k k8s");
        // Pod security only warns of a template.
        await ShellAsync("kubectl --warnings-as-errors apply --dry-run=server --validate=strict -k k8s");
        var security = await ShellAsync("kubectl get namespace pipeline --output jsonpath={.metadata.labels}");
        var refused = await ShellAsync("kubectl -n pipeline get events --output name --field-selector reason=FailedCreate");

        await ShellAsync("cp -r k8s/ upgraded && sed -i 's/newTag: .*/newTag: \"9.9.9\"/' upgraded/kustomization.yaml");
        var upgrade = CommandsBelow("## Upgrade").Replace("k8s", "upgraded", StringComparison.Ordinal).Split('\n');
        await ShellAsync(string.Join('\n', upgrade.Where(line => !line.Contains("rollout", StringComparison.Ordinal))));
        var images = await UntilAsync(
            "kubectl -n pipeline get pods --output jsonpath='{.items[*].spec.containers[*].image}'", found => Count(found, ":9.9.9") == 2);

        Assert.Equal(1, Count(pods, "pod/topics-"));
        Assert.DoesNotContain("created", again, StringComparison.Ordinal);
        Assert.Contains("\"pod-security.kubernetes.io/enforce\":\"restricted\"", security, StringComparison.Ordinal);
        Assert.Equal("", refused.Trim());
        // None goes before the new one is ready: here it never is.
        Assert.Equal(3, images.Split(' ').Count(image => !image.EndsWith(":9.9.9", StringComparison.Ordinal)));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    /// <summary>The first block of commands below a heading of the manifests' README.</summary>
    private static string CommandsBelow(string heading)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "k8s", "README.md"));
        return text[text.IndexOf(heading, StringComparison.Ordinal)..].Split("```")[1].Trim();
    }

    private async Task<string> UntilAsync(string commands, Func<string, bool> wanted)
    {
        using var late = new CancellationTokenSource(Patience);
        // Each turn starts kubectl, which takes its time: nothing else waits.
        while (true)
        {
            var found = await ShellAsync(commands);
            if (wanted(found))
                return found;
            Assert.False(late.IsCancellationRequested, $"{commands}: {found}");
        }
    }

    private async Task<string> ShellAsync(string commands)
    {
        var kubectl = $"kubectl() {{ bash '{_script}' --dir '{_folder.Path}/server' kubectl \"$@\"; }}";
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euc", $"{kubectl}\n{commands}"])
        {
            WorkingDirectory = Work,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = shell.StandardError.ReadToEndAsync();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"{commands}: {output}{await error}");
        return output;
    }
}
