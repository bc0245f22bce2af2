using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Evaluation;
using Pipeline.Training.HeartRate.Zoo;

namespace Pipeline.Host.Commands;

/// <summary><c>compare</c>: heart-rate networks trained and scored side by side on recordings with references.</summary>
internal static class CompareCommand
{
    private const int MaxSteps = 1_000_000, MaxEpochs = 10_000, UsualFolds = 4;

    public static Command Create()
    {
        var names = new Argument<string[]>("NAME")
        {
            Description = $"Networks (all): {string.Join(' ', RateArchitectures.All.Select(one => one.Name))}.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var data = new Option<string[]>("--data") { Description = "Folder of recordings of a PPG with NAME.ref.csv beside them; may be repeated.", HelpName = "DIR", Required = true };
        var folds = new Option<string>("--folds") { Description = $"People cut into N groups, each held out once; loso: one each ({UsualFolds}).", HelpName = "N|loso", DefaultValueFactory = _ => "" };
        var sensor = new Option<string[]>("--new-sensor") { Description = "Also score this one of the data sets by networks trained on the others alone; may be repeated.", HelpName = "SET" };
        var steps = new Option<int?>("--steps") { Description = "Batches of each training (the default network's own number).", HelpName = "N" };
        var epochs = new Option<int?>("--epochs") { Description = "The same, counted in epochs: as many windows as the data has.", HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "The same seed, the same figures (1).", DefaultValueFactory = _ => 1, HelpName = "N" };
        var device = new Option<string>("--device") { Description = "cpu or cuda (cpu).", DefaultValueFactory = _ => "cpu", HelpName = "NAME" };
        var output = new Option<string?>("--output", "-o") { Description = "Also a row a network and recording, as CSV.", HelpName = "FILE.csv" };
        var channels = RecordingArguments.Channels();
        var rate = RecordingArguments.Rate();
        folds.Refuse(result => result == "loso" || (int.TryParse(result, CultureInfo.InvariantCulture, out var n) && n >= 2) ? null : $"--folds {result}: a number from 2, or loso.");
        device.Refuse(result => result is "cpu" or "cuda" ? null : $"--device {result}: cpu or cuda.");
        steps.Refuse(value => value is >= 1 and <= MaxSteps ? null : $"--steps {value}: 1 to {MaxSteps} are possible.");
        epochs.Refuse(value => value is >= 1 and <= MaxEpochs ? null : $"--epochs {value}: 1 to {MaxEpochs} are possible.");
        var command = new DocumentedCommand(
            "compare", "Train heart-rate networks on the same groups of people, score each on those held out, and print one table.",
            "./pipeline compare --data spc2015 --data bami --new-sensor spc2015 --steps 150",
            "./pipeline compare heart-rate tcn lstm --data DIR --folds loso")
        {
            names, data, folds, sensor, steps, epochs, seed, device, output, channels, rate,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var parts = parsed.GetValue(folds);
            var request = new CompareRequest(
                CompareRequest.Named(parsed.GetValue(names) ?? []),
                parsed.GetValue(data) ?? [],
                RecordingArguments.Options(parsed, channels, rate),
                string.IsNullOrEmpty(parts) ? UsualFolds : parts == "loso" ? int.MaxValue : int.Parse(parts, CultureInfo.InvariantCulture),
                parsed.GetValue(sensor) ?? [],
                parsed.GetValue(steps),
                parsed.GetValue(epochs),
                parsed.GetValue(seed),
                parsed.GetValue(device) ?? "cpu",
                parsed.GetValue(output));
            _ = Settings.Load(parsed);      // takes none, and refuses wrong ones as every command does
            request.Check();
            var run = new CompareRun(request, TimeProvider.System);
            var running = Task.Factory.StartNew(
                () => run.RunAsync(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            await ProgressBar.ShowAsync(parsed.InvocationConfiguration.Error, running, () => (run.Doing, run.Progress));
            var methods = await running;
            foreach (var remark in run.Remarks)
                await parsed.InvocationConfiguration.Output.WriteLineAsync($"# {PlainText.Of(remark)}");
            CompareTable.Write(methods, ProtocolOf(request, run), parsed.InvocationConfiguration.Output);
            if (request.Output is { } file)
            {
                await using var rows = CommandException.Writing(file, () => File.CreateText(file));
                CompareTable.WriteRecordings(methods, rows);
            }
            return ExitCode.Ok;
        });
        return command;
    }

    private static string ProtocolOf(CompareRequest request, CompareRun run) => string.Create(CultureInfo.InvariantCulture,
        $"Mean absolute error per minute of every window, mean over recordings (worst), {(request.Folds == int.MaxValue ? "each person held out alone" : $"{run.Folds} groups of people, each held out once")}; "
        + $"{run.Steps} steps, seed {request.Seed}; causal; networks alone. µs: a window on ONNX Runtime, one thread, batches of 64. The classical estimator has the constants in use.");
}
