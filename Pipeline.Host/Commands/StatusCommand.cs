using System.CommandLine;
using System.Text.Json;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;
using Spectre.Console;

namespace Pipeline.Host.Commands;

/// <summary><c>status</c>: shards, owners, lag, patients, checkpoints and restores of the running ward.</summary>
internal static class StatusCommand
{
    private const int WidthWithoutTerminal = 120;

    public static Command Create()
    {
        var kafka = PublishingArguments.Kafka();
        var json = new Option<bool>("--json") { Description = "One JSON object: group, members, shards." };
        var command = new DocumentedCommand(
            "status", "Show the running ward: shards and their owners, lag, patients, checkpoints, restores.",
            "./pipeline status",
            "./pipeline status --kafka kafka:9092 --json")
        {
            kafka, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var time = TimeProvider.System;
            var options = Settings.Bind<KafkaOptions>(Settings.Load(parsed, ("Kafka:BootstrapServers", parsed.GetValue(kafka))), KafkaOptions.Section);
            var status = await StatusQuery.AskAsync(options, time, stop);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(status, MemberStatus.Json));
            else
                Show(status, output, time.GetUtcNow());
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Show(WardStatus status, TextWriter output, DateTimeOffset now)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (!ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected)
            console.Profile.Width = WidthWithoutTerminal;
        console.Write(StatusTable.Draw(status, now));
    }
}
