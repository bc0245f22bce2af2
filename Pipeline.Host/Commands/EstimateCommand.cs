using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Estimates;
using Pipeline.Host.Explanations;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Alarms;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Estimators.Ctg;
using Pipeline.Models.Features;

namespace Pipeline.Host.Commands;

/// <summary><c>estimate</c>: recordings through the product's own flow, as fast as it goes.</summary>
internal static class EstimateCommand
{
    public static Command Create()
    {
        var files = RecordingArguments.Files("Recordings, or folders of them: WFDB header (.hea), EDF or EDF+, CSV and the like, WAV, video (.mp4 .avi .mov).");
        var channels = RecordingArguments.Channels();
        var rate = RecordingArguments.Rate();
        var region = new Option<string?>("--region") { Description = "Of a video: where the skin is, in pixels (it is searched for).", HelpName = "X,Y,WIDTH,HEIGHT" };
        var model = new Option<string>("--model") { Description = "What estimates from PPG: auto, classical, or a model's name or folder (auto: the network that ships).", DefaultValueFactory = _ => Stages.Auto, HelpName = "NAME" };
        var qrs = new Option<string>("--qrs-model") { Description = "What decides on the beats of an ECG: auto, classical, or a model's name or folder (auto: the network that ships).", DefaultValueFactory = _ => Stages.Auto, HelpName = "NAME" };
        var fetal = new Option<string>("--fetal-model") { Description = "What is asked about the fetal heart rate of abdominal leads beside the classical estimator: auto, classical, or a model's name or folder (auto: the network that ships, if one does).", DefaultValueFactory = _ => Stages.Auto, HelpName = "NAME" };
        var autoencoder = new Option<string?>("--ecg-autoencoder") { Description = "What reconstructs the beats of an ECG: auto, classical, or a model's name or folder (classical: nothing; auto with --denoised and --encodings).", HelpName = "NAME" };
        var format = new Option<EstimateFormat>("--format") { Description = "csv or json (csv).", HelpName = "FORMAT" };
        var output = new Option<string?>("--output", "-o") { Description = "File for the estimates (standard output); a folder for several recordings.", HelpName = "PATH" };
        var beats = new Option<string?>("--beats") { Description = "File for the beats; a folder for several recordings.", HelpName = "PATH" };
        var events = new Option<string?>("--events") { Description = "File for the events (alarms; episodes of the rhythm; CTG: accelerations, decelerations, contractions, category); a folder for several recordings.", HelpName = "PATH" };
        var denoised = new Option<string?>("--denoised") { Description = "File for the denoised ECG (CSV, the recording's rate, the first two leads); a folder for several recordings.", HelpName = "PATH" };
        var encodings = new Option<string?>("--encodings") { Description = "File for an encoding of each beat of an ECG, to search for like ones (CSV); a folder for several recordings.", HelpName = "PATH" };
        var explain = new Option<string?>("--explain") { Description = "File for a page of pictures (.html): which bands and channels carried the heart-rate network's answers; a folder for several recordings.", HelpName = "PATH" };
        var check = new Option<AskedCheck?>("--check-alarm")
        {
            Description = "Check an alarm (asystole, bradycardia, tachycardia, ventricular_tachycardia, ventricular_fibrillation) against all signals up to a second, with nothing after it: prints true or false, the probability and the reason, and nothing else.",
            HelpName = "KIND@SECONDS",
            CustomParser = parsed =>
            {
                if (AskedCheck.TryParse(parsed.Tokens[0].Value, out var asked) is { } fault)
                    parsed.AddError(fault);
                return asked;
            },
        };
        var command = new DocumentedCommand(
            "estimate", "Estimate heart rate and quality from recordings: WFDB (.hea), EDF, CSV, WAV.",
            "./pipeline estimate bidmc_01.hea --output bidmc_01.csv",
            "./pipeline estimate wrist.csv --rate 100 --channel column1=ppg --beats beats.csv",
            "./pipeline estimate records --output estimates --format json",
            "./pipeline estimate wrist.hea --model heart-rate",
            "./pipeline estimate 1001.hea --output trace.csv --events events.csv",
            "./pipeline estimate 118e06.hea --output rates.csv --denoised denoised.csv",
            "./pipeline estimate wrist.hea --output rates.csv --explain why.html",
            "./pipeline estimate face.mp4 --beats pulses.csv",
            "./pipeline estimate a103l.hea --check-alarm asystole@300")
        {
            files, model, qrs, fetal, autoencoder, format, output, beats, events, denoised, encodings, explain, check, channels, rate, region,
        };
        command.SetAction((parsed, stop) =>
        {
            var named = (parsed.GetValue(files) ?? []).ToLookup(path => Directory.Exists(path) && !File.Exists(path + ".hea"));
            List<string> found = [.. named[true].SelectMany(folder => RecordingFolder.Find(folder, stop))];
            List<string> paths = [.. named[false], .. found];
            var kind = parsed.GetValue(format);
            var asked = parsed.GetValue(check);
            var request = new EstimateRequest(
                paths,
                RecordingArguments.Options(parsed, channels, rate) with { Region = parsed.GetValue(region), UntilSeconds = asked?.Seconds },
                kind,
                EstimateRequest.Places(parsed.GetValue(output), paths, kind == EstimateFormat.Csv ? ".csv" : ".json", found.Count > 0),
                EstimateRequest.Places(parsed.GetValue(beats), paths, SamePlace(parsed.GetValue(output), parsed.GetValue(beats)) ? ".beats.csv" : ".csv", found.Count > 0))
            {
                Asked = asked,
                Found = found.ToHashSet(StringComparer.Ordinal),
                Events = EstimateRequest.Places(
                    parsed.GetValue(events), paths, SamePlace(parsed.GetValue(output), parsed.GetValue(events)) || SamePlace(parsed.GetValue(beats), parsed.GetValue(events)) ? ".events.csv" : ".csv",
                    found.Count > 0),
                Denoised = EstimateRequest.Places(parsed.GetValue(denoised), paths, ".denoised.csv", found.Count > 0),
                Encodings = EstimateRequest.Places(parsed.GetValue(encodings), paths, ".encodings.csv", found.Count > 0),
                Explained = EstimateRequest.Places(parsed.GetValue(explain), paths, ".explained.html", found.Count > 0),
            };
            request.Check();
            var settings = Settings.Load(parsed);
            var rules = (Settings.Bind<CtgRules>(settings, PipelineSettings.CtgSection), Settings.Bind<AlarmRules>(settings, PipelineSettings.AlarmsSection));
            return RunAsync(request, rules, (parsed.GetValue(model) ?? Stages.Auto, parsed.GetValue(qrs) ?? Stages.Auto, parsed.GetValue(fetal) ?? Stages.Auto, parsed.GetValue(autoencoder)), CommandLine.LineOf(parsed), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, stop);
        });
        return command;
    }

