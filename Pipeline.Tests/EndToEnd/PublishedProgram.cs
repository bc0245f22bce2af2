using System.Diagnostics;
using System.Text.RegularExpressions;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.EndToEnd;

/// <summary>The program as the image has it: what the Dockerfile's <c>dotnet publish</c> makes, in a folder outside of the repository.</summary>
public sealed partial class PublishedProgram : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly TemporaryFolder _folder = new();

    /// <summary>Where it lies.</summary>
    public string Folder => Path.Combine(_folder.Path, "app");

    public async Task InitializeAsync()
    {
        var root = FindRoot();
        var command = Publish().Match(await File.ReadAllTextAsync(Path.Combine(root, "Pipeline.Host", "Dockerfile")));
        Assert.True(command.Success, "the Dockerfile has no 'dotnet publish PROJECT … -o /app'");
        // What the tests were built with is published: a build at the same time would write over it.
        string[] arguments = ["publish", .. command.Groups["arguments"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries), "-o", Folder, "--no-build", "-v", "quiet", "-nologo"];
        var configuration = Array.IndexOf(arguments, "-c");
        arguments[configuration + 1] = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;    // bin/CONFIGURATION/net10.0
        var (exit, said, error) = await StartAsync("dotnet", arguments, root);
        Assert.True(exit == 0, said + error);
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Runs it in a folder, as a user would.</summary>
    public Task<(int Exit, string Output, string Error)> RunAsync(string folder, params string[] arguments) =>
        StartAsync("dotnet", [Path.Combine(Folder, "pipeline-host.dll"), .. arguments], folder);

    private static async Task<(int Exit, string Output, string Error)> StartAsync(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Of this test run, not of the program that is tested.
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_gcServer"] = "0" },
        }) ?? throw new InvalidOperationException($"{program} did not start");
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(Limit);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {Limit}");
        }
        return (process.ExitCode, await output, await error);
    }

    [GeneratedRegex(@"^RUN dotnet publish (?<arguments>.*?) -o /app\s*$", RegexOptions.Multiline)]
    private static partial Regex Publish();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("the repository's root is not above the tests");
        return folder.FullName;
    }
}
