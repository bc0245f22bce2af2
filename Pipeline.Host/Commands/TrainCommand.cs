using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Training;
using Spectre.Console;
using TorchSharp;

namespace Pipeline.Host.Commands;

/// <summary><c>train</c>: networks from recordings with references.</summary>
internal static class TrainCommand
{
    private const int MaxSteps = 1_000_000;

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "train", "Train a network on recordings with references.",
            "./pipeline train heart-rate --data spc2015 --data bami --folds 3")
        {
            HeartRate(),
        };
        return command;
    }

    private static DocumentedCommand HeartRate()
    {
        var data = new Option<string[]>("--data")
        {
            Description = "Folder of WFDB recordings with NAME.ref.csv beside them; may be repeated.",
            HelpName = "DIR",
            Required = true,
        };
        var folds = new Option<string?>("--folds") { Description = "Also measure: people cut into N parts, each held out once; loso: one each.", HelpName = "N|loso" };
        var steps = new Option<int>("--steps") { Description = "Batches of 16 sequences of 48 windows (660).", DefaultValueFactory = _ => new RateTrainingOptions().Steps, HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "The same seed, the same weights (1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var device = new Option<string>("--device") { Description = "cpu or cuda (cpu).", DefaultValueFactory = _ => "cpu", HelpName = "NAME" };
        var folder = new Option<string?>("--out") { Description = "Folder of the model package; its name is the model's.", HelpName = "DIR" };
        var notes = new Option<string[]>("--note") { Description = "A line for the model card, for example terms=…; may be repeated.", HelpName = "KEY=TEXT" };
        Check(folds, result => result == "loso" || (int.TryParse(result, CultureInfo.InvariantCulture, out var n) && n >= 2) ? null : $"--folds {result}: a number from 2, or loso.");
        Check(device, result => result is "cpu" or "cuda" ? null : $"--device {result}: cpu or cuda.");
        Check(steps, value => value is >= 1 and <= MaxSteps ? null : $"--steps {value}: 1 to {MaxSteps} are possible.");
        notes.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0) is { } wrong)
                result.AddError($"--note {wrong.Value}: KEY=TEXT is wanted.");
        });
        var command = new DocumentedCommand(
            "heart-rate", "Train the heart-rate network; with --folds, print the error on people that it has not seen.",
            "./pipeline train heart-rate --data spc2015 --data bami --folds 3",
            "./pipeline train heart-rate --data spc2015 --data bami --seed 1 --out models/heart-rate")
        {
            data, folds, steps, seed, device, folder, notes,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var options = new RateTrainingOptions { Steps = parsed.GetValue(steps), Seed = parsed.GetValue(seed), Device = parsed.GetValue(device) ?? "cpu" };
            var parts = parsed.GetValue(folds);
            var request = new TrainRequest(
                parsed.GetValue(data) ?? [],
                parts is null ? null : parts == "loso" ? int.MaxValue : int.Parse(parts, CultureInfo.InvariantCulture),
                options,
                parsed.GetValue(folder),
                (parsed.GetValue(notes) ?? []).Select(note => note.Split('=', 2)).ToDictionary(note => note[0], note => note[1], StringComparer.Ordinal),
                $"./pipeline {string.Join(' ', parsed.Tokens.Select(token => token.Value.Contains(' ', StringComparison.Ordinal) ? $"'{token.Value}'" : token.Value))}");
            if (request.Folds is null && request.Output is null)
                throw CommandException.BadUsage("Nothing to do: --folds N measures on held-out people, --out DIR writes a model.");
            NeedLibtorch(options.Device);
            await RunAsync(new TrainRun(request, parsed.InvocationConfiguration.Output), parsed.InvocationConfiguration.Error, stop);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Check<T>(Option<T> option, Func<T?, string?> faultOf) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.Tokens.Count > 0 && faultOf(result.GetValueOrDefault<T>()) is { } fault)
            result.AddError(fault);
    });

    private static void NeedLibtorch(string device)
    {
        try
        {
            torch.set_num_threads(1);
        }
        catch (Exception fault) when (fault is DllNotFoundException or TypeInitializationException)
        {
            throw new CommandException("Training needs libtorch, which is not here: install Debian's libtorch-dev and libopenblas0-openmp, then run ./pipeline setup.");
        }
        if (device == "cuda" && !torch.cuda.is_available())
            throw CommandException.BadUsage("--device cuda: this libtorch finds no CUDA device; cpu is possible.");
    }

    private static async Task RunAsync(TrainRun run, TextWriter error, CancellationToken stop)
    {
        var running = Task.Factory.StartNew(() => run.Run(stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected)
            await ShowAsync(run, running);
        await running;
    }

    private static Task ShowAsync(TrainRun run, Task running)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask("Training");
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
                while (!running.IsCompleted && await timer.WaitForNextTickAsync())
                {
                    bar.Value = 100 * run.Progress;
                    bar.Description = double.IsNaN(run.Loss) ? run.Doing : string.Create(CultureInfo.InvariantCulture, $"{run.Doing}, loss {run.Loss:F3}");
                }
            });
    }
}
