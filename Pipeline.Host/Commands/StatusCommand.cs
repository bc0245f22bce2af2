using System.CommandLine;
using System.Text.Json;
using Pipeline.Host.Access;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Status;
using Pipeline.Host.Web;
using Spectre.Console;

namespace Pipeline.Host.Commands;

/// <summary><c>status</c>: shards, owners, lag, patients, checkpoints and restores of the running ward.</summary>
internal static class StatusCommand
{
    private const int WidthWithoutTerminal = 120;

    public static Command Create()
    {
        var url = UrlOption();
        var json = new Option<bool>("--json") { Description = "One JSON object: group, members, shards." };
        var command = new DocumentedCommand(
            "status", "Show the running ward: shards and their owners, lag, patients, checkpoints, restores.",
            "./pipeline status",
            "./pipeline status --url http://10.0.0.7:8080 --json")
        {
            url, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var status = await StatusQuery.FetchAsync(ProcessOf(parsed, url), TokenOf(parsed), stop);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(status, StatusQuery.Json));
            else
                Show(status, output, TimeProvider.System.GetUtcNow());
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The flag that names a process.</summary>
    public static Option<string?> UrlOption() => new("--url") { Description = "Any process of the ward; by default the first of Web:Urls on this machine.", HelpName = "URL" };

    /// <summary>The process that <paramref name="url"/> names, or that of this machine.</summary>
    public static Uri ProcessOf(ParseResult parsed, Option<string?> url) =>
        parsed.GetValue(url) is { } named ? Parse(named) : Settings.Bind<WebOptions>(Settings.Load(parsed), WebOptions.Section).Here;

    /// <summary>The token that is shown to it; null where <c>Access:TokenFile</c> names none.</summary>
    public static string? TokenOf(ParseResult parsed)
    {
        if (Settings.Load(parsed)[$"{AccessOptions.Section}:{nameof(AccessOptions.TokenFile)}"] is not { Length: > 0 } file)
            return null;
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CommandException.BadUsage($"Access:TokenFile is '{file}'; {fault.Message}");
        }
    }

    private static Uri Parse(string url) => Uri.TryCreate(url, UriKind.Absolute, out var process) && process.Scheme is "http" or "https"
        ? process
        : throw CommandException.BadUsage($"--url {url}: http://HOST:PORT or https://HOST:PORT is wanted.");

    private static void Show(WardStatus status, TextWriter output, DateTimeOffset now)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        // The library looks at TERM alone: a pipe or a file would get escape sequences.
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!isTerminal)
            console.Profile.Width = WidthWithoutTerminal;
        console.Write(StatusTable.Draw(status, now));
    }
}
