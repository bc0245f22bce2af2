using System.CommandLine;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Recordings;

namespace Pipeline.Host.Commands;

/// <summary>The one command's sub-commands, how they end, and how their failures read.</summary>
internal static class CommandLine
{
    /// <summary>Every sub-command, in the order in which help lists them. One file each; a new one is a line here.</summary>
    private static readonly Func<Command>[] Commands =
    [
        DemoCommand.Create,
        RunCommand.Create,
        TopicsCommand.Create,
        StatusCommand.Create,
        AlarmsCommand.Create,
        UsersCommand.Create,
        DeadLettersCommand.Create,
        EstimateCommand.Create,
        ReplayCommand.Create,
        SimulateCommand.Create,
        TrainCommand.Create,
        CompareCommand.Create,
        EvaluateCommand.Create,
        QuantizeCommand.Create,
        ModelsCommand.Create,
        DoctorCommand.Create,
    ];

    /// <summary>Runs what <paramref name="args"/> say. Ctrl-C and SIGTERM cancel it once; the second one ends the process at once.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="commands">The sub-commands of another program than this one; none: this program's.</param>
    public static async Task<int> RunAsync(string[] args, params Func<Command>[] commands)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        return await InvokeAsync(CreateRoot(commands), args, Console.Out, Console.Error, stop.Token);

        void OnSignal(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested)
                return;
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>The same without the process around it: what the tests call.</summary>
    public static Task<int> InvokeAsync(string[] args, TextWriter output, TextWriter error, CancellationToken stop) =>
        InvokeAsync(CreateRoot(), args, output, error, stop);

    private static async Task<int> InvokeAsync(RootCommand root, string[] args, TextWriter output, TextWriter error, CancellationToken stop)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpText)
        {
            if (args.Length == 0)
                return await root.Parse("--help").InvokeAsync(new InvocationConfiguration { Output = output }, stop);
            await error.WriteLineAsync(PlainText.Of(ParseFaults.Of(parsed)));
            await error.WriteLineAsync($"Try: {HelpText.PathOf(parsed.CommandResult)} --help");
            return ExitCode.BadUsage;
        }
        try
        {
            // Signals are handled above: a command gets as long as it needs to end in order.
            var invocation = new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(invocation, stop);
        }
        catch (CommandException failure)
        {
            await error.WriteLineAsync(PlainText.Of(failure.Message));
            return failure.ExitCode;
        }
        catch (RecordingException failure)
        {
            await error.WriteLineAsync(PlainText.Of(failure.Message));
            return ExitCode.BadUsage;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or KafkaException or HttpRequestException or StateRefusedException)
        {
            await error.WriteLineAsync(PlainText.Of(failure.Message));
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    /// <summary>The root command with all others, or with <paramref name="commands"/> where there are some.</summary>
    internal static RootCommand CreateRoot(params Func<Command>[] commands)
    {
        var root = new RootCommand("Heart rate and signal quality of a whole ward, from Kafka to InfluxDB.")
        {
            SettingsOptions.File,
            SettingsOptions.Set,
        };
        foreach (var create in commands.Length > 0 ? commands : Commands)
            root.Add(create());
        OptionRules.RefuseEmptyPlaces(root);
        HelpText.Install(root);
        return root;
    }

    /// <summary>The command line as it can be typed again.</summary>
    internal static string LineOf(ParseResult parsed) =>
        $"./pipeline {string.Join(' ', parsed.Tokens.Select(token => token.Value.Contains(' ', StringComparison.Ordinal) ? $"'{token.Value}'" : token.Value))}";
}
