using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Host.Commands;

/// <summary><c>train</c>: networks from recordings with references.</summary>
internal static class TrainCommand
{
    private const int MaxSteps = 1_000_000, MaxEpochs = 10_000;

    /// <summary>The networks that can be trained. A new one is a line here.</summary>
    private static readonly TrainedModel[] Models =
    [
        new("heart-rate", "Train the heart-rate network on recordings of a PPG (NAME.hea or NAME.csv) with NAME.ref.csv beside them.", request => new RateTraining(request), HasTest: true),
        new("qrs", "Train the QRS network on ECG records with reference beats (NAME.hea with NAME.atr); records em, ma, bw without are noise to mix in.", request => new QrsTraining(request)),
    ];

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "train", "Train a network on recordings with references.",
            "./pipeline train heart-rate --data spc2015 --data bami --folds 3");
        foreach (var model in Models)
            command.Add(Create(model));
        return command;
    }

    private static DocumentedCommand Create(TrainedModel model)
    {
        var data = new Option<string[]>("--data") { Description = "Folder of recordings with references; may be repeated.", HelpName = "DIR", Required = true };
        var folds = new Option<string?>("--folds") { Description = "Also measure: people cut into N parts, each held out once; loso: one each.", HelpName = "N|loso" };
        var steps = new Option<int?>("--steps") { Description = "Batches of one training (the model's own number).", HelpName = "N" };
        var epochs = new Option<int?>("--epochs") { Description = "The same, counted in epochs: as many windows as the data has.", HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "The same seed, the same weights (1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var device = new Option<string>("--device") { Description = "cpu or cuda (cpu).", DefaultValueFactory = _ => "cpu", HelpName = "NAME" };
        var folder = new Option<string?>("--out") { Description = "Folder of the model package; its name is the model's.", HelpName = "DIR" };
        var notes = new Option<string[]>("--note") { Description = "A line for the model card, for example terms=…; may be repeated.", HelpName = "KEY=TEXT" };
        var test = new Option<string[]>("--test") { Description = "Also score, trained on all of --data, on this folder: another sensor, other people.", HelpName = "DIR" };
        var constants = new Option<string?>("--constants") { Description = "Classical constants of folds and --test: fit fits them anew, each time on the recordings trained on; or a file of what bench accuracy-ppg --fit prints (those in use).", HelpName = "fit|FILE" };
        var channels = RecordingArguments.Channels();
        var rate = RecordingArguments.Rate();
        Check(folds, result => result == "loso" || (int.TryParse(result, CultureInfo.InvariantCulture, out var n) && n >= 2) ? null : $"--folds {result}: a number from 2, or loso.");
        Check(device, result => result is "cpu" or "cuda" ? null : $"--device {result}: cpu or cuda.");
        Check(steps, value => value is >= 1 and <= MaxSteps ? null : $"--steps {value}: 1 to {MaxSteps} are possible.");
        Check(epochs, value => value is >= 1 and <= MaxEpochs ? null : $"--epochs {value}: 1 to {MaxEpochs} are possible.");
        notes.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0) is { } wrong)
                result.AddError($"--note {wrong.Value}: KEY=TEXT is wanted.");
        });
        var command = new DocumentedCommand(
            model.Name, model.Description,
            $"./pipeline train {model.Name} --data DIR --folds loso",
            $"./pipeline train {model.Name} --data DIR --data DIR2 --seed 1 --out models/{model.Name}")
        {
            data, folds, steps, epochs, seed, device, folder, notes, channels, rate,
        };
        if (model.HasTest)
        {
            command.Add(test);
            command.Add(constants);
        }
        command.SetAction(async (parsed, stop) =>
        {
            var parts = parsed.GetValue(folds);
            var request = new TrainRequest(
                model.Name,
                parsed.GetValue(data) ?? [],
                RecordingArguments.Options(parsed, channels, rate),
                parts is null ? null : parts == "loso" ? int.MaxValue : int.Parse(parts, CultureInfo.InvariantCulture),
                parsed.GetValue(steps),
                parsed.GetValue(epochs),
                parsed.GetValue(seed),
                parsed.GetValue(device) ?? "cpu",
                parsed.GetValue(folder),
                (parsed.GetValue(notes) ?? []).Select(note => note.Split('=', 2)).ToDictionary(note => note[0], note => note[1], StringComparer.Ordinal),
                LineOf(parsed))
            {
                Test = model.HasTest ? parsed.GetValue(test) ?? [] : [],
                Constants = model.HasTest ? parsed.GetValue(constants) : null,
            };
            if (request.Folds is null && request.Output is null && request.Test.Count == 0)
                throw CommandException.BadUsage($"Nothing to do: --folds N measures on held-out people, {(model.HasTest ? "--test DIR on other recordings, " : "")}--out DIR writes a model.");
            CheckConstants(request);
            if (request is { Steps: not null, Epochs: not null })
                throw CommandException.BadUsage("--steps and --epochs say the same twice: give one of them.");
            NeedLibtorch(request.Device);
            var run = new TrainRun(request, model.Read, parsed.InvocationConfiguration.Output, TimeProvider.System);
            var running = Task.Factory.StartNew(() => run.Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await ProgressBar.ShowAsync(parsed.InvocationConfiguration.Error, running, () => (run.Fitting.Text, run.Fitting.Progress));
            return ExitCode.Ok;
        });
        return command;
    }

    internal static void Check<T>(Option<T> option, Func<T?, string?> faultOf) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.Tokens.Count > 0 && faultOf(result.GetValueOrDefault<T>()) is { } fault)
            result.AddError(fault);
    });

    /// <summary>The command line as it can be typed again.</summary>
    internal static string LineOf(ParseResult parsed) =>
        $"./pipeline {string.Join(' ', parsed.Tokens.Select(token => token.Value.Contains(' ', StringComparison.Ordinal) ? $"'{token.Value}'" : token.Value))}";

    /// <summary>A model is served with the constants in use, so what is written is trained with no others.</summary>
    private static void CheckConstants(TrainRequest request)
    {
        if (request is { Constants: TrainRequest.Fit, Folds: null, Test.Count: 0 })
            throw CommandException.BadUsage("--constants fit is for people held out: give --folds N or --test DIR; a model is served with the constants in use.");
        if (request is { Constants: TrainRequest.Fit, Output: not null, Test.Count: > 0 })
            throw CommandException.BadUsage("--constants fit: --test is of a network with constants fitted on --data, --out of one with the constants in use: leave one of them away.");
        if (request is { Constants: not null and not TrainRequest.Fit, Output: not null })
            throw CommandException.BadUsage("--constants FILE is for a test: a model is served with the constants in use, so leave --out away.");
    }

    internal static void NeedLibtorch(string device)
    {
        if (Libtorch.Fault is { } fault)
            throw new CommandException($"Training needs libtorch: {fault}");
        torch.set_num_threads(1);
        if (device == "cuda" && !torch.cuda.is_available())
            throw CommandException.BadUsage("--device cuda: this libtorch finds no CUDA device; cpu is possible.");
    }

    /// <summary>How the networks with that task are trained; null: they cannot be.</summary>
    internal static Func<TrainRequest, ITraining>? ReadOf(string task) => Array.Find(Models, model => model.Name == task.Replace('_', '-'))?.Read;

    /// <summary>A network that can be trained.</summary>
    private sealed record TrainedModel(string Name, string Description, Func<TrainRequest, ITraining> Read, bool HasTest = false);
}