    private static bool SamePlace(string? output, string? beats) =>
        output is not null && beats is not null && Path.GetFullPath(output).TrimEnd('/') == Path.GetFullPath(beats).TrimEnd('/');

    private static async Task<int> RunAsync(EstimateRequest request, (CtgRules Ctg, AlarmRules Alarms) rules, (string Rate, string Qrs, string Fetal, string? Autoencoder) models, string command, TextWriter output, TextWriter error, CancellationToken stop)
    {
        using var network = ModelCatalog.Open(models.Rate);
        if (request.Explained is not null && network is null)
            throw CommandException.BadUsage($"--explain is of the heart-rate network: {models.Rate} is none, or none ships that can be used (./pipeline models).");
        using var fetal = ModelCatalog.OpenFetal(models.Fetal);
        using var autoencoder = OpenAutoencoder(request, models.Autoencoder);
        await using var run = new EstimateRun(request, request.Asked is null ? output : TextWriter.Null, network)
        {
            Fetal = fetal,
            Autoencoder = autoencoder,
            Qrs = ModelCatalog.OpenQrs(models.Qrs),
            Ctg = rules.Ctg,
            Alarms = rules.Alarms,
        };
        // The bar is for a person who watches, and rows on the same screen would be torn by it.
        var isWatched = request.Outputs is not null || Console.IsOutputRedirected;
        try
        {
            var running = run.RunAsync(TimeProvider.System, stop);
            if (isWatched)
                await ProgressBar.ShowAsync(error, running, () => (request.Files.Count > 1 ? $"Estimating: {run.EndedCount} of {request.Files.Count}" : "Estimating", run.Progress));
            var code = await running;
            if (request.Explained is not null)
                await Task.Run(() => Explain(request, network!, command, error, stop), CancellationToken.None);     // checked above
            if (request.Asked is { } check && code == ExitCode.Ok)
                await output.WriteLineAsync(AskedCheck.Row(run.Check(0, check.Kind)));
            return code;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new CommandException("Interrupted: no file of an unfinished recording was written.");
        }
        finally
        {
            foreach (var remark in run.Remarks())
                await error.WriteLineAsync(remark);
        }
    }

    private static void Explain(EstimateRequest request, RateModel network, string command, TextWriter error, CancellationToken stop)
    {
        foreach (var (path, target) in request.Files.Zip(request.Explained ?? []))
            try
            {
                if (ExplanationPage.Write(path, request.Options, network, target, command, stop) is { } remark)
                    error.WriteLine(remark);
            }
            catch (InvalidDataException fault)
            {
                throw CommandException.BadUsage($"--explain: {fault.Message}");
            }
            catch (RecordingException)
            {
                // Said when it was estimated from.
            }
    }

    /// <summary>The autoencoder that is wanted, or that what is to be written needs; null: none.</summary>
    private static EcgAutoencoder? OpenAutoencoder(EstimateRequest request, string? name)
    {
        var isNeeded = request is { Denoised: not null } or { Encodings: not null };
        if (ModelCatalog.OpenAutoencoder(name ?? (isNeeded ? Stages.Auto : Stages.Classical), isNeeded) is { } opened)
            return opened;
        return isNeeded ? throw CommandException.BadUsage("--denoised and --encodings need an autoencoder: none ships that can be used (./pipeline models); --ecg-autoencoder FOLDER names one.") : null;
    }
}
