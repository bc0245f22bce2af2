using System.CommandLine;
using Pipeline.Host.Errors;
using Pipeline.Host.Evaluation;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Features;

namespace Pipeline.Host.Commands;

/// <summary><c>evaluate</c>: how good a model is on recordings with references.</summary>
internal static class EvaluateCommand
{
    private const int MaxSteps = 1_000_000, MaxEpochs = 10_000;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A model's name or folder, or classical." };
        var data = new Option<string[]>("--data") { Description = "Folder of recordings with NAME.ref.csv beside them (qrs, ecg-autoencoder: NAME.atr, fetal: NAME.fqrs, NAME.edf.qrs); may be repeated.", HelpName = "DIR", Required = true };
        var split = new Option<string?>("--split") { Description = "Train anew and score on what is left out: loso (each recording once), or a CSV file with recording,fold.", HelpName = "loso|FILE" };
        var signal = new Option<string?>("--signal") { Description = "Kind of signal whose heart rates are scored (ppg, else ecg, else abp, else camera).", HelpName = "KIND" };
        var report = new Option<string?>("--output", "-o") { Description = "The report (evaluation-MODEL.html; of qrs only when this is given); figures and windows go beside it as .json and .csv.", HelpName = "FILE.html" };
        var steps = new Option<int?>("--steps") { Description = "With --split: batches of each training (as the package was trained).", HelpName = "N" };
        var epochs = new Option<int?>("--epochs") { Description = "With --split: the same, counted in epochs.", HelpName = "N" };
        var seed = new Option<int?>("--seed") { Description = "With --split: seed of each training (the package's own).", HelpName = "N" };
        var device = new Option<string>("--device") { Description = "With --split: cpu or cuda (cpu).", DefaultValueFactory = _ => "cpu", HelpName = "NAME" };
        var channels = RecordingArguments.Channels();
        var rate = RecordingArguments.Rate();
        signal.Refuse(name => name is not null && ChannelKinds.TryByName(name, out _) ? null : $"--signal {name}: there are {string.Join(' ', ChannelKinds.AllNames)}.");
        device.Refuse(result => result is "cpu" or "cuda" ? null : $"--device {result}: cpu or cuda.");
        steps.Refuse(value => value is >= 1 and <= MaxSteps ? null : $"--steps {value}: 1 to {MaxSteps} are possible.");
        epochs.Refuse(value => value is >= 1 and <= MaxEpochs ? null : $"--epochs {value}: 1 to {MaxEpochs} are possible.");
        var command = new DocumentedCommand(
            "evaluate", "Score a model on recordings with references: error, coverage, calibration, a report with pictures.",
            "./pipeline evaluate heart-rate --data spc2015",
            "./pipeline evaluate heart-rate --data spc2015 --data bami --split loso --output loso.html",
            "./pipeline evaluate classical --data bidmc --signal ecg",
            "./pipeline evaluate qrs --data mitdb --data nstdb --output qrs.html",
            "./pipeline evaluate FOLDER --data cinc2013 --data adfecgdb",
            "./pipeline evaluate ecg-autoencoder --data mitdb --data nstdb")
        {
            model, data, split, signal, report, steps, epochs, seed, device, channels, rate,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var name = parsed.GetValue(model) ?? Stages.Classical;
            var request = new EvaluateRequest(
                name,
                parsed.GetValue(data) ?? [],
                RecordingArguments.Options(parsed, channels, rate),
                parsed.GetValue(split),
                ChannelKinds.TryByName(parsed.GetValue(signal) ?? "", out var kind) ? kind : null,
                parsed.GetValue(steps),
                parsed.GetValue(epochs),
                parsed.GetValue(seed),
                parsed.GetValue(device) ?? "cpu",
                parsed.GetValue(report) ?? $"evaluation-{Path.GetFileName(Path.TrimEndingDirectorySeparator(name))}.html",
                CommandLine.LineOf(parsed));
            if (ModelCatalog.Is(name, EcgAutoencoder.Task))
            {
                request.CheckTable(parsed.GetValue(report) is not null);
                AutoencoderScores.Evaluate(request.Model, request.Data, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, stop);
                return ExitCode.Ok;
            }
            if (ModelCatalog.Is(name, FetalModel.Task))
            {
                request.CheckTable(parsed.GetValue(report) is not null);
                FetalScores.Evaluate(request.Model, request.Data, request.Reading, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, stop);
                return ExitCode.Ok;
            }
            await (ModelCatalog.Is(name, QrsModel.Task) ? BeatsAsync(request, parsed.GetValue(report) is not null, parsed.InvocationConfiguration, stop) : RatesAsync(request, parsed.InvocationConfiguration, stop));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>A QRS network is scored by beats: a row a record on standard output, and a report where one is asked for.</summary>
    private static async Task BeatsAsync(EvaluateRequest request, bool isReported, InvocationConfiguration invocation, CancellationToken stop)
    {
        request.CheckBeats(isReported);
        var result = QrsScores.Evaluate(request.Model, request.Data, invocation.Output, invocation.Error, stop);
        if (!isReported)
            return;
        await BeatReport.WriteAsync(result, request, stop);
        await invocation.Output.WriteLineAsync($"# {request.Report} (figures: {request.Figures}, recordings: {request.Windows})");
    }

    private static async Task RatesAsync(EvaluateRequest request, InvocationConfiguration invocation, CancellationToken stop)
    {
        request.Check();
        var run = new EvaluateRun(request, Trainings.ReadOf, TimeProvider.System);
        var running = Task.Run(() => run.RunAsync(stop), CancellationToken.None);
        await ProgressBar.ShowAsync(invocation.Error, running, () => (run.Text, run.Progress));
        var result = await running;
        foreach (var remark in result.Remarks)
            await invocation.Error.WriteLineAsync(remark);
        EvaluationTable.Write(result, invocation.Output);
        await EvaluationReport.WriteAsync(result, request, stop);
        await invocation.Output.WriteLineAsync($"\n{request.Report} (figures: {request.Figures}, windows: {request.Windows})");
    }
}
