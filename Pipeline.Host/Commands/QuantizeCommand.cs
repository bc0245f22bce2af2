using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.References;

namespace Pipeline.Host.Commands;

/// <summary><c>quantize</c>: a heart-rate network with weights of 8 bits, and what that costs.</summary>
internal static class QuantizeCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A heart-rate network's name or folder." };
        var data = new Option<string[]>("--data") { Description = "Folder of recordings with NAME.ref.csv beside them: every other one calibrates, the rest is scored; may be repeated.", HelpName = "DIR", Required = true };
        var folder = new Option<string>("--out") { Description = "Folder of the new package.", HelpName = "DIR", Required = true };
        var channels = RecordingArguments.Channels();
        var rate = RecordingArguments.Rate();
        var command = new DocumentedCommand(
            "quantize", "Write a heart-rate network with INT8 weights (ONNX QDQ), and print error, size, time and memory of both.",
            "./pipeline quantize heart-rate --data bami --data spc2015 --out models/heart-rate-int8")
        {
            model, data, folder, channels, rate,
        };
        command.SetAction(async (parsed, stop) =>
        {
            _ = Settings.Load(parsed);      // takes none, and refuses wrong ones as every command does
            var name = parsed.GetValue(model) ?? "";
            var (package, target) = (Load(name), parsed.GetValue(folder) ?? "");
            if (Path.GetFullPath(target) == Path.GetFullPath(package.Folder))
                throw CommandException.BadUsage($"--out {target} is the network itself: it would be overwritten.");
            var quantization = new Quantization(package, ReferencedRecordings.Find(parsed.GetValue(data) ?? []), RecordingArguments.Options(parsed, channels, rate));
            var (output, line) = (parsed.InvocationConfiguration.Output, CommandLine.LineOf(parsed));
            CommandException.Writing(target, () => Directory.CreateDirectory(target));
            var running = Task.Factory.StartNew(() => quantization.Run(target, line, output, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await ProgressBar.ShowAsync(parsed.InvocationConfiguration.Error, running, () => quantization.Doing);
            await running;
            return ExitCode.Ok;
        });
        return command;
    }

    private static Models.Packages.ModelPackage Load(string name)
    {
        try
        {
            return ModelCatalog.Load(name) ?? throw CommandException.BadUsage($"{name} is no network: a package's name or folder is wanted.");
        }
        catch (InvalidDataException fault)
        {
            throw CommandException.BadUsage(fault.Message);
        }
    }
}
