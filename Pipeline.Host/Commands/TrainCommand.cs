using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;

namespace Pipeline.Host.Commands;

/// <summary><c>train</c>: networks from recordings with references.</summary>
internal static class TrainCommand
{
    private const int MaxSteps = 1_000_000, MaxEpochs = 10_000;

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "train", "Train a network on recordings with references.",
            "./pipeline train heart-rate --data spc2015 --data bami --folds 3");
        foreach (var model in Trainings.All)
            command.Add(Create(model));
        command.Add(TrainHeartSoundCommand.Create());
        return command;
    }

    private static DocumentedCommand Create(TrainedModel model)
    {
        var data = new Option<string[]>("--data") { Description = "Folder of recordings with references; may be repeated.", HelpName = "DIR", Required = !model.IsSimulated };
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
        folds.Refuse(result => result is "random" or "windows"
            ? $"--folds {result}: windows of one person overlap and are alike, so a random split scores a network on people whom it has learnt; people are held out whole: a number from 2, or loso."
            : result == "loso" || (int.TryParse(result, CultureInfo.InvariantCulture, out var n) && n >= 2) ? null : $"--folds {result}: a number from 2, or loso.");
        device.Refuse(result => result is "cpu" or "cuda" ? null : $"--device {result}: cpu or cuda.");
        steps.Refuse(value => value is >= 1 and <= MaxSteps ? null : $"--steps {value}: 1 to {MaxSteps} are possible.");
        epochs.Refuse(value => value is >= 1 and <= MaxEpochs ? null : $"--epochs {value}: 1 to {MaxEpochs} are possible.");
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
                CommandLine.LineOf(parsed))
            {
                Test = model.HasTest ? parsed.GetValue(test) ?? [] : [],
                Constants = model.HasTest ? parsed.GetValue(constants) : null,
            };
            _ = Settings.Load(parsed);      // takes none, and refuses wrong ones as every command does
            request.Check(model.HasTest);
            var run = new TrainRun(request, model.Read, parsed.InvocationConfiguration.Output, TimeProvider.System);
            var running = Task.Factory.StartNew(() => run.Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await ProgressBar.ShowAsync(parsed.InvocationConfiguration.Error, running, () => (run.Fitting.Text, run.Fitting.Progress));
            return ExitCode.Ok;
        });
        return command;
    }
}
